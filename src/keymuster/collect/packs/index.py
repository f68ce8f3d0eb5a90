"""Which objects a pack holds, and where: its `.idx` of version 2, or the `multi-pack-index`."""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Callable, Container
from itertools import pairwise

from msgspec import Struct

from keymuster.collect.packs.base import WIDTHS, Unsupported
from keymuster.collect.packs.files import File

_MAGIC = b"\xfftOc\0\0\0\2"
_FANOUT = 256 * 4
_FAR = 0x80000000

_MOST_OF_AN_OBJECT = 64
_MOST_BESIDES = 16 * 1024 * 1024
"""Bytes of a multi-pack-index: an id, a pack, an offset, two places in orders; names of packs."""


Rising = Callable[[bytes, int], bool]


class Index(Struct):
    """Ids, ascending and in one piece, and the offset of each; `checksum` is that of the pack, if
    known, and `whole` says that nothing else is in the pack."""

    ids: bytes
    offsets: array[int]
    whole: bool
    checksum: bytes = b""


def read(file: File, algorithm: str, objects: int, rising: Rising) -> Index:
    """The index of a pack that says to have so many objects."""
    width = WIDTHS[algorithm]
    head = file.at(0, 8 + _FANOUT)
    if head[:4] != _MAGIC[:4]:
        raise Unsupported(f"{file.name} is an index of version 1, or none")
    if head[:8] != _MAGIC:
        raise Unsupported(f"{file.name} is an index of an unknown version")
    count = _count(head[8:], file.name)
    if count != objects:
        raise Unsupported(f"{file.name} has {count:,} objects, its pack {objects:,}")
    far, rest = divmod(file.size - 8 - _FANOUT - count * (width + 8) - 2 * width, 8)
    if rest or not 0 <= far <= count:
        raise Unsupported(f"{file.name} has a wrong size")
    data = _verified(file, algorithm)
    ids = data[8 + _FANOUT :][: count * width]
    if not rising(ids, width):
        raise Unsupported(f"{file.name} is not sorted")
    at = 8 + _FANOUT + count * (width + 4)
    offsets = _numbers(data[at : at + 4 * count], 4)
    larger = _numbers(data[at + 4 * count :][: 8 * far], 8)
    _lengthen(offsets, larger)
    return Index(ids, offsets, True, data[-2 * width : -width])


def read_multiple(
    file: File, algorithm: str, objects: int, names: Container[str], rising: Rising
) -> dict[str, Index]:
    """What the multi-pack-index of packs with so many objects says of those named, `pack-….idx`
    each. Where several packs have an object it knows only one."""
    width = WIDTHS[algorithm]
    head = file.at(0, 12)
    if head[:5] != b"MIDX\1" or head[5:6] != (b"\1" if algorithm == "sha1" else b"\2"):
        raise Unsupported(f"{file.name} is of an unknown version")
    if head[7:8] != b"\0":
        raise Unsupported(f"{file.name} is based on another")
    if file.size > _MOST_BESIDES + _MOST_OF_AN_OBJECT * objects:
        raise Unsupported(f"{file.name} is too large for the packs beside it")
    data = _verified(file, algorithm)
    chunks = _chunks(data, head[6], file.name)
    packs = int.from_bytes(head[8:12], "big")
    known = [os.fsdecode(name) for name in chunks[b"PNAM"].split(b"\0") if name]
    count = _count(chunks[b"OIDF"], file.name)
    ids, table = chunks[b"OIDL"], chunks[b"OOFF"]
    if len(known) < packs or len(ids) != count * width or len(table) != count * 8:
        raise Unsupported(f"{file.name} has chunks of a wrong size")
    if not rising(ids, width):
        raise Unsupported(f"{file.name} is not sorted")
    numbers = _numbers(table, 4)
    owners, offsets = numbers[::2], numbers[1::2]
    if owners and max(owners) >= packs:
        raise Unsupported(f"{file.name} places objects in packs that it does not know")
    if b"LOFF" in chunks:
        _lengthen(offsets, _numbers(chunks[b"LOFF"], 8))
    mine: dict[int, list[int]] = {
        number: [] for number, name in enumerate(known[:packs]) if name in names
    }
    for place, owner in enumerate(owners):
        if owner in mine:
            mine[owner].append(place)
    return {
        known[number]: Index(
            b"".join(ids[place * width : (place + 1) * width] for place in places),
            array("Q", [offsets[place] for place in places]),
            False,
        )
        for number, places in mine.items()
    }


def _chunks(data: bytes, count: int, name: str) -> dict[bytes, bytes]:
    """The parts of a multi-pack-index by their names."""
    table = data[12 : 12 + 12 * (count + 1)]
    places = [int.from_bytes(table[at + 4 : at + 12], "big") for at in range(0, len(table), 12)]
    ids = [table[at : at + 4] for at in range(0, len(table), 12)]
    if len(places) != count + 1 or any(a > b for a, b in pairwise(places)):
        raise Unsupported(f"{name} has a wrong table of contents")
    found = {id: data[a:b] for id, (a, b) in zip(ids, pairwise(places), strict=False)}
    if missing := {b"PNAM", b"OIDF", b"OIDL", b"OOFF"} - set(found):
        raise Unsupported(f"{name} has no part {min(missing).decode()}")
    return found


def _verified(file: File, algorithm: str) -> bytes:
    """All of a file whose checksum at the end is right."""
    import hashlib  # slow to import: a scan that knows all packs opens none

    data = file.at(0, file.size)
    width = WIDTHS[algorithm]
    found = hashlib.new(algorithm, memoryview(data)[:-width], usedforsecurity=False)
    if found.digest() != data[-width:]:
        raise Unsupported(f"{file.name} has a wrong checksum")
    return data


def _count(fanout: bytes, name: str) -> int:
    numbers = _numbers(fanout[:_FANOUT], 4)
    if len(numbers) != 256 or any(a > b for a, b in pairwise(numbers)):
        raise Unsupported(f"{name} has a wrong table of first bytes")
    return numbers[-1]


def _numbers(data: bytes, size: int) -> array[int]:
    """Big-endian numbers of four or eight bytes, in an array that holds eight."""
    numbers = array("I" if size == 4 else "Q", data[: len(data) // size * size])
    if sys.byteorder == "little":
        numbers.byteswap()
    return array("Q", numbers)


def _lengthen(offsets: array[int], larger: array[int]) -> None:
    """Put in place the offsets that need more than 31 bits; one that is not there is no offset."""
    for place, offset in enumerate(offsets):
        if offset & _FAR:
            which = offset ^ _FAR
            offsets[place] = larger[which] if which < len(larger) else 0
