"""Inner loops of reading a text that is made of another: in C where that was built, else as they
stand here. `_accelerator.c` has the same; whatever one returns, the other does too."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeAlias

from msgspec import Struct

from keymuster import accelerator

try:
    from keymuster.detect import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]

Kept: TypeAlias = Sequence[tuple[int, int, int]]
"""What a text has from another one: (offset, offset in the other, bytes), ascending, apart."""

Same: TypeAlias = Callable[[bytes, int, bytes, int], int]
Gathered: TypeAlias = Callable[[bytes, list[int], list[list[int]]], tuple[list[int], bytes]]
HoldsOne: TypeAlias = Callable[[bytes, tuple[bytes, ...]], bool]
LineEnds: TypeAlias = Callable[[bytes, int, int], int]
LineHash: TypeAlias = Callable[[bytes, int], tuple[int, int] | None]
"""Of a plain text; in Python there is but the general way (`collect/line_hash.py`)."""
Common: TypeAlias = Callable[[bytes, bytes, int], list[tuple[int, int, int]]]
"""In Python it stands in `collect/likeness.py`."""


def stands_anew(text: bytes, kept: Kept, mark: bytes) -> bool:
    """Whether a mark stands anywhere but wholly in what was kept."""
    size = len(mark)
    at = 0
    for here, _, length in kept:
        if mark in text[max(0, at - size) : here + size]:
            return True
        at = here + length
    return mark in text[max(0, at - size) :]


_BESIDE, _WORD, _TOGETHER = 256, 4096, 65_536
_BREAKS = b"\n\t \"'<>"


def stretches(text: bytes, ends: list[int]) -> list[tuple[int, int]]:
    """Spans around escapes that stand together. Those closer than 256 bytes do, up to 64 KiB, with so
    much of their lines around them; a word that reaches further is followed for 4 KiB, so that no
    token is cut."""
    found = []
    at = 0
    while at < len(ends):
        first = last = ends[at]
        at += 1
        while at < len(ends) and ends[at] - last < _BESIDE and ends[at] - first < _TOGETHER:
            last = ends[at]
            at += 1
        found.append((_left(text, first - 1), _right(text, last)))
    return found


def _left(text: bytes, escape: int) -> int:
    """Where the line begins, or a word not far before the escape."""
    floor = max(0, escape - _BESIDE)
    line = text.rfind(b"\n", floor, escape)
    if line >= 0 or not floor:
        return line + 1
    lowest = max(0, floor - _WORD)
    return max(lowest, 1 + max(text.rfind(one, lowest, floor) for one in _BREAKS))


def _right(text: bytes, escape: int) -> int:
    """Where the line ends, or a word not far behind the escape."""
    ceiling = min(len(text), escape + _BESIDE)
    line = text.find(b"\n", escape, ceiling)
    if line >= 0:
        return line
    highest = min(len(text), ceiling + _WORD)
    found = [text.find(one, ceiling, highest) for one in _BREAKS]
    return min((one for one in found if one >= 0), default=highest)


def gathered(text: bytes, ends: list[int], others: list[list[int]]) -> tuple[list[int], bytes]:
    """How many ends of each of the others lie in the stretches around escapes; and what the stretches
    hold, on end, the length of each before it."""
    spans = stretches(text, ends)
    counts = [
        sum([bisect_right(other, end) - bisect_left(other, start) for start, end in spans])
        for other in others
    ]
    parts = [(end - start).to_bytes(8, "little") + text[start:end] for start, end in spans]
    return counts, b"".join(parts)


_STEP = 256


def same(text: bytes, here: int, other: bytes, there: int) -> int:
    """How many bytes are the same in two texts from an offset in each on."""
    most = min(len(text) - here, len(other) - there)
    done, step = 0, _STEP
    while text[here + done : here + done + step] == other[there + done : there + done + step]:
        done += step
        if done >= most:
            return most
        step *= 2
    low, high = done, min(done + step, most)
    while low < high:
        middle = (low + high + 1) // 2
        if text[here + low : here + middle] == other[there + low : there + middle]:
            low = middle
        else:
            high = middle - 1
    return low


def holds_one(text: bytes, words: tuple[bytes, ...]) -> bool:
    """Whether one of some words, each of two bytes or more, is in a text."""
    return any(word in text for word in words)


def line_ends(text: bytes, at: int, end: int) -> int:
    """How many lines end between two places."""
    return text.count(b"\n", at, end)


class Loops(Struct, frozen=True):
    """See the functions above for what each does."""

    stands_anew: Callable[[bytes, Kept, bytes], bool]
    stretches: Callable[[bytes, list[int]], list[tuple[int, int]]]
    gathered: Gathered
    same: Same
    holds_one: HoldsOne
    line_ends: LineEnds
    line_hash: LineHash | None = None
    common: Common | None = None


PLAIN = Loops(stands_anew, stretches, gathered, same, holds_one, line_ends)


@cache
def accelerated() -> Loops | None:
    """The same in C; None where it was not built."""
    if _accelerator is None:
        return None
    return Loops(
        _accelerator.stands_anew, _accelerator.stretches, _accelerator.gathered,
        _accelerator.same, _accelerator.holds_one, _accelerator.line_ends, _accelerator.line_hash,
        _accelerator.common,
    )  # fmt: skip


def fastest() -> Loops:
    """What there is, or, if that is not wanted, what there is in any case."""
    return accelerated() or PLAIN if accelerator.is_wanted() else PLAIN
