"""All objects of a store, numbered: pack by pack as they lie there, then those in files of their own."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from itertools import compress, pairwise
from operator import and_
from typing import TypeAlias

from keymuster.collect.packs import loose
from keymuster.collect.packs.files import Garbled
from keymuster.collect.packs.functions import Functions, Source
from keymuster.collect.packs.pack import Pack, Table
from keymuster.collect.packs.plain import ID_DELTA, NONE, OFFSET_DELTA

BLOB = 3
ONLY_BLOBS = bytes(int(kind == BLOB) for kind in range(256))
"""Translates types into whether they are that."""

_WINDOW = 1 << 16
_HEAD = 128
"""Compressed bytes that mostly hold the two sizes a delta begins with."""

_LONG_HEAD = 4096
_SIZES = 20
_BEYOND = 1 << 63
_ONLY_DELTAS = bytes(int(kind >= OFFSET_DELTA) for kind in range(256))


Told: TypeAlias = tuple[int, int, int, int, int, bytes]
"""Where an object is: in a source, which is the number of a pack or, behind the packs, of a folder;
where its compressed bytes begin and end, and how many they are inflated. Then its size and its id,
which is empty for a base that nobody has named."""


class Objects:
    """`roots` are the types at the end of the chains of bases, 0 where that is not known. `sizes` are
    those of the objects, for blobs; of another delta it is that of the delta."""

    def __init__(
        self,
        packs: Sequence[Pack],
        folders: Sequence[str],
        files: Sequence[tuple[int, bytes]],
        width: int,
        functions: Functions,
    ) -> None:
        """`files` are (number of the folder, id) of the objects in files of their own."""
        self._packs = packs
        self._folders = folders
        self._width = width
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
        self._name_bases()
        self.roots = functions.roots(self.kinds, self.bases)
        self._declare()

    def told(self, numbers: Iterable[int]) -> Iterator[Told]:
        """Where objects are; fast for many of one pack."""
        sizes = self.sizes
        width = self._width
        low = high = source = 0
        for number in numbers:
            if not low <= number < high:
                source = bisect_right(self._begins, number) - 1
                if source == len(self._packs):
                    folder, id = self._files[number - self._begins[-1]]
                    yield source + folder, 0, 0, sizes[number], sizes[number], id
                    continue
                low, high = self._begins[source], self._begins[source + 1]
                table, ids = self._tables[source], self._packs[source].index.ids
                offsets, lengths, positions = table.offsets, table.lengths, table.positions
                stored = table.sizes
            mine = number - low
            begin = offsets[mine] + lengths[mine]
            end = max(begin, offsets[mine + 1] if number + 1 < high else table.limit)
            at = positions[mine] * width  # beyond all ids for one without
            yield source, begin, end, stored[mine], sizes[number], ids[at : at + width]

    def why(self, number: int) -> str:
        """Why an object without a root cannot be read."""
        if number in self.failed:
            return self.failed[number]
        name = self._packs[bisect_right(self._begins, number) - 1].name
        if not self.kinds[number]:
            return f"{name} has no object where its index says"
        return f"its chain of bases in {name} does not end, or the base is missing"

    def blobs(self) -> tuple[list[bytearray], set[bytes]]:
        """For each pack, whether what stands at each place of its index is a blob; and the ids of those
        that lie in files of their own."""
        flags = self.roots.translate(ONLY_BLOBS)
        packed = []
        for numbers, pack, table in zip(self.ranges(), self._packs, self._tables, strict=False):
            found = bytearray(len(pack.index.offsets))
            for position in compress(table.positions, flags[numbers.start : numbers.stop]):
                if position != NONE:
                    found[position] = 1
            packed.append(found)
        loose = compress(self._files, flags[self._begins[-1] :])
        return packed, {id for _, id in loose}

    def ranges(self) -> list[range]:
        """The numbers that each source has: each pack, then all files."""
        edges = [*self._begins, len(self.kinds)]
        return [range(*edge) for edge in pairwise(edges)]

    def sources(self) -> list[Source]:
        """Each pack, and all files, as `part` wants them."""
        edges = zip(self.ranges(), self._packs, self._tables, strict=False)
        found: list[Source] = [
            (
                numbers.start, numbers.stop, source, True, table.limit, table.offsets,
                table.lengths, table.positions, table.sizes, pack.index.ids,
            )
            for source, (numbers, pack, table) in enumerate(edges)
        ]  # fmt: skip
        begin = self._begins[-1]
        folders = array("I", [folder for folder, _ in self._files])
        ids = b"".join([id for _, id in self._files])
        end = begin + len(self._files)
        found.append((begin, end, len(self._packs), False, 0, folders, b"", b"", b"", ids))
        return found

    def among(self, ids: Collection[bytes], numbers: range) -> list[int]:
        """The objects with these ids in one of the `ranges`."""
        source = bisect_right(self._begins, numbers.start) - 1
        if source == len(self._packs):
            every = zip(numbers, self.told(numbers), strict=True)
            return [number for number, told in every if told[-1] in ids]
        pack, table = self._packs[source], self._tables[source]
        found = [table.number(pack, id) for id in ids]
        return [numbers.start + one for one in found if one != NONE]

    def having(self, ids: Container[bytes]) -> Iterator[tuple[bytes, int]]:
        """(id, number) of all objects with one of these ids. It looks at all ids of the store."""
        if not ids:
            return
        for number, (*_, id) in enumerate(self.told(range(len(self.kinds)))):
            if id in ids:
                yield id, number

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
        elsewhere: dict[bytes, list[int]] = {}
        for begin, pack, table in zip(self._begins, self._packs, self._tables, strict=False):
            mine = -1
            while (mine := table.kinds.find(ID_DELTA, mine + 1)) >= 0:
                end = table.offsets[mine] + table.lengths[mine]
                try:
                    id = pack.file.at(end - pack.width, pack.width)
                except OSError:
                    continue
                found = table.number(pack, id)
                if found == NONE:
                    elsewhere.setdefault(id, []).append(begin + mine)
                else:
                    self.bases[begin + mine] = begin + found
        for id, number in self.having(elsewhere):
            for child in elsewhere.pop(id):
                self.bases[child] = number

    def _declare(self) -> None:
        """Put the sizes of the blobs that deltas make in place of those of the deltas."""
        broken = False
        deltas = self.kinds.translate(_ONLY_DELTAS)
        blobs = self.roots.translate(ONLY_BLOBS)
        declare = self._functions.declare
        for begin, pack, table in zip(self._begins, self._packs, self._tables, strict=False):
            heads = _Heads(pack)
            end = begin + len(table.kinds)
            flags = bytearray(map(and_, deltas[begin:end], blobs[begin:end]))
            sizes = memoryview(self.sizes)[begin:end]
            mine = -1
            while (mine := flags.find(1, mine + 1)) >= 0:
                if declare is not None and (chunk := heads.from_(table.offsets[mine])) is not None:
                    mine = declare(
                        *chunk, table.offsets, table.lengths, flags, mine, sizes, _HEAD,
                    )  # fmt: skip
                    if mine == len(flags):
                        break
                size = heads.size(table.offsets[mine] + table.lengths[mine])
                if size < 0:
                    broken = True
                    number = begin + mine
                    self.failed[number] = f"its delta in {pack.name} is damaged"
                    self.kinds[number] = 0
                else:
                    sizes[mine] = size
            sizes.release()
        if broken:
            self.roots = self._functions.roots(self.kinds, self.bases)


class _Heads:
    """The first bytes of deltas, in the order of the pack."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._window = b""
        self._begin = 0

    def from_(self, offset: int) -> tuple[bytes, int] | None:
        """A chunk of the pack that holds what begins at an offset, and the offset of its begin."""
        if offset - self._begin + _LONG_HEAD > len(self._window):
            try:
                self._window = self._pack.file.at(offset, min(_WINDOW, self._pack.end - offset))
            except OSError:
                return None
            self._begin = offset
        return self._window, self._begin

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
    at = 0
    try:
        while head[at] & 0x80:
            at += 1
        at += 1
        size = shift = 0
        while (byte := head[at]) & 0x80:
            size |= (byte & 0x7F) << shift
            shift += 7
            at += 1
    except IndexError:
        return -1
    size |= byte << shift
    return size if size < _BEYOND else -1


def _moved(bases: array[int], by: int) -> array[int]:
    return array("I", [base if base == NONE else base + by for base in bases]) if by else bases
