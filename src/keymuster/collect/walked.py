"""What `Store.walk` has written of a history, read as far as it is wanted.

It begins with `STARTED`, which nothing that git prints does, and says at its end where in it the parts are: blocks of
introductions, of each commit its id, its rank and where its author stands, the same of those that are late (see
order.py), which of the store's objects commits have as files, and the ids of others that they have as such.
"""

from __future__ import annotations

import os
import re
import struct
from array import array
from binascii import hexlify, unhexlify
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import IO

from msgspec import Struct

from keymuster.collect.introduction import Introduction, moment
from keymuster.collect.order import Rank
from keymuster.model import Commit

STARTED = b"\xffwalk 1\n"

_END = struct.Struct("=4QII")
"""Where blocks, commits, late commits and marks begin; how many objects the store has, and commits."""

_BLOCK = struct.Struct("=II")
_RECORD = struct.Struct("=II")
_ODD = 0x80000000
"""Added to the length of an author that git has to be asked for: the commit is not in UTF-8."""

_AUTHOR = re.compile(rb"([^<>\n]*)<([^<>\n]*)> ([0-9]{1,12}) ([+-][0-9]{4})")
"""What nearly all commits say of who wrote them and when. git makes something of everything else, too."""

_SPACES = b" \t\r\n"

Abouts = Callable[[Sequence[str]], dict[str, Commit]]
"""What git says of some commits."""


class Marks(Struct, frozen=True):
    """Which file versions commits have: a byte for each object of the store, and the ids of those that it has not."""

    objects: bytes
    strangers: frozenset[bytes]


class Walked:
    """The file of a walk that came to its end; ids have so many bytes."""

    def __init__(self, file: IO[bytes], width: int) -> None:
        self._file = file.fileno()
        self._width = width
        self._row = struct.Struct(f"={width}sqIQI")
        end = os.fstat(self._file).st_size - _END.size
        self._blocks, self._rows, late, marks, objects, self.commits = _END.unpack(
            self._part_of(end, _END.size)
        )
        ranks = self._part(late, marks)
        self.late: dict[bytes, Rank] = {
            id: (time, row) for id, time, row in struct.iter_unpack(f"={width}sqI", ranks)
        }
        marked = self._part(marks, end)
        ids = range(objects, len(marked), width)
        self.marks = Marks(marked[:objects], frozenset(marked[at : at + width] for at in ids))

    def introductions(self, only: Collection[str] | None, abouts: Abouts) -> Iterator[Introduction]:
        """Those of some objects, or all: one commit behind the other, in git's order of paths."""
        ranks: dict[int, Rank] = {}
        commits: dict[int, Commit] = {}
        odd: dict[str, int] = {}
        found: list[tuple[int, str, str, tuple[str, ...]]] = []
        for number, object, replaced, path in self._records(only):
            if number not in ranks:
                id, time, row, author, size = self._row.unpack(
                    self._part_of(self._rows + number * self._row.size, self._row.size)
                )
                ranks[number] = time, row
                name = id.hex()
                commit = None if size & _ODD else _commit(name, self._part_of(author, size))
                if commit is None:
                    odd[name] = number
                else:
                    commits[number] = commit
            found.append((number, object, os.fsdecode(path), replaced))
        if odd:
            commits.update((odd[id], commit) for id, commit in abouts([*odd]).items())
        for number, object, place, replaced in found:
            yield Introduction(
                commit=commits[number], path=place, object=object, rank=ranks[number], replaced=replaced
            )  # fmt: skip

    def _records(
        self, only: Collection[str] | None
    ) -> Iterator[tuple[int, str, tuple[str, ...], bytes]]:
        """The number of a commit, an object, those that it replaced, and the path."""
        width = self._width
        wanted = None if only is None else {unhexlify(id) for id in only}
        keys = None if wanted is None else {*array("I", b"".join([id[:4] for id in wanted]))}
        place = self._blocks
        while place < self._rows:
            count, size = _BLOCK.unpack(self._part_of(place, _BLOCK.size))
            place += _BLOCK.size
            numbers = array("I", self._part_of(place, 8 * count))
            place += 8 * count
            heads, ends = numbers[:count], numbers[count:]
            hits = [at for at, head in enumerate(heads) if keys is None or head in keys]
            block = self._part_of(place, size) if hits else b""
            place += size
            for at in hits:
                here = ends[at - 1] if at else 0
                commit, others = _RECORD.unpack_from(block, here)
                here += _RECORD.size
                id = block[here : here + width]
                if wanted is not None and id not in wanted:
                    continue
                ids = [block[here + n * width :][:width] for n in range(1, others + 1)]
                here += (others + 1) * width
                replaced = tuple(hexlify(one).decode("ascii") for one in ids if any(one))
                yield commit, id.hex(), replaced, block[here : ends[at]]

    def _part(self, begin: int, end: int) -> bytes:
        return self._part_of(begin, end - begin)

    def _part_of(self, place: int, size: int) -> bytes:
        return os.pread(self._file, size, place)


def _commit(id: str, author: bytes) -> Commit | None:
    """None if git has to be asked."""
    words = _AUTHOR.fullmatch(author)
    if words is None:
        return None
    name, mail, seconds, zone = words.groups()
    text = b"%b <%b>" % (name.rstrip(_SPACES), mail)
    return Commit(
        id=id, author=text.decode("utf-8", "replace"), date=moment((seconds, seconds, zone))
    )
