"""The hits in a text, each with what it led to, and which of them are those of a text it is made of.

In C where that was built (`_accelerator.c`), else as it stands here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, Protocol, Self, TypeAlias

from keymuster.detect.loops import Kept

Hit: TypeAlias = tuple[int, int, int]
"""End, number of the gate, bytes from there to the begin (0 where that was not asked); they count in
this order."""

Answer: TypeAlias = tuple[int, int, int, tuple[Any, ...]]
"""What a hit led to: how many bytes before and behind its end had a say, where the end was then, and
what was found."""

Run: TypeAlias = tuple[int, int, int, int, int]
"""What is taken over (first, last, shift, floor, ceiling): the hits of the other text whose ends lie,
once moved by `shift`, from `first` to `last`; all that may have had a say lies between `floor` and
`ceiling`."""

Span: TypeAlias = tuple[int, int]
"""Where hits are to be searched for: those whose ends lie between two offsets."""

_NOWHERE = 1 << 60
"""An offset further away than anything can have a say from."""

_NEAR = 2048
"""Bytes around a hit of which few answers depend on more."""


class Hits(Protocol):
    """The hits in one text, in order."""

    def __len__(self) -> int: ...

    def hit(self, at: int, /) -> Hit: ...

    def answer_of(self, at: int, /) -> Answer | None: ...

    def answer(self, at: int, answer: Answer, /) -> None: ...

    def is_repeated(self, at: int, /) -> bool:
        """Whether another hit of the same gate before this one begins at the same place."""

    def grouped(self, first: int, groups: list[int], /) -> dict[int, list[int]]:
        """Where gates of a group hit whose numbers are not below `first`; `groups` has that of each from
        there on."""


class Plain:
    """The same in Python. The answers at `_far` depend on more than what is near."""

    def __init__(self, found: Iterable[Hit] = ()) -> None:
        self._ends: list[int] = []
        self._marks: list[tuple[int, int]] = []
        self._answers: list[Answer | None] = []
        self._far: set[int] = set()
        self._add(list(found))

    @classmethod
    def merged(cls, found: list[Hit], runs: list[Run], other: Self) -> Self:
        """New hits, and between them those of the runs, with the answers that still hold."""
        made = cls()
        at = 0
        for run in runs:
            new = bisect_left(found, (run[0], 0, 0), at)
            made._add(found[at:new])
            at = new
            made._inherit(run, other)
        made._add(found[at:])
        return made

    def __len__(self) -> int:
        return len(self._ends)

    def hit(self, at: int) -> Hit:
        return self._ends[at], *self._marks[at]

    def answer_of(self, at: int) -> Answer | None:
        return self._answers[at]

    def answer(self, at: int, answer: Answer) -> None:
        self._answers[at] = answer
        if answer[0] > _NEAR or answer[1] > _NEAR:
            self._far.add(at)

    def is_repeated(self, at: int) -> bool:
        number, back = self._marks[at]
        if not back:
            return False
        start = self._ends[at] - back
        for before in range(at - 1, -1, -1):
            if self._ends[before] <= start:
                return False
            if self._marks[before] == (number, self._ends[before] - start):
                return True
        return False

    def grouped(self, first: int, groups: list[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for end, (number, _) in zip(self._ends, self._marks, strict=True):
            if number >= first:
                found.setdefault(groups[number - first], []).append(end)
        return found

    def _add(self, found: list[Hit]) -> None:
        if found:
            self._ends += [end for end, _, _ in found]
            self._marks += [(number, back) for _, number, back in found]
            self._answers += [None] * len(found)

    def _inherit(self, run: Run, other: Self) -> None:
        first, last, shift, floor, ceiling = run
        begin = bisect_left(other._ends, first - shift)
        stop = bisect_right(other._ends, last - shift)
        if begin == stop:
            return
        ends, answers = self._ends, self._answers
        base = len(ends)
        taken = other._ends[begin:stop]
        ends += [end + shift for end in taken] if shift else taken
        self._marks += other._marks[begin:stop]
        answers += other._answers[begin:stop]
        left = bisect_right(ends, floor + _NEAR, base)
        right = bisect_left(ends, ceiling - _NEAR, left)
        further = [base + at - begin for at in other._far if begin <= at < stop]
        for at in (*range(base, left), *range(right, len(ends)), *further):
            answer = answers[at]
            if answer is None:
                continue
            end = ends[at]
            if end - answer[0] < floor or end + answer[1] > ceiling:
                answers[at] = None
            elif answer[0] > _NEAR or answer[1] > _NEAR:
                self._far.add(at)


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
        floor, ceiling = -_NOWHERE if begins else here, _NOWHERE if ends else here + length
        runs.append((first, last, here - there, floor, ceiling))
        done = last
    if runs and size > done:
        spans.append((done, size + 1))
    return runs, spans
