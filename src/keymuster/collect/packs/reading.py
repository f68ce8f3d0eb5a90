"""Making the blobs of a family, one from the other."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from zlib import decompressobj

from keymuster.collect.packs import loose
from keymuster.collect.packs.base import Damaged, Family, Version
from keymuster.collect.packs.families import row
from keymuster.collect.packs.files import Garbled, inflated
from keymuster.collect.packs.functions import Functions
from keymuster.collect.packs.pack import Pack
from keymuster.collect.packs.plain import NONE

_TIMES = 4
_SPARE = 64 * 1024 * 1024
"""What is made a second time, because it had to be dropped, may be so many times the size of the
family and so many bytes."""

_SLACK = 4096

_Kept = Sequence[tuple[int, int, int]]
_Row = tuple[int, int, int, int, int, int, bool, bytes]


class Reading:
    """One family being read. At most `memory` bytes of texts that others are to be made from are
    held, besides the newest and its base."""

    def __init__(
        self,
        packs: Sequence[Pack],
        folders: Sequence[str],
        functions: Functions,
        family: Family,
        width: int,
        memory: int,
    ) -> None:
        self._packs = packs
        self._folders = folders
        self._expand = functions.expand
        self._rows: list[_Row] = list(row(width).iter_unpack(family.rows))
        self._texts: list[bytes | None] = [None] * len(self._rows)
        self._failed: dict[int, str] = {}
        self._live: list[int] = []
        self._held = 0
        self._memory = memory
        self._spare = _TIMES * family.bytes + _SPARE

    def versions(self, least: int) -> Iterator[Version | Damaged]:
        rows = self._rows
        uses = [0] * len(rows)  # how many are made from it
        children = [0] * len(rows)  # and are yielded
        for *_, base, silent, _ in rows:
            if base != NONE:
                uses[base] += 1
                children[base] += not silent
        for here, (*_, base, silent, id) in enumerate(rows):
            shown = base != NONE and not rows[base][6]
            try:
                text, kept = self._made(here, least if shown and not silent else sys.maxsize)
            except Garbled as error:
                self._failed[here] = str(error)
                text = None
            if base != NONE:
                uses[base] -= 1
                if not uses[base]:
                    self._drop(base)
            named = rows[base][7].hex() if shown and base not in self._failed else None
            if text is None:
                if not silent:
                    yield Damaged(id.hex(), self._failed[here], named)
                continue
            if uses[here]:
                self._keep(here, text)
            if not silent:
                yield Version(id.hex(), text, named, kept, children[here])

    def _made(self, here: int, least: int) -> tuple[bytes, _Kept]:
        """The text of a row; Garbled if it cannot be had."""
        base = self._rows[here][5]
        return self._make(here, None if base == NONE else self._text(base), least)

    def _make(self, here: int, base: bytes | None, least: int) -> tuple[bytes, _Kept]:
        source, begin, end, stored, size, _, _, id = self._rows[here]
        if size > self._memory // 2 or stored > self._memory // 2:
            raise Garbled(f"it takes {max(size, stored):,} bytes to make it")
        if source >= len(self._packs):
            return loose.read(self._folders[source - len(self._packs)], id, size), ()
        file = self._packs[source].file
        try:
            data = b""
            inflater = decompressobj()
            if end - begin <= stored + _SLACK:  # else much lies behind it that is not its own
                data = inflater.decompress(file.at(begin, end - begin), stored + 1)
            if len(data) != stored or not inflater.eof:
                data, _ = inflated(file, begin, end, stored)
        except (zlib.error, OSError):
            raise Garbled(f"its place in {file.name} cannot be read") from None
        except Garbled as error:
            raise Garbled(f"its place in {file.name} {error}") from None
        if base is None:
            return data, ()
        try:
            made, kept = self._expand(base, data, least, size)
        except ValueError as error:
            raise Garbled(f"{error} ({file.name})") from None
        if len(made) != size:
            raise Garbled(f"its delta makes less than was declared ({file.name})")
        return made, kept

    def _text(self, base: int) -> bytes:
        """The text of a row that was made before; made again if it had to be dropped."""
        text = self._texts[base]
        if text is not None:
            return text
        if base in self._failed:
            raise Garbled(f"its base {self._rows[base][7].hex()} is damaged: {self._failed[base]}")
        path = []
        above = base
        while above != NONE and self._texts[above] is None:
            path.append(above)
            above = self._rows[above][5]
        text = None if above == NONE else self._texts[above]
        for again in reversed(path):
            self._spare -= self._rows[again][4]
            if self._spare < 0:
                raise Garbled("its chain of bases is too large to be made again and again")
            text, _ = self._make(again, text, sys.maxsize)
        assert text is not None
        self._keep(base, text)
        return text

    def _keep(self, here: int, text: bytes) -> None:
        """Hold a text; in its place those drop out that are needed last."""
        while self._live and self._held + len(text) > self._memory:
            self._drop(self._live[0])
        self._texts[here] = text
        self._held += len(text)
        self._live.append(here)

    def _drop(self, here: int) -> None:
        text = self._texts[here]
        if text is not None:
            self._texts[here] = None
            self._held -= len(text)
            self._live.remove(here)
