"""GitHub code scanning's `primaryLocationLineHash`, by which alerts are recognised again.

The published algorithm (github/codeql-action, src/fingerprints.ts): spaces and tabs are dropped,
line ends become `\\n`, and a line's value is a polynomial hash (base 37, 64 bits) of the hundred
UTF-16 code units from its first kept one, the end of file counting as one unit 0xFFFF and zeros
after it; then `:` and how often this value has occurred in the file.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import accumulate
from operator import mul
from struct import unpack

from keymuster.detect.loops import fastest

_WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_POWERS = [pow(_BASE, _WINDOW - 1 - place, _MASK + 1) for place in range(_WINDOW)]
_LARGEST = 16 * 1024 * 1024


_FEW = 16
"""Lines of a file for which it is quicker to search the file than to read all lines before them."""


class LineHashes:
    """Asked with line numbers (from 1) that do not decrease, it reads each line once; asked with a
    smaller one, it starts again."""

    def __init__(self, content: bytes) -> None:
        self._content = content if len(content) <= _LARGEST else None
        self._plain = fastest().line_hash
        self._asked = 0
        self._line = 1
        self._offset = 0
        self._counted = 0
        self._counts: Counter[str] = Counter()

    def of(self, line: int) -> str:
        """The value for a line; empty for a file too large to be uploaded anyway."""
        if self._content is None:
            return ""
        self._asked += 1
        if self._asked <= _FEW and self._plain and (found := self._plain(self._content, line)):
            return f"{found[0]:x}:{found[1]}"
        self._go_to(line)
        window = self._kept[self._offset : self._offset + _WINDOW]
        if self._asked <= _FEW and len(window) == _WINDOW and window.isascii():
            return f"{_hash(window):x}:{self._searched(window)}"
        return self._from_all(line)

    def _go_to(self, line: int) -> None:
        """Find where a line begins."""
        if line < self._line:
            self._line, self._offset = 1, 0
        if line > self._line:
            before = line - self._line
            _, *lines = self._kept[self._offset :].split("\n", before)
            rest = len(lines[-1]) if len(lines) == before else 0
            self._line, self._offset = line, len(self._kept) - rest

    def _searched(self, window: str) -> int:
        """How often a whole window has occurred at the start of a line, this one included."""
        count = int(self._kept.startswith(window))
        last = self._offset + _WINDOW
        found = self._kept.find("\n" + window, 0, last)
        while found >= 0:
            count += 1
            found = self._kept.find("\n" + window, found + 1, last)
        return count

    def _from_all(self, line: int) -> str:
        """The value for a line, from the count of all before it."""
        if line < self._counted:
            self._counted = 0
            self._counts.clear()
        self._counts.update(map(self._window, range(self._counted, line)))
        self._counted = line
        window = self._window(line - 1)
        return f"{_hash(window):x}:{self._counts[window]}"

    def _window(self, line: int) -> str:
        """What the value of a line, counted from 0, is made of."""
        start = self._starts[line] if line < len(self._starts) else len(self._kept)
        window = self._kept[start : start + _WINDOW]
        return window if window.isascii() else _first_units(window)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *accumulate(len(line) + 1 for line in self._kept.split("\n")[:-1])]

    @cached_property
    def _kept(self) -> str:
        """What counts of the content, with one kind of line end."""
        assert self._content is not None
        if self._content.isascii() and b"\r" not in self._content:
            return self._content.translate(None, b" \t").decode("ascii")
        text = self._content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        return text.replace(" ", "").replace("\t", "")


def _first_units(window: str) -> str:
    """The first hundred UTF-16 code units: fewer characters where some take two, and half of one
    where a pair is cut."""
    units = window.encode("utf-16-le", "surrogatepass")[: 2 * _WINDOW]
    return units.decode("utf-16-le", "surrogatepass")


def _hash(window: str) -> int:
    raw = window.encode("utf-16-le", "surrogatepass")
    units = [*unpack(f"<{len(raw) // 2}H", raw), 0xFFFF]
    value: int = sum(map(mul, units, _POWERS)) & _MASK
    return value
