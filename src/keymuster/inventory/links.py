"""Records that name another one by an alias, linked to it: what is declared here, used there.

A name like `role/ci` holds in one account, and a big repository declares things of many accounts. So
the one meant is, of those that have the name, the one that stands nearest:

* what the same root module declares, by the same calls of modules;
* what stands in the same file;
* what has most folders in common, and of those what stands in one of the folders above.

If that is more than one, none is meant: it would be a guess. One in a folder beside is only meant if
it is near: as `api/terraform/prod` is to `api/k8s/prod`, two folders up and two down. What lies farther
apart has nothing in common but the repository, nor has what folders say is of different environments.
Folders that begin with a dot (`.github`) speak for the one that they are in, and what stands above
all else, like a workflow of the whole repository, may mean any of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from keymuster.inventory.environments import named_in
from keymuster.inventory.names import is_unique
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
from keymuster.model.declaration import calls

NAMING: dict[type[Any], tuple[str, ...]] = {
    Credential: ("identity",),
    Grant: ("identity", "via"),
    Trust: ("identity", "principal"),
    Use: ("subject", "by"),
}
"""The fields of each record that are the id, or an alias, of another one."""


FARTHEST = 4
"""Folders between two files neither of which stands above the other."""


def linked(records: dict[str, Observation], roots: Collection[str] = ()) -> dict[str, Observation]:
    """The same records, with ids where aliases were, if it is clear what they mean. In folders that are `roots`
    of their own, like repositories, a name that is not unique means nothing in another one."""
    rooted = Rooted(roots)
    known: dict[str, dict[str | None, list[Identity | Resource]]] = {}
    for record in records.values():
        if isinstance(record, Identity | Resource):
            for alias in record.aliases:
                by_root = known.setdefault(alias, {})
                by_root.setdefault(rooted.of(record.location), []).append(record)
    if not known:
        return records
    return {id: _linked(record, records, known, rooted) for id, record in records.items()}


class Rooted:
    """Which of some folders a place is in; None for what is in no file."""

    def __init__(self, roots: Collection[str]) -> None:
        self._known: dict[str, str] = {"": "", **{root: root for root in roots}}

    def of(self, place: Location) -> str | None:
        if not isinstance(place, FileLocation):
            return None
        return self._of(place.path) if len(self._known) > 1 else ""

    def _of(self, path: str) -> str:
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = self._of(path.rpartition("/")[0])
        return found


def _linked(
    record: Observation,
    records: dict[str, Observation],
    known: dict[str, dict[str | None, list[Identity | Resource]]],
    rooted: Rooted,
) -> Observation:
    changes = {}
    for field in NAMING.get(type(record), ()):
        name = getattr(record, field)
        if name in known and name not in records:
            anywhere, by_root = is_unique(name), known[name]
            root = rooted.of(record.location)
            roots = by_root if anywhere or root is None else (root, None)
            candidates = [one for each in roots for one in by_root.get(each, ())]
            meant = _nearest(record, candidates, anywhere=anywhere)
            if meant is not None:
                changes[field] = meant.id
    return replace(record, **changes) if changes else record


def _nearest(
    record: Observation, candidates: Sequence[Identity | Resource], *, anywhere: bool
) -> Identity | Resource | None:
    ranks = [
        (rank, one)
        for one in candidates
        if (rank := _rank(record, one, anywhere=anywhere)) is not None
    ]
    least = min((rank for rank, _ in ranks), default=None)
    nearest = {one.id: one for rank, one in ranks if rank == least}
    return nearest.popitem()[1] if len(nearest) == 1 else None


def _rank(
    record: Observation, other: Identity | Resource, *, anywhere: bool
) -> tuple[int, ...] | None:
    """How near the other is: less is nearer, None is too far."""
    same_calls = _shared(calls(record.id), calls(other.id))
    here, there = record.location, other.location
    if not (isinstance(here, FileLocation) and isinstance(there, FileLocation)):
        return -same_calls, 1, 0, 0
    if here.name == there.name:
        return -same_calls, -1, 0, 0
    above, beside = _folders(here), _folders(there)
    shared = _shared(above, beside)
    up, down = above[shared:], beside[shared:]
    is_far = bool(up and down) and (
        len(up) + len(down) > FARTHEST or _are_of_different_environments(up, down)
    )
    if is_far and not same_calls and not anywhere:
        return None
    return -same_calls, 0, -shared, int(bool(down))


def _are_of_different_environments(one: Sequence[str], other: Sequence[str]) -> bool:
    here, there = named_in("/".join(one)), named_in("/".join(other))
    return bool(here and there) and not here & there


def _folders(place: Location) -> list[str]:
    assert isinstance(place, FileLocation)
    return list(_before_dot(place.path.split("/")[:-1]))


def _before_dot(folders: Sequence[str]) -> Iterator[str]:
    for folder in folders:
        if folder.startswith("."):
            return
        yield folder


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
