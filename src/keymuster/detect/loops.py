"""The inner loops of reading a text that is made of another: in C where that was built, else as they
stand here. `_accelerator.c` has the same; whatever one returns, the other does too."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct

from keymuster import accelerator

try:
    from keymuster.detect import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]

Hit: TypeAlias = tuple[int, int, int]
"""End, number of the gate, bytes from there to the begin (0 where that was not asked); they count in
this order."""

Kept: TypeAlias = Sequence[tuple[int, int, int]]
"""What a text has from another one: (offset, offset in the other, bytes), ascending, apart."""

Run: TypeAlias = tuple[int, int, int, int, int]
"""What is taken over (first, last, shift, floor, ceiling): the hits of the other text whose ends lie,
once moved by `shift`, from `first` to `last`; all that may have had a say lies between `floor` and
`ceiling`."""

Span: TypeAlias = tuple[int, int]
"""Where hits are to be searched for: those whose ends lie between two offsets."""

Answer: TypeAlias = tuple[int, int, int, tuple[Any, ...]]
"""What a hit led to: how many bytes before and behind its end had a say, where the end was then, and
what was found."""

Same: TypeAlias = Callable[[bytes, int, bytes, int], int]
LineHash: TypeAlias = Callable[[bytes, int], tuple[int, int] | None]
"""Of a plain text; in Python there is but the general way (`collect/line_hash.py`)."""

NOWHERE = 1 << 60
"""An offset further away than anything can have a say from."""

Merged: TypeAlias = tuple[list[int], list[tuple[int, int]], list[Answer | None], set[int]]
"""Ends, the rest of each hit, answers, and the places of those answers that depend on what is far."""


def planned(kept: Kept, size: int, other: int, width: int) -> tuple[list[Run], list[Span]]:
    """Which hits of a text of a `size` are those of the other, and where the rest are to be searched
    for; both empty if nothing can be taken over. `width` bytes have a say in a hit."""
    runs: list[Run] = []
    spans: list[Span] = []
    done = 0  # hits that end up to here are there
    for here, there, length in kept:
        begins = here == there == 0
        ends = here + length == size and there + length == other
        first = 0 if begins else here + width + 1
        last = here + length - (not ends)
        if first >= last:
            continue
        if first - done > 1:
            spans.append((done, first))
        floor, ceiling = -NOWHERE if begins else here, NOWHERE if ends else here + length
        runs.append((first, last, here - there, floor, ceiling))
        done = last
    if runs and size > done:
        spans.append((done, size + 1))
    return runs, spans


def merged(
    found: list[Hit],
    runs: list[Run],
    ends: list[int],
    marks: list[tuple[int, int]],
    answers: list[Answer | None],
    far: set[int],
    near: int,
) -> Merged:
    """New hits, and between them those of the runs, with the answers that still hold. Of the other
    text come `ends`, `marks`, `answers` and `far`; an answer is far that depends on more than `near`
    bytes on a side."""
    into: Merged = [], [], [], set()
    at = 0
    for run in runs:
        new = bisect_left(found, (run[0], 0, 0), at)
        _add(into, found[at:new])
        at = new
        _inherit(into, run, ends, marks, answers, far, near)
    _add(into, found[at:])
    return into


def _add(into: Merged, found: list[Hit]) -> None:
    if found:
        ends, marks, answers, _ = into
        ends += [end for end, _, _ in found]
        marks += [(number, back) for _, number, back in found]
        answers += [None] * len(found)


def _inherit(
    into: Merged, run: Run, ends: list[int], marks: list[tuple[int, int]],
    answers: list[Answer | None], far: set[int], near: int,
) -> None:  # fmt: skip
    first, last, shift, floor, ceiling = run
    begin = bisect_left(ends, first - shift)
    stop = bisect_right(ends, last - shift)
    if begin == stop:
        return
    to_ends, to_marks, to_answers, to_far = into
    base = len(to_ends)
    to_ends += [end + shift for end in ends[begin:stop]] if shift else ends[begin:stop]
    to_marks += marks[begin:stop]
    to_answers += answers[begin:stop]
    left = bisect_right(to_ends, floor + near, base)
    right = bisect_left(to_ends, ceiling - near, left)
    further = [base + at - begin for at in far if begin <= at < stop]
    for at in (*range(base, left), *range(right, len(to_ends)), *further):
        answer = to_answers[at]
        if answer is None:
            continue
        end = to_ends[at]
        if end - answer[0] < floor or end + answer[1] > ceiling:
            to_answers[at] = None
        elif answer[0] > near or answer[1] > near:
            to_far.add(at)


def grouped(
    ends: list[int], marks: list[tuple[int, int]], first: int, groups: list[int]
) -> dict[int, list[int]]:
    """Where gates of a group hit whose numbers are not below `first`; `groups` has that of each from
    there on."""
    found: dict[int, list[int]] = {}
    for end, (number, _) in zip(ends, marks, strict=True):
        if number >= first:
            found.setdefault(groups[number - first], []).append(end)
    return found


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


class Loops(Struct, frozen=True):
    """See the functions above for what each does."""

    planned: Callable[[Kept, int, int, int], tuple[list[Run], list[Span]]]
    merged: Callable[
        [
            list[Hit], list[Run], list[int], list[tuple[int, int]], list[Answer | None], set[int],
            int,
        ],
        Merged,
    ]  # fmt: skip
    grouped: Callable[[list[int], list[tuple[int, int]], int, list[int]], dict[int, list[int]]]
    stands_anew: Callable[[bytes, Kept, bytes], bool]
    stretches: Callable[[bytes, list[int]], list[tuple[int, int]]]
    same: Same
    line_hash: LineHash | None = None


PLAIN = Loops(planned, merged, grouped, stands_anew, stretches, same)


@cache
def accelerated() -> Loops | None:
    """The same in C; None where it was not built."""
    if _accelerator is None:
        return None
    return Loops(
        _accelerator.planned, _accelerator.merged, _accelerator.grouped,
        _accelerator.stands_anew, _accelerator.stretches, _accelerator.same,
        _accelerator.line_hash,
    )  # fmt: skip


def fastest() -> Loops:
    """What there is, or, if that is not wanted, what there is in any case."""
    return accelerated() or PLAIN if accelerator.is_wanted() else PLAIN
