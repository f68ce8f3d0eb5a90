"""Expressions that are looked for where lines begin, in large files: to go from line to line takes a tenth of
the time in which `^` is tried at each byte."""

from __future__ import annotations

from keymuster import regex


class AtMargin:
    """Looks for an expression, which is of one line, at the beginning of each."""

    def __init__(self, pattern: bytes) -> None:
        self._pattern = regex.later(rb"\n(?:" + pattern + rb")")

    def search(self, content: bytes) -> bool:
        if self._pattern.search(content) is not None:
            return True
        first = content.partition(b"\n")[0]
        return self._pattern.match(b"\n" + first) is not None
