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


_AFTER = 8192
"""Bytes of the other text in which the place is looked for where both are the same again."""

_SHORT_ANCHOR = 48


def differing(text: bytes, other: bytes, least: int) -> list[tuple[int, int, int]]:
    """The same as `common`, of two texts of which one took the place of the other: mostly they end
    alike, too. No more than a few steps of Python are taken for each change; a stretch may be told some
    bytes shorter than it is, which spares half of them."""
    view = memoryview(other)
    size, held = len(text), len(other)
    first = _same(text, 0, view, 0, min(size, held))
    last = _same_before(text, size, view, held, min(size, held) - first)
    kept = [(0, 0, first)] if first and first >= least else []
    here = there = first
    end, stop = size - last, held - last
    left = _FAILURES * _AFTER
    while end - here > least and left > 0:
        line = text.find(b"\n", here + _GRAIN, end - _SHORT_ANCHOR) + 1
        found = -1
        while line and left > 0:
            anchor = text[line : line + _SHORT_ANCHOR]
            found = other.find(anchor, there, min(stop, there + _AFTER))
            if found >= 0:
                break
            left -= _AFTER
            line = text.find(b"\n", line + _SHORT_ANCHOR, end - _SHORT_ANCHOR) + 1
        if found < 0:
            break
        length = _same(text, line, view, found, min(end - line, stop - found))
        if length >= least:
            kept.append((line, found, length))
            left += _LOOKS * length
        left -= found - there
        here, there = line + length, found + length
    if last and last >= least:
        kept.append((end, stop, last))
    return kept


_GRAIN, _COARSE_GRAIN = 16, 64
_FIRST_STEP = 2048


def _same(text: bytes, here: int, other: memoryview, there: int, most: int) -> int:
    """How many bytes are the same from an offset in each on; or a few less. Nothing is copied."""
    is_same = text.startswith
    low, step = 0, _FIRST_STEP
    while low < most:
        high = min(low + step, most)
        if not is_same(other[there + low : there + high], here + low):
            while high - low > _GRAIN:
                middle = (low + high) // 2
                if is_same(other[there + low : there + middle], here + low):
                    low = middle
                else:
                    high = middle
            return low
        low = high
        step *= 4
    return most


def _same_before(text: bytes, here: int, other: memoryview, there: int, most: int) -> int:
    """The same before an offset in each."""
    is_same = text.startswith
    low, step = 0, _FIRST_STEP
    while low < most:
        high = min(low + step, most)
        if not is_same(other[there - high : there - low], here - high):
            while high - low > _COARSE_GRAIN:
                middle = (low + high) // 2
                if is_same(other[there - middle : there - low], here - middle):
                    low = middle
                else:
                    high = middle
            return low
        low = high
        step *= 4
    return most
