"""All objects of a store, numbered: pack by pack as they lie there, then those in files of their own."""

from __future__ import annotations

import itertools
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

from keymuster.collect.packs import loose
from keymuster.collect.packs.files import Garbled
from keymuster.collect.packs.functions import Functions
from keymuster.collect.packs.pack import Pack, Table
from keymuster.collect.packs.plain import ID_DELTA, NONE, OFFSET_DELTA

BLOB = 3

_WINDOW = 1 << 20
_HEAD = 128
"""Compressed bytes that mostly hold the two sizes a delta begins with."""

_LONG_HEAD = 4096
_SIZES = 20


class Place(Struct, frozen=True):
    """Where an object's compressed bytes lie: in a source, which is the number of a pack or, behind
    the packs, of a folder. `stored` is how many bytes they are inflated."""

    source: int
    begin: int
    end: int
    stored: int


class Objects:
    """`roots` are the types at the end of the chains of bases, 0 where that is not known. `sizes` are
    those of the objects, for blobs; of another delta it is that of the delta."""

    def __init__(
        self,
        packs: Sequence[Pack],
        folders: Sequence[str],
        files: Sequence[tuple[int, bytes]],
        functions: Functions,
    ) -> None:
        """`files` are (number of the folder, id) of the objects in files of their own."""
        self._packs = packs
        self._folders = folders
        self._functions = functions
        self._tables = [Table(pack, functions) for pack in packs]
        self._begins = [0]
        for table in self._tables:
            self._begins.append(self._begins[-1] + len(table.offsets))
        self._files = files
        self.all_named = all(pack.index.whole for pack in packs)
        self.kinds = bytearray().join(table.kinds for table in self._tables)
        self.sizes = array("Q")
        self.bases = array("I")
        for begin, table in zip(self._begins, self._tables, strict=False):
            self.sizes.extend(table.sizes)
            self.bases.extend(_moved(table.bases, begin))
        self.failed: dict[int, str] = {}
        self._add_files()
        self._by_id: dict[bytes, int] = {
            id: self._begins[-1] + place for place, (_, id) in enumerate(files)
        }
        self._name_bases()
        self.roots = functions.roots(self.kinds, self.bases)
        self._declare()

    def id(self, number: int) -> bytes:
        """Empty for a base without a name."""
        source = self._source(number)
        if source == len(self._packs):
            return self._files[number - self._begins[-1]][1]
        position = self._tables[source].positions[number - self._begins[source]]
        return b"" if position == NONE else self._packs[source].id(position)

    def place(self, number: int) -> Place:
        source = self._source(number)
        mine = number - self._begins[source]
        if source == len(self._packs):
            return Place(source + self._files[mine][0], 0, 0, self.sizes[number])
        table = self._tables[source]
        begin = table.offsets[mine] + table.lengths[mine]
        return Place(source, begin, max(begin, table.end(mine)), table.sizes[mine])

    def why(self, number: int) -> str:
        """Why an object without a root cannot be read."""
        if number in self.failed:
            return self.failed[number]
        name = self._packs[self._source(number)].name
        if not self.kinds[number]:
            return f"{name} has no object where its index says"
        return f"its chain of bases in {name} does not end, or the base is missing"

    def ranges(self) -> list[range]:
        """The numbers that each source has: each pack, then all files."""
        edges = [*self._begins, len(self.kinds)]
        return [range(*edge) for edge in itertools.pairwise(edges)]

    def copies(self, id: bytes) -> Iterator[int]:
        """The numbers of all objects with an id."""
        for source in range(len(self._packs)):
            if (number := self._in_pack(source, id)) != NONE:
                yield number
        if id in self._by_id:
            yield self._by_id[id]

    def _source(self, number: int) -> int:
        return bisect_right(self._begins, number) - 1

    def _in_pack(self, source: int, id: bytes) -> int:
        position = self._packs[source].position(id)
        if position == NONE:
            return NONE
        found = self._tables[source].number(self._packs[source].index.offsets[position])
        return NONE if found == NONE else found + self._begins[source]

    def _add_files(self) -> None:
        for folder, id in self._files:
            kind = size = 0
            try:
                header = loose.header(self._folders[folder], id)
                kind, size = header.kind, header.size
            except Garbled as error:
                self.failed[len(self.kinds)] = str(error)
            self.kinds.append(kind)
            self.sizes.append(size)
            self.bases.append(NONE)

    def _name_bases(self) -> None:
        """Find the bases that are named by their ids: in the same pack, else anywhere."""
        for source, (pack, table) in enumerate(zip(self._packs, self._tables, strict=True)):
            begin = self._begins[source]
            mine = -1
            while (mine := table.kinds.find(ID_DELTA, mine + 1)) >= 0:
                end = table.offsets[mine] + table.lengths[mine]
                id = pack.file.at(end - pack.width, pack.width)
                number = self._in_pack(source, id)
                self.bases[begin + mine] = next(self.copies(id), NONE) if number == NONE else number

    def _declare(self) -> None:
        """Put the sizes of the blobs that deltas make in place of those of the deltas."""
        broken = False
        for source, (pack, table) in enumerate(zip(self._packs, self._tables, strict=True)):
            begin = self._begins[source]
            heads = _Heads(pack)
            for mine, kind in enumerate(table.kinds):
                if kind >= OFFSET_DELTA and self.roots[begin + mine] == BLOB:
                    size = heads.size(table.offsets[mine] + table.lengths[mine])
                    if size < 0:
                        broken = True
                        self.failed[begin + mine] = f"its delta in {pack.name} is damaged"
                        self.kinds[begin + mine] = 0
                    else:
                        self.sizes[begin + mine] = size
        if broken:
            self.roots = self._functions.roots(self.kinds, self.bases)


class _Heads:
    """The first bytes of deltas, in the order of the pack."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._window = b""
        self._begin = 0

    def size(self, offset: int) -> int:
        """What a delta declares to make; -1 if it cannot be read."""
        at = offset - self._begin
        if at + _LONG_HEAD > len(self._window):
            try:
                self._window = self._pack.file.at(offset, min(_WINDOW, self._pack.end - offset))
            except OSError:
                return -1
            self._begin = offset
            at = 0
        size = _declared(self._window[at : at + _HEAD])
        return _declared(self._window[at : at + _LONG_HEAD]) if size < 0 else size


def _declared(compressed: bytes) -> int:
    try:
        head = zlib.decompressobj().decompress(compressed, _SIZES)
    except zlib.error:
        return -1
    size = shift = 0
    numbers = 0
    for byte in head:
        if numbers:
            size |= (byte & 0x7F) << shift
            shift += 7
        if not byte & 0x80:
            if numbers:
                return size
            numbers = 1
    return -1


def _moved(bases: array[int], by: int) -> array[int]:
    return array("I", [base if base == NONE else base + by for base in bases]) if by else bases
