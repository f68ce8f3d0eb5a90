"""Gates that are searched for together, in a whole text or only where it differs from another one."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from msgspec import Struct

from keymuster.detect import patterns
from keymuster.detect.patterns import Pattern
from keymuster.errors import Unreadable

LARGEST = 2**32 - 1
"""Bytes that Hyperscan can search at once; it counts them in 32 bits."""

Hit: TypeAlias = tuple[int, int, int]
"""End, number of the gate, bytes from there to the begin (0 where that was not asked); they count in
this order."""

Kept: TypeAlias = Sequence[tuple[int, int, int]]
"""What a text has from another one: (offset, offset in the other, bytes), ascending, apart."""

Answer: TypeAlias = tuple[int, int, int, tuple[Any, ...]]
"""What a hit led to: how many bytes before and behind its end had a say, where the end was then, and
what was found."""

_NEAR = 2048
"""Bytes around a hit of which few answers depend on more."""

_NONE = (-1, -1)
_FREE = re.compile(patterns.LEFT_EDGE.encode())


class Hits(Struct):
    """The hits of a layer in one text, in order, each with its answer. `marks` are all of a hit but
    its end. The answers at `far` depend on more than what is near."""

    ends: list[int] = []
    marks: list[tuple[int, int]] = []
    answers: list[Answer | None] = []
    far: set[int] = set()

    def is_repeated(self, at: int) -> bool:
        """Whether another hit of the same gate before this one begins at the same place."""
        number, back = self.marks[at]
        if not back:
            return False
        start = self.ends[at] - back
        for before in range(at - 1, -1, -1):
            if self.ends[before] <= start:
                return False
            if self.marks[before] == (number, self.ends[before] - start):
                return True
        return False

    def answer(self, at: int, answer: Answer) -> None:
        self.answers[at] = answer
        if answer[0] > _NEAR or answer[1] > _NEAR:
            self.far.add(at)


class Layer:
    """`gates` are made when they are needed, by their numbers; those of the numbers from 0 on that
    have more to say than that they hit are `gated`. `key` names them all, empty if nobody did."""

    def __init__(
        self, key: str, gated: Sequence[Pattern], gates: Callable[[], Mapping[int, Pattern]]
    ) -> None:
        self._key = key
        self._gated = gated
        self._gates = gates

    @cached_property
    def _width(self) -> int:
        """Bytes that have a say in whether a gate hits: one may ask what stands before it."""
        return 1 + max(gate.width for gate in self._gates().values())

    @cached_property
    def _database(self) -> tuple[Any, Any]:
        from keymuster.detect.database import open_database

        return open_database(self._key, self._gates)

    def open(self) -> None:
        """Open the database now, so that processes forked later share it."""
        self._database  # noqa: B018

    def search(self, content: bytes) -> list[Hit]:
        """Every hit, in order; of those at each further byte of a long run, only what can count.
        Unreadable for a content that is too long."""
        if len(content) > LARGEST:
            raise Unreadable("holds more than 4 GiB in one piece; it was not searched")
        found: list[Hit] = []
        database, scratch = self._database
        database.scan(content, match_event_handler=self._keeper(content, found), scratch=scratch)
        found.sort()
        return found

    def ends(self, content: bytes, most: int) -> tuple[dict[int, array[int]], bool]:
        """Where each gate hit, and whether that is everywhere: after more than `most` hits of one
        gate the search ends."""
        import hyperscan

        found: dict[int, array[int]] = {}

        def keep(number: int, _: int, end: int, __: int, ___: Any) -> bool:
            ends = found.setdefault(number, array("Q"))
            ends.append(end)
            return len(ends) > most

        database, scratch = self._database
        try:
            database.scan(content, match_event_handler=keep, scratch=scratch)
        except hyperscan.ScanTerminated:
            return found, False
        return found, True

    def fresh(self, content: bytes) -> Hits:
        """The hits of a whole text, none of them answered."""
        found = self.search(content)
        return Hits(
            ends=[end for end, _, _ in found],
            marks=[(number, back) for _, number, back in found],
            answers=[None] * len(found),
        )

    def again(self, content: bytes, other: Hits, size: int, kept: Kept) -> Hits:
        """The hits of a text of which some is kept from another of a `size`, with the answers that
        nothing but what is kept had a say in."""
        hits = Hits()
        done = 0  # hits that end up to here are there
        for here, there, length in kept:
            whole = here == there == 0
            last = here + length == len(content) and there + length == size
            first = 0 if whole else here + self._width + 1
            end = here + length - (not last)
            if first >= end:
                continue
            self._between(content, hits, done, first)
            self._inherit(hits, other, (first, end), (here, there, length), whole, last)
            done = end
        self._between(content, hits, done, len(content) + 1)
        return hits

    def _between(self, content: bytes, hits: Hits, after: int, before: int) -> None:
        """Search for the hits whose ends lie between two offsets."""
        if before - after < 2:
            return
        start, stop = max(0, after - self._width), min(len(content), before)
        window = content if stop - start == len(content) else memoryview(content)[start:stop]
        if stop - start > LARGEST:
            raise Unreadable("holds more than 4 GiB in one piece; it was not searched")
        found: list[Hit] = []
        database, scratch = self._database
        database.scan(window, match_event_handler=self._keeper(window, found), scratch=scratch)
        if not found:
            return
        found.sort()
        new = [one for one in found if after < start + one[0] < before]
        hits.ends += [start + end for end, _, _ in new]
        hits.marks += [(number, back) for _, number, back in new]
        hits.answers += [None] * len(new)

    @staticmethod
    def _inherit(
        hits: Hits, other: Hits, ends: tuple[int, int], run: tuple[int, int, int],
        whole: bool, last: bool,
    ) -> None:  # fmt: skip
        """Take over the hits of the other text whose ends, moved, lie between two offsets."""
        here, there, length = run
        shift = here - there
        begin = bisect_left(other.ends, ends[0] - shift)
        stop = bisect_right(other.ends, ends[1] - shift)
        if begin == stop:
            return
        base = len(hits.ends)
        hits.ends += [end + shift for end in other.ends[begin:stop]]
        hits.marks += other.marks[begin:stop]
        hits.answers += other.answers[begin:stop]
        floor, ceiling = (-1 << 60 if whole else here), (1 << 60 if last else here + length)
        left = bisect_right(hits.ends, floor + _NEAR, base)
        right = bisect_left(hits.ends, ceiling - _NEAR, base)
        doubtful = {*range(base, left), *range(right, len(hits.ends))}
        doubtful.update(base + at - begin for at in other.far if begin <= at < stop)
        for at in doubtful:
            answer = hits.answers[at]
            if answer is None:
                continue
            end = hits.ends[at]
            if end - answer[0] < floor or end + answer[1] > ceiling:
                hits.answers[at] = None
            elif answer[0] > _NEAR or answer[1] > _NEAR:
                hits.far.add(at)

    def _keeper(
        self, content: bytes | memoryview, found: list[Hit]
    ) -> Callable[[int, int, int, int, Any], None]:
        """Keeps the hits of a search, without those at each further byte of a long run: what begins
        at the same place as the one before, or inside a word."""
        gated, most = self._gated, len(self._gated)
        before: dict[int, tuple[int, int]] = {}

        def keep(number: int, begin: int, end: int, _: int, __: Any) -> None:
            back = 0
            if number < most:
                last = before.get(number, _NONE)
                before[number] = begin, end
                gate = gated[number]
                length = gate.length
                if length is None:
                    if begin == last[0]:
                        return
                    back = end - begin
                elif end == last[1] + 1 and gate.free and not _FREE.match(content, end - length):
                    return
            found.append((end, number, back))

        return keep
