"""Who made it or let it in: they knew what it is for then."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.inventory.owners import named_tags
from keymuster.model import GrantKind, Identity, IdentityKind

_ADDED, _TAGGED, _GRANTED = 0.45, 0.4, 0.3
_TAGS = ("created-by", "createdBy", "creator", "requested-by", "provisioned-by")
_CONSENTS = frozenset({GrantKind.OAUTH_CONSENT, GrantKind.APP_INSTALLATION})
_APPS = frozenset({IdentityKind.OAUTH_CLIENT, IdentityKind.APPLICATION})
_MOST = 20
"""People who let the same thing in: of more, each says next to nothing."""


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    said = estate.settings_of(subject)
    if isinstance(name := said.get("added_by"), str) and name:
        role = said.get("added_by_role")
        active = None if not isinstance(role, str) or "${" in role else role != "none"
        yield Signal(
            candidate=f"@{name}", source="added-by", weight=_ADDED, evidence="who added it",
            at=subject.created_at, place=subject.location, active=active,
        )  # fmt: skip
    if not isinstance(subject, Identity):
        return
    for tag, value in named_tags(subject.tags, _TAGS):
        yield Signal(
            candidate=value, source="creator", weight=_TAGGED, evidence=f"its tag {tag}", at=subject.created_at,
            place=subject.location,
        )  # fmt: skip
    if subject.kind not in _APPS:
        return
    consents = [
        one
        for one in estate.inventory.grants(subject.id)
        if one.kind in _CONSENTS and one.granted_by
    ]
    people = {one.granted_by: one for one in consents}
    for who, grant in people.items() if len(people) <= _MOST else ():
        yield Signal(
            candidate=str(who), source="consent", weight=_GRANTED / len(people) ** 0.5,
            evidence="who let it in", at=grant.granted_at, place=grant.location,
        )  # fmt: skip
