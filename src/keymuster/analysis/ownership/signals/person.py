"""A user who is a person answers for themselves: for the tokens and keys that they made."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership.directory import PEOPLE_OF
from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.model import Identity, IdentityKind, Resource

_WEIGHT = 0.9


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    if not isinstance(subject, Identity) or not is_person(subject, estate):
        return
    name = f"@{subject.name}" if subject.provider == "github" else subject.name
    yield Signal(
        candidate=name, source="itself", weight=_WEIGHT, evidence="it is a person", place=subject.location,
    )  # fmt: skip


def is_person(subject: Identity, estate: Estate) -> bool:
    """Whether it is a user of what people sign in to, and not the account of a machine or an agent."""
    if subject.kind is not IdentityKind.USER or subject.provider not in PEOPLE_OF:
        return False
    if "agent" in subject.tags:
        return False
    machines = estate.inventory.remembered("machines", "owners", lambda: _machines(estate))
    return subject.id not in machines


def _machines(estate: Estate) -> set[str]:
    return {
        str(one.settings.get("user", ""))
        for one in estate.inventory.of(Resource)
        if str(one.settings.get("machine_name", "")).lower() == "true"
    }
