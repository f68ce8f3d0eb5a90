"""Tags of the account, project or subscription that it is in: whoever runs that may be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.inventory.owners import named_tags
from keymuster.model import Identity, Resource

_WEIGHT = 0.3


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    if not isinstance(subject, Identity):
        return
    for one in estate.inventory.remembered("accounts", "owners", lambda: _accounts(estate)):
        if not _is_in(subject, one):
            continue
        tags = one.settings.get("tags") or one.settings.get("labels")
        if not isinstance(tags, Mapping):
            continue
        plain = {str(key): str(value) for key, value in tags.items()}
        for name, value in list(named_tags(plain, estate.configured.owners.tags))[:1]:
            yield Signal(
                candidate=value, source="account", weight=_WEIGHT, evidence=f"tag {name} of {one.name}",
                place=one.location,
            )  # fmt: skip


def _accounts(estate: Estate) -> list[Resource]:
    return [one for one in estate.inventory.of(Resource) if one.type in _TYPES]


_TYPES = ("aws:account", "gcp:project", "azure:subscription")


def _is_in(subject: Identity, account: Resource) -> bool:
    if account.type == "aws:account":
        number = str(account.settings.get("number", ""))
        return bool(number) and subject.provider == "aws" and number == subject.account
    if account.type == "azure:subscription":
        id = account.id.rpartition("/")[2].lower()
        return bool(id) and f"/subscriptions/{id}/" in subject.id.lower()
    name = str(account.settings.get("name") or account.id).rpartition("/")[2]
    return subject.provider == "gcp" and bool(name) and name == subject.account
