"""Things of an account that no statement tells apart, so that what is asked of one is asked of all.

An account has thousands of identities and workloads, and a policy names a few. Many policies name the
same, so what was found for one is kept for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Alike:
    """Things that are alike: the names of one of them, and the ids of whom one becomes by each."""

    def __init__(self, told: tuple[str, ...], ids: Iterable[str]) -> None:
        self.told = told
        self.ids = tuple(dict.fromkeys(ids))
        self.among = frozenset(self.ids)
        self._groups: dict[Hashable, dict[Any, tuple[str, ...]]] = {}

    def groups(self, key: Hashable, told_apart: Callable[[str], T]) -> dict[T, tuple[str, ...]]:
        """The ids by what else tells them apart, worked out once for each key."""
        if key not in self._groups:
            found: dict[Any, list[str]] = {}
            for id in self.ids:
                found.setdefault(told_apart(id), []).append(id)
            one = len(found) == 1
            self._groups[key] = {
                what: self.ids if one else tuple(ids) for what, ids in found.items()
            }
        return self._groups[key]


def alike(
    things: Iterable[tuple[tuple[str, ...], str]], says: Callable[[str], Hashable]
) -> list[Alike]:
    """Things, each with its names and an id, by what statements say of the names."""
    found: dict[Hashable, tuple[tuple[str, ...], list[str]]] = {}
    for told, id in things:
        key = tuple(says(name) for name in told)
        found.setdefault(key, (told, []))[1].append(id)
    return [Alike(told, ids) for told, ids in found.values()]


class Kept(Generic[T]):
    """What was found, by what it was found for. So that many policies that all differ take no more
    memory than some, all is forgotten when it is too much."""

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most = most
        self._size = size
        self._held = 0
        self._found: dict[Hashable, T] = {}

    def get(self, key: Hashable, find: Callable[[], T]) -> T:
        if key not in self._found:
            one = find()
            self._held += self._size(one)
            if self._held > self._most:
                self._found.clear()
                self._held = self._size(one)
            self._found[key] = one
        return self._found[key]
