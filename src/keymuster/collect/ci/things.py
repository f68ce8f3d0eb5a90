"""The objects of CI files on their way to records."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from keymuster.collect.base import Blob
from keymuster.model import Location, Resource, Storage
from keymuster.model.location import span


class Seen(Struct, frozen=True):
    """Where a file was seen, and the ranges of its lines that count, for when its text is gone."""

    storage: Storage
    changed: Sequence[tuple[int, int]] | None = None

    @classmethod
    def of(cls, blob: Blob) -> Seen:
        return cls(blob.storage, blob.changes())

    def counts(self, first: int, last: int) -> bool:
        """Whether a span of lines touches what has changed."""
        return self.changed is None or any(a <= last and first <= b for a, b in self.changed)


class Thing(Struct, frozen=True, eq=False):
    """An object that policies are about. `key` names it within its file."""

    type: str
    key: str
    name: str
    location: Location
    settings: dict[str, Any]


def numbered(things: Iterable[Thing]) -> Iterator[Thing]:
    """The same, each with a key of its own."""
    seen: dict[tuple[str, str], int] = {}
    for one in things:
        again = seen.get((one.type, one.key), 0) + 1
        seen[one.type, one.key] = again
        yield one if again == 1 else replace(one, key=f"{one.key}#{again}")


def resources(
    scope: str, things: Iterable[Thing], wanted: Container[str], seen: Blob | Seen
) -> Iterator[Resource]:
    """Those that a policy asks for, and that stand where something has changed."""
    for one in numbered(things):
        if one.type in wanted and seen.counts(*span(one.location)):
            yield Resource(
                id=f"resource:{one.type}:{scope}:{one.key}",
                type=one.type,
                name=one.name,
                location=one.location,
                settings=one.settings,
            )
