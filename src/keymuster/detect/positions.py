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
        self._column += _code_points(content, start, offset)
        self._offset = offset
        return self._line, self._column


_CHUNK = 16 * 1024
"""Bytes that are counted at once: most are ASCII even where not all of a long line are, and such a copy costs nothing."""


def _code_points(content: bytes, start: int, stop: int) -> int:
    count = 0
    while start < stop:
        end = min(start + _CHUNK, stop)
        piece = content[start:end]
        if not piece.isascii():
            if end < stop:
                end = start_of_character(content, end)
                piece = content[start:end]
            count += len(piece.decode("utf-8", "replace"))
        else:
            count += end - start
        start = end
    return count


def start_of_character(content: bytes, offset: int) -> int:
    """The offset, moved back out of the middle of a UTF-8 character; none has more than three bytes behind its first."""
    start = offset
    while content[start] & 0xC0 == 0x80:
        if start == max(0, offset - 3):
            return offset
        start -= 1
    return start
