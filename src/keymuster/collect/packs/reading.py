"""Making the blobs of a family, one from the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from keymuster.collect.packs import loose
from keymuster.collect.packs.base import Damaged, Family, Version, layout
from keymuster.collect.packs.families import PER_OBJECT
from keymuster.collect.packs.files import Garbled, inflated, pread
from keymuster.collect.packs.functions import Functions
from keymuster.collect.packs.pack import Pack
from keymuster.collect.packs.plain import NONE

try:  # measured: it takes half as long
    from isal import isal_zlib as zlib
except ImportError:
    import zlib  # type: ignore[no-redef]

_WRONG: type[Exception] = zlib.error  # type: ignore[assignment]  # which is no class to its types
_decompressobj = zlib.decompressobj

_TIMES = 4
_SPARE = 64 * 1024 * 1024
"""What is made a second time, because it had to be dropped, may be so many times the size of the
family and so many bytes."""

_SLACK = 4096

_AGAIN = "its chain of bases is too large to be made again and again"

_Kept = Sequence[tuple[int, int, int]]
_Row = tuple[int, int, int, int, int, int, bool, bytes]
_SIZE: Final = 4
_BASE: Final = 5
_SILENT: Final = 6
_ID: Final = 7


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
        self._make = functions.make
        self._rows: list[_Row] = list(layout(width).iter_unpack(family.rows))
        self._texts: list[bytes | None] = [None] * len(self._rows)
        self._failed: dict[int, Garbled] = {}
        self._live: list[int] = []
        self._held = 0
        self._memory = memory
        self._largest = memory // 2
        self._spare = _TIMES * (family.bytes + PER_OBJECT * family.count) + _SPARE

    def versions(self, least: int) -> Iterator[Version | Damaged]:
        rows, texts = self._rows, self._texts
        uses, children = self._counted()
        for here, row in enumerate(rows):
            _, _, _, _, _, base, silent, id = row  # a `*_` would be a list, each time
            shown = base != NONE and not rows[base][_SILENT]
            try:
                text, kept = self._made(
                    row,
                    None if base == NONE else texts[base] or self._text(base),
                    least if shown and not silent else sys.maxsize,
                )
            except Garbled as error:
                self._failed[here] = error.with_traceback(None)
                text = None
            if base != NONE:
                uses[base] -= 1
                if not uses[base]:
                    self._drop(base)
            if text is not None and uses[here]:
                self._keep(here, text)
            if silent:
                continue
            named = rows[base][_ID].hex() if shown and base not in self._failed else None
            if text is None:
                failed = self._failed[here]
                yield Damaged(id.hex(), str(failed), named, failed.is_too_much)
            else:
                yield Version(id.hex(), text, named, kept, children[here])

    def _counted(self) -> tuple[list[int], list[int]]:
        """How many are made from each row, and how many of them are yielded."""
        uses = [0] * len(self._rows)
        children = [0] * len(self._rows)
        for _, _, _, _, _, base, silent, _ in self._rows:
            if base != NONE:
                uses[base] += 1
                children[base] += not silent
        return uses, children

    def _made(self, row: _Row, base: bytes | None, least: int) -> tuple[bytes, _Kept]:
        """The text of a row that is made from that of its base; Garbled if it cannot be had."""
        source, begin, end, stored, size, _, _, id = row
        if size > self._largest or stored > self._largest:
            raise Garbled(f"it takes {max(size, stored):,} bytes to make it", is_too_much=True)
        if source >= len(self._packs):
            return loose.read(self._folders[source - len(self._packs)], id, size), ()
        file = self._packs[source].file
        if self._make is not None and end - begin <= stored + _SLACK:
            whole = self._make(file.descriptor, begin, end, stored, size, base, least)
            if whole is not None:
                return whole
        try:
            data = b""
            inflater = _decompressobj()
            if end - begin <= stored + _SLACK:  # else much lies behind it that is not its own
                compressed = pread(file.descriptor, end - begin, begin)
                data = inflater.decompress(compressed, stored + 1)
            if len(data) != stored or not inflater.eof:
                data, _ = inflated(file, begin, end, stored)
        except (_WRONG, OSError):
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
            failed = self._failed[base]
            if failed.of_base:
                raise failed
            said = f"its base {self._rows[base][_ID].hex()} is damaged: {failed}"
            raise Garbled(said, is_too_much=failed.is_too_much, of_base=True)
        if self._spare < 0:
            raise Garbled(_AGAIN)
        path = []
        above = base
        while above != NONE and self._texts[above] is None:
            path.append(above)
            above = self._rows[above][_BASE]
        text = None if above == NONE else self._texts[above]
        for again in reversed(path):
            row = self._rows[again]
            self._spare -= row[_SIZE] + PER_OBJECT
            if self._spare < 0:
                raise Garbled(_AGAIN)
            text, _ = self._made(row, text, sys.maxsize)
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
