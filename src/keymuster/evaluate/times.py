"""How old things are, and how long nobody has used them, as far as their vendor tells."""

from __future__ import annotations

from datetime import UTC, datetime

from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Credential, FileLocation, Identity, Resource, ServiceLocation, Trust

_TOGETHER_SECONDS = 300
"""Made in one go: two calls of the same person or program."""


def age_days(record: Identity | Credential, _: Inventory, now: datetime) -> int | str:
    """Whole days since it was made."""
    return UNKNOWN if record.created_at is None else (now - record.created_at).days


def days_left(record: Credential, _: Inventory, now: datetime) -> int | str:
    """Whole days until it ends; below zero if it has."""
    return UNKNOWN if record.expires_at is None else (record.expires_at - now).days


def never_used(record: Identity | Credential, inventory: Inventory, _: datetime) -> bool | str:
    """Whether its vendor says so, of itself or of everything that proves it."""
    if record.last_used_at is not None:
        return False
    if record.never_used is not None:
        return record.never_used
    proofs = _proofs(record, inventory)
    if any(one.last_used_at for one in proofs):
        return False
    return True if proofs and all(one.never_used for one in proofs) else UNKNOWN


def unused_days(record: Identity | Credential, inventory: Inventory, now: datetime) -> int | str:
    """Whole days since its last use, or if there was none since it was made."""
    everything = (record, *_proofs(record, inventory))
    if uses := [one.last_used_at for one in everything if one.last_used_at]:
        return (now - max(uses)).days
    if never_used(record, inventory, now) is True:
        return age_days(record, inventory, now)
    return UNKNOWN


def trust_unused_days(record: Trust, inventory: Inventory, now: datetime) -> int | str:
    """Whole days since anybody became the identity that somebody is let into."""
    identity = inventory.records.get(record.identity)
    return unused_days(identity, inventory, now) if isinstance(identity, Identity) else UNKNOWN


def days(record: Resource, _: Inventory, now: datetime) -> dict[str, int]:
    """For each setting that is a time, as services tell of what exists: whole days since then, below
    zero if it is yet to come."""
    if not isinstance(record.location, ServiceLocation):
        return {}
    found = {key: _point(value) for key, value in record.settings.items()}
    return {key: (now - time).days for key, time in found.items() if time is not None}


def _point(value: object) -> datetime | None:
    if not isinstance(value, str) or value[10:11] != "T":
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def exposed_days(record: Credential, inventory: Inventory, now: datetime) -> int | str:
    """Whole days since the first commit that is known to hold it; `unknown` where no history was read."""
    dates = [
        place.commit.date
        for one in inventory.sightings(record)
        if isinstance(place := one.location, FileLocation) and place.commit and place.commit.date
    ]
    return (now - min(dates)).days if dates else UNKNOWN


def made_with_identity(record: Credential, inventory: Inventory, _: datetime) -> bool:
    """Whether it was made in one go with whom it proves."""
    identity = inventory.records.get(record.identity or "")
    if not isinstance(identity, Identity) or not identity.created_at or not record.created_at:
        return False
    return abs((record.created_at - identity.created_at).total_seconds()) <= _TOGETHER_SECONDS


def _proofs(record: Identity | Credential, inventory: Inventory) -> list[Credential]:
    return inventory.credentials(record.id) if isinstance(record, Identity) else []
