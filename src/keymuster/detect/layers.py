"""Gates that are searched for together, in a whole text or only where it differs from another one."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any

from msgspec import Struct

from keymuster.detect import patterns
from keymuster.detect.dead_ends import is_repeated
from keymuster.detect.loops import Answer, Hit, Kept, Loops, Run, Span
from keymuster.detect.patterns import Pattern
from keymuster.detect.seen import Seen
from keymuster.errors import Unreadable

LARGEST = 2**32 - 1
"""Bytes that Hyperscan can search at once; it counts them in 32 bits."""

_NEAR = 2048
"""Bytes around a hit of which few answers depend on more."""

_NONE = (-1, -1)


class Hits(Struct):
    """The hits in one text, in order, each with its answer. `marks` are all of a hit but
    its end. The answers at `far` depend on more than what is near."""

    ends: list[int] = []
    marks: list[tuple[int, int]] = []
    answers: list[Answer | None] = []
    far: set[int] = set()

    def is_repeated(self, at: int) -> bool:
        """Whether another hit of the same gate before this one begins at the same place."""
        return is_repeated(self.ends, self.marks, at)

    def answer(self, at: int, answer: Answer) -> None:
        self.answers[at] = answer
        if answer[0] > _NEAR or answer[1] > _NEAR:
            self.far.add(at)


class _Windows:
    """The stretches of a text that hold all that has a say in hits inside of spans, on end."""

    def __init__(self, content: bytes, spans: Sequence[Span], width: int) -> None:
        parts: list[bytes] = []
        self._spans = spans
        self._shifts: list[int] = []
        self._stops: list[int] = []
        at = 0
        for after, before in spans:
            start = max(0, after - width)
            part = content[start:before]
            self._shifts.append(start - at)
            parts.append(part)
            at += len(part)
            self._stops.append(at)
        self.text = b"".join(parts)

    def placed(self, inside: list[Hit]) -> list[Hit]:
        """Hits in what is searched, by their places in the text itself; without those that reach
        over from one window to the next, or lie outside of the spans."""
        found = []
        for end, number, back in inside:
            window = bisect_left(self._stops, end)
            end += self._shifts[window]
            after, before = self._spans[window]
            if after < end < before:
                found.append((end, number, back))
        return found


class Layer:
    """Gates that are searched for together. They are made when they are needed, by their numbers;
    those of the numbers from 0 on that have more to say than that they hit are `gated`. `key` names
    them all, empty if nobody did."""

    def __init__(
        self, key: str, gated: Sequence[Pattern], gates: Callable[[], Mapping[int, Pattern]]
    ) -> None:
        self.key = key
        self.gates = gates
        self._gated = gated
        self._first = 0

    def numbered_from(self, first: int) -> Layer:
        """The same layer, with higher numbers."""
        self.open()
        other = copy(self)
        other._first = first
        return other

    @cached_property
    def width(self) -> int:
        """Bytes that have a say in whether a gate hits: one may ask what stands before it."""
        return 1 + max(gate.width for gate in self.gates().values())

    @cached_property
    def _database(self) -> tuple[Any, Any]:
        from keymuster.detect.database import open_database

        return open_database(self.key, self.gates)

    def open(self) -> None:
        """Open the database now, so that processes forked later share it."""
        self._database  # noqa: B018

    def search(self, content: bytes, found: list[Hit], *, again: bool) -> None:
        """Add every hit; of those at each further byte of a long run, only what can count, or, if
        they come `again` with parts of the content, what can count in any of them."""
        database, scratch = self._database
        keep = self._keeper(content, found, again)
        database.scan(content, match_event_handler=keep, scratch=scratch)

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

    def _keeper(
        self, content: bytes, found: list[Hit], again: bool
    ) -> Callable[[int, int, int, int, Any], None]:
        """Keeps the hits of a search, without those at each further byte of a long run: what begins
        at the same place as the one before, or inside a word."""
        gated, most, first = self._gated, len(self._gated), self._first
        before: dict[int, tuple[int, int]] = {}

        def keep(number: int, begin: int, end: int, _: int, __: Any) -> None:
            back = 0
            if number < most:
                last = before.get(number, _NONE)
                before[number] = begin, end
                gate = gated[number]
                length = gate.length
                if length is None:
                    if begin == last[0] and not again:
                        return
                    back = end - begin
                elif (
                    end == last[1] + 1
                    and gate.free
                    and not patterns.STANDS_FREE.match(content, end - length)
                ):
                    return
            found.append((end, first + number, back))

        return keep


def search(layers: Sequence[Layer], content: bytes, *, again: bool = False) -> list[Hit]:
    """Every hit of some layers, in order; Unreadable for a content that is too long. If they come
    `again` with parts of the content, those that only count in some of them, too."""
    if len(content) > LARGEST:
        raise Unreadable("holds more than 4 GiB in one piece; it was not searched")
    found: list[Hit] = []
    for layer in layers:
        layer.search(content, found, again=again)
    found.sort()
    return found


class Searched(Struct, frozen=True):
    """Layers to search with. `width` is the largest of theirs; what was `seen` is not searched again."""

    layers: Sequence[Layer]
    width: int
    seen: Seen | None
    loops: Loops

    def fresh(self, content: bytes) -> Hits:
        """The hits of a whole text, none of them answered."""
        return self._merged(self._between(content, [(0, len(content) + 1)]), [], Hits())

    def again(self, content: bytes, other: Hits, size: int, kept: Kept) -> Hits:
        """The hits of a text of which some is kept from another of a `size`, with the answers that
        nothing but what is kept had a say in."""
        runs, spans = self.loops.planned(kept, len(content), size, self.width)
        if not runs:
            return self.fresh(content)
        return self._merged(self._between(content, spans) if spans else [], runs, other)

    def _merged(self, found: list[Hit], runs: list[Run], other: Hits) -> Hits:
        return Hits(
            *self.loops.merged(
                found, runs, other.ends, other.marks, other.answers, other.far, _NEAR
            )
        )

    def _between(self, content: bytes, spans: list[Span]) -> list[Hit]:
        """The hits inside of spans, in order."""
        if self.seen is not None and len(content) <= LARGEST:
            return self.seen.search(content, spans, self._again)
        if spans == [(0, len(content) + 1)]:
            return search(self.layers, content)
        windows = _Windows(content, spans, self.width)
        return windows.placed(search(self.layers, windows.text))

    def _again(self, text: bytes) -> list[Hit]:
        return search(self.layers, text, again=True)
