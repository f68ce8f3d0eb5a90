"""Offsets to lines and columns, in one pass however many offsets and however long the lines."""

from __future__ import annotations

from codecs import BOM_UTF8

from keymuster.detect.loops import LineEnds, line_ends


class Positions:
    """Asked with offsets that never decrease, it reads each byte once.

    Lines end at `\\n` and count from 1, columns count Unicode code points from 1. The content may
    be the middle of a file: `line` and `column` are those of its first byte. A byte-order mark at
    the top of a file has no column.
    """

    def __init__(
        self, content: bytes, line: int = 1, column: int = 1, count: LineEnds = line_ends
    ) -> None:
        self._content = content
        self._count = count
        at_top = (line, column) == (1, 1)
        self._offset = len(BOM_UTF8) if at_top and content.startswith(BOM_UTF8) else 0
        self._line = line
        self._column = column

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of the byte at an offset."""
        content, start = self._content, self._offset
        offset = max(offset, start)
        lines = self._count(content, start, offset)
        if lines:
            self._line += lines
            self._column = 1
            start = content.rindex(b"\n", start, offset) + 1
        self._column += _code_points(content[start:offset])
        self._offset = offset
        return self._line, self._column


def _code_points(piece: bytes) -> int:
    return len(piece) if piece.isascii() else len(piece.decode("utf-8", "replace"))
