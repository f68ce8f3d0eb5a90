"""Cutting all blobs of a store into pieces of work: trees of blobs that were made from each other."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterator
from itertools import compress

from keymuster.collect.packs.base import Damaged, Family, TooLarge, layout
from keymuster.collect.packs.functions import Functions
from keymuster.collect.packs.objects import BLOB, ONLY_BLOBS, Objects, Told
from keymuster.collect.packs.plain import NONE

PER_OBJECT = 1024
"""What an object costs besides its bytes, in bytes."""

_LEAST = 2 * 1024 * 1024
_PARTS = 64
"""Into how many families all is cut at least, as long as they have these bytes: processes should end together."""

_HEAVIEST = 1 << 62
"""Sizes are what somebody declares; sums must have an end."""


def families(
    objects: Objects, functions: Functions, width: int, largest: int, most: int,
    without: Container[bytes] = (),
) -> Iterator[Family | TooLarge | Damaged]:  # fmt: skip
    yield from _damaged(objects)
    wanted = _chosen(objects)
    if without:
        _leave_out(without, wanted, objects)
    if max(objects.sizes, default=0) > largest:
        for number, size in enumerate(objects.sizes):
            if size > largest and wanted[number]:
                wanted[number] = 0
                [told] = objects.told([number])
                yield TooLarge(told[-1].hex(), size)
    most = min(most, max(_LEAST, sum(compress(objects.sizes, wanted)) // _PARTS))
    order, bases = functions.arrange(wanted, objects.bases)
    if functions.part is not None:
        totals = array("Q", bytes(8 * len(order)))
        sources = objects.sources()
        here = 0
        while here < len(order):
            here, count, size, rows = functions.part(
                order, bases, wanted, objects.sizes, totals, here, most, width, sources
            )
            if count:
                yield Family(count, size, rows, width)
        return
    totals = array("Q", bytes(8 * len(order)))  # what each weighs with all that is above it
    part = _Part(width, 0)
    for here, (number, base, told) in enumerate(
        zip(order, bases, objects.told(order), strict=True)
    ):
        above = 0 if base == NONE else totals[base]
        weight = min(told[4], _HEAVIEST) + PER_OBJECT
        totals[here] = min(above, _HEAVIEST) + weight
        # what is above is made again for the next part: all in all not more than twice what there is
        if part.weight >= most and above <= 2 * part.weight:
            if part.count:
                yield part.family()
            part = _Part(width, here)
            part.begin_with(_path(base, bases), order, objects)
        part.add(told, base, wanted=bool(wanted[number]))
        part.weight += weight
    if part.count:
        yield part.family()


def _path(base: int, bases: array[int]) -> list[int]:
    """The places of a base and all above it, from the top."""
    path = []
    while base != NONE:
        path.append(base)
        base = bases[base]
    return path[::-1]


class _Part:
    """A family in the making. Its objects stand from the place `first` on, in one piece; those above
    them were already in an earlier part."""

    def __init__(self, width: int, first: int) -> None:
        self.weight = self.count = 0
        self._bytes = 0
        self._width = width
        self._pack = layout(width).pack
        self._rows: list[bytes] = []
        self._first = first
        self._again: dict[int, int] = {}

    def begin_with(self, path: list[int], order: array[int], objects: Objects) -> None:
        base = NONE
        for place, told in zip(path, objects.told([order[one] for one in path]), strict=True):
            self._first -= 1
            self._again[place] = len(self._rows)
            self.add(told, base, wanted=False)
            base = place

    def add(self, told: Told, base: int, *, wanted: bool) -> None:
        source, begin, end, stored, size, id = told
        if base != NONE:
            base = self._again[base] if base in self._again else base - self._first
        self._rows.append(self._pack(source, begin, end, stored, size, base, not wanted, id))
        if wanted:
            self.count += 1
            self._bytes += size

    def family(self) -> Family:
        return Family(self.count, self._bytes, b"".join(self._rows), self._width)


def _chosen(objects: Objects) -> bytearray:
    """One copy of each blob."""
    ranges = sorted(filter(None, objects.ranges()), key=len)
    if len(ranges) == 1 and objects.all_named:
        return objects.roots.translate(ONLY_BLOBS)
    wanted = bytearray(len(objects.roots))
    seen: set[bytes] = set()
    for numbers in ranges:
        if numbers is ranges[-1] and objects.all_named and len(seen) < len(numbers) // 8:
            wanted[numbers.start : numbers.stop] = objects.roots[
                numbers.start : numbers.stop
            ].translate(ONLY_BLOBS)
            for number in objects.among(seen, numbers):
                wanted[number] = 0
            continue
        blobs = [number for number in numbers if objects.roots[number] == BLOB]
        for number, told in zip(blobs, objects.told(blobs), strict=True):
            id = told[-1]
            if id and id not in seen:
                wanted[number] = 1
                if numbers is not ranges[-1]:
                    seen.add(id)
    return wanted


def _leave_out(ids: Container[bytes], wanted: bytearray, objects: Objects) -> None:
    numbers = [number for number, one in enumerate(wanted) if one]
    for number, told in zip(numbers, objects.told(numbers), strict=True):
        if told[-1] in ids:
            wanted[number] = 0


def _damaged(objects: Objects) -> Iterator[Damaged]:
    """What can be read from no copy."""
    if 0 not in objects.roots:
        return
    without = [number for number, root in enumerate(objects.roots) if not root]
    first: dict[bytes, int] = {}
    for number, told in zip(without, objects.told(without), strict=True):
        first.setdefault(told[-1], number)
    first.pop(b"", None)
    for id, number in objects.having(first):
        if objects.roots[number]:
            first.pop(id, None)
    for id, number in first.items():
        yield Damaged(id.hex(), objects.why(number))
