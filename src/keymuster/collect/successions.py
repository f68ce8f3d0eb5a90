"""File versions in an order in which each mostly stands behind one that took its place, as commits tell it.

Two such versions mostly differ in a few lines, while a delta of git may be against any text that makes
it short, of hundreds of pieces. So where deltas are dear to read, git makes the texts, and what one has
in common with the one before it is looked for. The newest come first: git makes the older ones of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from keymuster.collect.git import Git
from keymuster.collect.packs.plain import NONE
from keymuster.collect.packs.store import Store

Replacement: TypeAlias = tuple[bytes, bytes, bytes]
"""A version, the one that it took the place of (zeros if there was none), and their path."""

_SHARE = 6
"""One of so many parts of what is left is a chain, so that several processes are through at about the same
time."""


class Chain(Struct, frozen=True):
    """Work for one read: so many versions, by their ids in hexadecimal digits, one a line."""

    count: int
    joined: bytes
    bytes: int

    def parts(self) -> list[str]:
        """The ids of the versions."""
        return self.joined.decode("ascii").split()

    def __repr__(self) -> str:
        return f"a chain of {self.count:,} blobs"


class Without(Container[bytes]):
    """All ids but some."""

    def __init__(self, ids: set[bytes]) -> None:
        self._ids = ids

    def __contains__(self, id: object) -> bool:
        return id not in self._ids


def listing(git: Git, store: Store) -> dict[bytes, int] | None:
    """The blobs of a store and their bytes, as git tells them; None if it has not a plain answer for each
    object, or making one might take more than the store would spend."""
    sizes: dict[bytes, int] = {}
    others = 0
    with git.running(
        "cat-file", "--batch-all-objects", "--unordered", "--buffer",
        "--batch-check=%(objecttype) %(objectname) %(objectsize) %(objectsize:disk) %(deltabase)",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(_NO_BLOBS):
                others += 1
                continue
            words = line.split()
            if len(words) != 5 or words[0] != b"blob":
                return None
            _, id, size, stored, base = words
            sizes[id] = held = int(size)
            # a delta says nowhere else how much it is itself
            if held > store.largest or (
                base.strip(b"0") and int(stored) * _DENSEST > store.largest
            ):
                return None
        if process.wait():
            return None
    return sizes if store.has(len(sizes) + others) else None


_NO_BLOBS = (b"tree ", b"commit ", b"tag ")
_DENSEST = 1040
"""Bytes that one compressed byte may stand for: a little more than deflate can."""


def chains(
    sizes: Mapping[bytes, int], replaced: Iterable[Replacement], least: int, most: int
) -> Iterator[Chain]:
    """All versions that have a size, once each. A chain ends where it has `most` bytes or, the less is
    left, fewer, but at `least` so many."""
    left = sum(sizes.values())
    held: list[bytes] = []
    weight = 0
    for id in _ordered(sizes, replaced):
        held.append(id)
        weight += sizes[id]
        if weight >= max(least, min(most, left // _SHARE)):
            yield Chain(len(held), b"\n".join(held), weight)
            left -= weight
            held, weight = [], 0
    if held:
        yield Chain(len(held), b"\n".join(held), weight)


def _ordered(sizes: Mapping[bytes, int], replaced: Iterable[Replacement]) -> list[bytes]:
    """Trees of versions, in the order of their names, so that alike ones stand together; each version
    behind all that took its place, directly behind the first of them."""
    ids = list(sizes)
    bases, known, names = _bases(ids, replaced)
    below = array("I", [1]) * len(ids)
    following = array("I", [NONE]) * len(ids)
    first = array("I", [NONE]) * len(ids)
    tops: list[int] = []
    for number in reversed(known):  # those that took a place before the place they took
        base = bases[number]
        if base == NONE:
            tops.append(number)
            continue
        below[base] += below[number]
        heaviest = first[base]
        # the heaviest is gone through last, which is first in the end: fewer begin without one like them
        if heaviest == NONE or below[number] >= below[heaviest]:
            following[number] = heaviest
            first[base] = number
        else:
            following[number] = following[heaviest]
            following[heaviest] = number
    tops.sort(key=names.__getitem__, reverse=True)
    found: list[int] = []
    for top in tops:
        waiting = [top]
        while waiting:
            number = waiting.pop()
            found.append(number)
            child = first[number]
            while child != NONE:
                waiting.append(child)
                child = following[child]
    found.reverse()
    return [ids[number] for number in found]


def _bases(
    ids: Sequence[bytes], replaced: Iterable[Replacement]
) -> tuple[array[int], list[int], dict[int, bytes]]:
    """What each version replaced where it came first; all of them, each behind that; and names of those
    that replaced nothing, such that alike ones are like each other."""
    numbers = {id: number for number, id in enumerate(ids)}
    bases = array("I", [NONE]) * len(ids)
    known: dict[int, None] = {}
    names: dict[int, bytes] = {}
    for new, old, path in replaced:
        number = numbers.get(new)
        if number is None or number in known:
            continue
        base = numbers.get(old)
        if base is None or base == number:
            folder, _, name = path.rpartition(b"/")
            names[number] = b"%b/%b" % (name, folder)
        else:
            if base not in known:
                known[base] = None  # so that none is before itself
                names[base] = path
            bases[number] = base
        known[number] = None
    for number in range(len(ids)):
        if number not in known:
            known[number] = None
            names[number] = b""
    return bases, list(known), names
