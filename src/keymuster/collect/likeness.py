"""What a file version has in common with another one that it was not made of.

git makes a version from another one up to some depth only, and begins anew then: with a text of which
most stood in the one it began with before. What is found here is less than what a diff would find, and
costs a small part of a search.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from keymuster.detect.loops import Kept, Same, fastest

_TEXTS = 4
_LEAST, _LARGEST = 1024, 1 << 20
"""Bytes of a text that is looked at, and of one that is held for others."""

_ANCHOR = 64
"""Bytes from the begin of a line by which the place is found where two texts are the same again."""

_REACH = 4096
"""Bytes in which it is looked for."""

_FAILURES = 4
"""How often it is not found before anything is common: most texts are like none."""

_LOOKS = 4
"""Times the bytes that are common that are then looked through."""


class Likeness:
    """The last texts that were not made of others, with what readers noted of them."""

    def __init__(self, least: int) -> None:
        self._least = least
        loops = fastest()
        self._same = loops.same
        self._common = loops.common or partial(common, same=loops.same)
        self._texts: deque[tuple[bytes, dict[str, Any]]] = deque(maxlen=_TEXTS)

    def to(self, text: bytes) -> tuple[dict[str, Any], Kept]:
        """What was noted of the text that begins most like this one, and what they have in common."""
        if len(text) < _LEAST or not self._texts:
            return {}, ()
        other, notes = max(self._texts, key=lambda one: self._same(text, 0, one[0], 0))
        kept = self._common(text, other, self._least)
        return (notes, kept) if kept else ({}, ())

    def add(self, text: bytes, notes: dict[str, Any]) -> None:
        if _LEAST <= len(text) <= _LARGEST:
            self._texts.append((text, notes))


def common(text: bytes, other: bytes, least: int, same: Same) -> list[tuple[int, int, int]]:
    """(offset, offset in the other, bytes) of stretches of at least so many bytes, in the same order
    in both. Time is linear in the size of the text."""
    kept: list[tuple[int, int, int]] = []
    here = there = 0
    left = _FAILURES * _REACH
    while True:
        length = same(text, here, other, there)
        if length >= least:
            kept.append((here, there, length))
            left += _LOOKS * length
        here += length
        there += length
        skip = 0
        found = -1
        while found < 0:
            line = text.find(b"\n", here + skip) + 1
            if not line or line + _ANCHOR > len(text) or left < 0:
                return kept
            found = other.find(text[line : line + _ANCHOR], there, there + _REACH)
            left -= _REACH if found < 0 else found - there + _ANCHOR
            skip = line - here + _ANCHOR * (found < 0)
        here, there = line, found
