"""Which targets have to do with each other: the same secret, one credential or object told by both, an account that one
speaks of and the other is, or a name of which there is but one in the world. What the others declare can be judged
without any other."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from keymuster.estate.keys import Keys, numbers

_AT_A_TIME = 1_000_000
"""Keys that are looked up together: a dictionary of more would take as much memory as records."""

_ALL = 1 << 64


def components(keyed: Mapping[str, Keys]) -> list[list[str]]:
    """The targets by whom each has to do with, however far: in the order in which they come."""
    targets = list(keyed)
    homes = _Homes(len(targets))
    meets = [numbers(one.meets) for one in keyed.values()]
    for part in _parts(meets):
        first: dict[int, int] = {}
        for target, key in part:
            homes.join(first.setdefault(key, target), target)
    del meets
    offers = [numbers(one.offers) for one in keyed.values()]
    asks = [numbers(one.asks) for one in keyed.values()]
    for offered, asked in zip(_parts(offers, asks), _parts(asks, offers), strict=True):
        wanted: dict[int, list[int]] = {}
        for target, key in asked:
            wanted.setdefault(key, []).append(target)
        for target, key in offered:
            for other in wanted.get(key, ()):
                homes.join(other, target)
    found: dict[int, list[str]] = {}
    for number, name in enumerate(targets):
        found.setdefault(homes.of(number), []).append(name)
    return list(found.values())


def _parts(
    several: Sequence[array[int]], *beside: Sequence[array[int]]
) -> Iterator[Iterator[tuple[int, int]]]:
    """Target and key, by ranges of keys: so many at a time as can be held, also of what is asked for `beside`."""
    total = sum(len(one) for each in (several, *beside) for one in each)
    count = total // _AT_A_TIME + 1
    width = _ALL // count + 1
    for part in range(count):
        yield _between(several, part * width, (part + 1) * width)


def _between(several: Sequence[array[int]], low: int, high: int) -> Iterator[tuple[int, int]]:
    for target, keys in enumerate(several):
        for key in keys[bisect_left(keys, low) : bisect_left(keys, high)]:
            yield target, key


class _Homes:
    """Sets of numbers that grow together."""

    def __init__(self, count: int) -> None:
        self._over = array("q", range(count))

    def of(self, one: int) -> int:
        over = self._over
        while over[one] != one:
            over[one] = over[over[one]]
            one = over[one]
        return one

    def join(self, one: int, other: int) -> None:
        """The first of them speaks for all."""
        here, there = self.of(one), self.of(other)
        if here != there:
            self._over[max(here, there)] = min(here, there)
