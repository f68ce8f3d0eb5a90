"""Cutting all blobs of a store into pieces of work: trees of blobs that were made from each other."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from keymuster.collect.packs.base import Damaged, Family, TooLarge
from keymuster.collect.packs.functions import Functions
from keymuster.collect.packs.objects import BLOB, Objects
from keymuster.collect.packs.plain import NONE

_PER_OBJECT = 1024
"""What an object costs besides its bytes, in bytes."""

_ONLY_BLOBS = bytes(int(kind == BLOB) for kind in range(256))


def row(width: int) -> struct.Struct:
    """One object of a family: the source and where in it its compressed bytes begin and end, how many
    they are inflated, its size, the row of its base or NONE, whether it is only a base of others, its
    id. A base stands before what is made from it."""
    return struct.Struct(f"=IQQQQI?{width}s")


def families(
    objects: Objects, functions: Functions, width: int, largest: int, most: int
) -> Iterator[Family | TooLarge | Damaged]:
    yield from _damaged(objects)
    wanted = _chosen(objects)
    for number, size in enumerate(objects.sizes):
        if size > largest and wanted[number]:
            wanted[number] = 0
            yield TooLarge(objects.id(number).hex(), size)
    order, bases = functions.arrange(wanted, objects.bases)
    pack = row(width).pack
    above = [0] * len(order)
    rows: list[bytes] = []
    places: dict[int, int] = {}
    weight = count = size = 0

    def add(here: int, *, silent: bool) -> None:
        number = order[here]
        place = objects.place(number)
        base = bases[here]
        places[here] = len(rows)
        rows.append(
            pack(
                place.source, place.begin, place.end, place.stored, objects.sizes[number],
                NONE if base == NONE else places[base], silent, objects.id(number),
            )
        )  # fmt: skip

    for here, number in enumerate(order):
        base = bases[here]
        if base != NONE:
            above[here] = above[base] + objects.sizes[order[base]] + _PER_OBJECT
        # what is above is made a second time for the next part: not more than was made in this one
        if weight >= most and above[here] <= weight:
            if count:
                yield Family(count, size, b"".join(rows))
            rows.clear()
            places.clear()
            weight = count = size = 0
            path = []
            while base != NONE:
                path.append(base)
                base = bases[base]
            for place in reversed(path):
                add(place, silent=True)
        add(here, silent=not wanted[number])
        weight += objects.sizes[number] + _PER_OBJECT
        if wanted[number]:
            count += 1
            size += objects.sizes[number]
    if count:
        yield Family(count, size, b"".join(rows))


def _chosen(objects: Objects) -> bytearray:
    """One copy of each blob."""
    ranges = [numbers for numbers in objects.ranges() if numbers]
    if len(ranges) == 1 and objects.all_named:
        return objects.roots.translate(_ONLY_BLOBS)
    wanted = bytearray(len(objects.roots))
    seen: set[bytes] = set()
    ranges.sort(key=len)
    for numbers in ranges:
        last = numbers is ranges[-1]
        for number in numbers:
            if objects.roots[number] != BLOB:
                continue
            id = objects.id(number)
            if id and id not in seen:
                wanted[number] = 1
                if not last:
                    seen.add(id)
    return wanted


def _damaged(objects: Objects) -> Iterator[Damaged]:
    """What can be read from no copy."""
    said: set[bytes] = set()
    number = -1
    while (number := objects.roots.find(0, number + 1)) >= 0:
        id = objects.id(number)
        if not id or id in said or any(objects.roots[copy] for copy in objects.copies(id)):
            continue
        said.add(id)
        yield Damaged(id.hex(), objects.why(number))
