"""Tags of the account, project or subscription that it is in: whoever runs that may be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keymuster import regex
from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.inventory.owners import named_tags
from keymuster.model import Identity, Resource

_WEIGHT = 0.3


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    if not isinstance(subject, Identity):
        return
    known = estate.inventory.remembered("accounts", "owners", lambda: _accounts(estate))
    for key in _of(subject):
        for one in known.get(key, ()):
            tags = one.settings.get("tags") or one.settings.get("labels")
            plain = {str(k): str(v) for k, v in tags.items()} if isinstance(tags, Mapping) else {}
            for name, value in list(named_tags(plain, estate.configured.owners.tags))[:1]:
                yield Signal(
                    candidate=value, source="account", weight=_WEIGHT, evidence=f"tag {name} of {one.name}",
                    place=one.location,
                )  # fmt: skip


_TYPES = {"aws:account": "aws", "gcp:project": "gcp", "azure:subscription": "azure"}
_SUBSCRIPTION = regex.later(r"/subscriptions/([^/]+)/")


def _accounts(estate: Estate) -> dict[tuple[str, str], list[Resource]]:
    """Those that are known, by provider and number or name."""
    found: dict[tuple[str, str], list[Resource]] = {}
    for one in estate.inventory.of(Resource):
        if one.type in _TYPES:
            said = (
                one.settings.get("number")
                if one.type == "aws:account"
                else one.settings.get("name")
            )
            name = one.id if one.type == "azure:subscription" or not said else str(said)
            key = _TYPES[one.type], name.rpartition("/")[2].casefold()
            found.setdefault(key, []).append(one)
    return found


def _of(subject: Identity) -> Iterator[tuple[str, str]]:
    if subject.account:
        yield subject.provider, subject.account.casefold()
    if (within := _SUBSCRIPTION.search(subject.id.lower())) is not None:
        yield "azure", within[1]
