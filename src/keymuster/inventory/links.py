"""Records that name another one by an alias, linked to it: what is declared here, used there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from keymuster.model import (
    Credential,
    FileLocation,
    Grant,
    Identity,
    Location,
    Observation,
    Resource,
    Trust,
    Use,
)

_LINKS: dict[type[Any], tuple[str, ...]] = {
    Credential: ("identity",),
    Grant: ("identity", "via"),
    Trust: ("identity", "principal"),
    Use: ("subject", "by"),
}
"""The fields of each record that are the id, or an alias, of another one."""


def linked(records: dict[str, Observation]) -> dict[str, Observation]:
    """The same records, with ids where aliases were. Of several that have an alias, the one is meant
    that stands nearest; if that is not just one, none."""
    known: dict[str, list[Identity | Resource]] = {}
    for record in records.values():
        if isinstance(record, Identity | Resource):
            for alias in record.aliases:
                known.setdefault(alias, []).append(record)
    if not known:
        return records
    return {id: _linked(record, records, known) for id, record in records.items()}


def _linked(
    record: Observation,
    records: dict[str, Observation],
    known: dict[str, list[Identity | Resource]],
) -> Observation:
    changes = {}
    for field in _LINKS.get(type(record), ()):
        name = getattr(record, field)
        if name in known and name not in records:
            meant = _nearest(record.location, known[name])
            if meant is not None:
                changes[field] = meant.id
    return replace(record, **changes) if changes else record


def _nearest(
    place: Location, candidates: Sequence[Identity | Resource]
) -> Identity | Resource | None:
    if len(candidates) == 1:
        return candidates[0]
    distances = [(_distance(place, one.location), one) for one in candidates]
    least = min(distance for distance, _ in distances)
    nearest = [one for distance, one in distances if distance == least]
    return nearest[0] if len({one.id for one in nearest}) == 1 else None


def _distance(one: Location, other: Location) -> int:
    """How many folders lie between two files; less for the same file."""
    if not (isinstance(one, FileLocation) and isinstance(other, FileLocation)):
        return 1_000
    if one.name == other.name:
        return -1
    here, there = _folders(one), _folders(other)
    shared = _shared(here, there)
    return len(here) + len(there) - 2 * shared


def _folders(place: FileLocation) -> list[str]:
    return place.path.split("/")[:-1]


def _shared(one: Iterable[str], other: Iterable[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
