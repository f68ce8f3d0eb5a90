"""One pack: an open file, and the table of what is in it."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from keymuster.collect.packs import index
from keymuster.collect.packs.base import Unsupported
from keymuster.collect.packs.files import File
from keymuster.collect.packs.functions import Functions
from keymuster.collect.packs.plain import NONE, OFFSET_DELTA

_HEADER = 12
_LEAST_OBJECT = 9
"""Bytes of the smallest object: a byte of header, eight of nothing compressed."""

_CHUNK = 1 << 16
_LONGEST_HEADER = 20


class Pack:
    """`width` is the length of an id, `end` the offset where objects end. One that is cut off, or is not what its index
    was made of, is Unsupported, or has a `doubt` if it is to be read as far as it goes: then nothing vouches for its
    objects, and an id has to be held against what it names."""

    def __init__(self, file: File, algorithm: str, width: int, *, doubting: bool = False) -> None:
        self.file = file
        self.name = file.name
        self.width = width
        self.end = file.size - width
        head = file.at(0, _HEADER)
        if head[:4] != b"PACK" or int.from_bytes(head[4:8], "big") not in (2, 3):
            raise Unsupported(f"{self.name} is no pack of version 2 or 3")
        self.objects = int.from_bytes(head[8:12], "big")
        self.doubt = ""
        self._doubting = doubting
        if self.objects * _LEAST_OBJECT > self.end - _HEADER:
            self._doubted(f"{self.name} is too small for what it should hold")
        self.index = index.Index(b"", array("Q"), True)

    def take(self, found: index.Index) -> None:
        """Believe an index."""
        if found.checksum and found.checksum != self.file.at(max(0, self.end), self.width):
            self._doubted(f"{self.name} does not match its index")
        if self.doubt and not found.checksum:
            raise Unsupported(self.doubt)
        if len(found.offsets) > self.objects:
            raise Unsupported(f"{self.name} holds less than its index says")
        self.index = found

    def _doubted(self, reason: str) -> None:
        if not self._doubting:
            raise Unsupported(reason)
        self.doubt = self.doubt or reason
        self.end = self.file.size

    def id(self, position: int) -> bytes:
        return self.index.ids[position * self.width : (position + 1) * self.width]

    def position(self, id: bytes) -> int:
        """Where in the index an object is; NONE if it is not there."""
        count = len(self.index.offsets)
        found = bisect_left(range(count), id, key=self.id)
        return found if found < count and self.id(found) == id else NONE


class Table:
    """The objects of a pack in the order of their offsets: what their headers say. Bases are numbers
    of objects in this table. An object without a position in the index is only somebody's base."""

    def __init__(self, pack: Pack, functions: Functions) -> None:
        self.limit = pack.end
        self.positions, self.offsets = functions.ascending(pack.index.offsets)
        self._read(pack, functions)
        if not pack.index.whole and (more := self._unlisted(pack)):
            pairs = [
                *zip(self.offsets, self.positions, strict=True),
                *((one, NONE) for one in more),
            ]
            pairs.sort()
            self.offsets = array("Q", [offset for offset, _ in pairs])
            self.positions = array("I", [position for _, position in pairs])
            self._read(pack, functions)

    def _read(self, pack: Pack, functions: Functions) -> None:
        count = len(self.offsets)
        self.kinds = bytearray(count)
        self.sizes = array("Q", bytes(8 * count))
        self.lengths = bytearray(count)
        self.bases = array("I", b"\xff" * (4 * count))
        number = bisect_left(self.offsets, _HEADER)
        while number < count and (start := self.offsets[number]) < pack.end:
            try:
                chunk = pack.file.at(start, min(_CHUNK, pack.end - start))
            except OSError:
                return  # the rest keeps the kind of what cannot be read
            number = functions.headers(
                chunk, start, self.offsets, number, pack.width, len(chunk) < _CHUNK,
                self.kinds, self.sizes, self.lengths, self.bases,
            )  # fmt: skip

    def _unlisted(self, pack: Pack) -> set[int]:
        """Offsets of bases that the index does not know, and of theirs."""
        found: set[int] = set()
        known = set(self.offsets)
        waiting = [
            offset
            for offset, kind, base in zip(self.offsets, self.kinds, self.bases, strict=True)
            if kind == OFFSET_DELTA and base == NONE
        ]
        while waiting:
            offset = waiting.pop()
            base = _base(pack, offset)
            if base >= _HEADER and base not in known:
                found.add(base)
                known.add(base)
                waiting.append(base)
        return found

    def number(self, pack: Pack, id: bytes) -> int:
        """The object with an id; NONE if there is none."""
        position = pack.position(id)
        if position == NONE:
            return NONE
        offset = pack.index.offsets[position]
        found = bisect_left(self.offsets, offset)
        return found if self.positions[found] == position else NONE


def _base(pack: Pack, offset: int) -> int:
    """The offset of the base of the delta there; 0 if that is none with the offset of a base."""
    try:
        head = pack.file.at(offset, min(_LONGEST_HEADER, pack.end - offset))
    except OSError:
        return 0
    if not head or head[0] >> 4 & 7 != OFFSET_DELTA:
        return 0
    at = next((at for at, byte in enumerate(head) if not byte & 0x80), len(head)) + 1
    back = -1
    for byte in head[at:]:
        back = (back + 1) << 7 | byte & 0x7F
        if not byte & 0x80:
            return max(0, offset - back)
    return 0
