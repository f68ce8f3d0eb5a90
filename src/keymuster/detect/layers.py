"""Gates that are searched for together, in a whole text or only where it differs from another one."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias

from msgspec import Struct

from keymuster.detect import patterns, runs
from keymuster.detect.hits import Hit, Hits, Plain, planned
from keymuster.detect.loops import Kept
from keymuster.detect.patterns import Pattern
from keymuster.detect.seen import Keep, Seen
from keymuster.detect.windows import NOWHERE, Windows
from keymuster.errors import Unreadable

LARGEST = 2**32 - 1
"""Bytes that Hyperscan can search at once; it counts them in 32 bits."""

_TOO_LARGE = "holds more than 4 GiB in one piece; it was not searched"

_NONE = (-1, -1)

Scan: TypeAlias = Callable[[bytes], object]
"""A search of a text whose hits somebody takes."""


class Layer:
    """Gates that are searched for together. They are made when they are needed, by their numbers;
    those of the numbers from 0 on that have more to say than that they hit are `gated`. `key` names
    them all, empty if nobody did. `widest` is how wide they are, if that is known without them. With
    `beside_runs`, each match of each of them holds a long run."""

    def __init__(
        self, key: str, gated: Sequence[Pattern], gates: Callable[[], Mapping[int, Pattern]],
        widest: int | None = None, beside_runs: bool = False,
    ) -> None:  # fmt: skip
        self.key = key
        self.gates = gates
        self._widest = widest
        self._beside_runs = runs.fastest() if beside_runs else None
        self._gated = gated
        self._first = 0

    def numbered_from(self, first: int) -> Layer:
        """The same layer, with higher numbers."""
        from copy import copy  # only for who reads versions

        self.open()
        other = copy(self)
        other._first = first
        return other

    @cached_property
    def width(self) -> int:
        """Bytes that have a say in whether a gate hits: one may ask what stands before it."""
        if self._widest is None:
            self._widest = max(gate.width for gate in self.gates().values())
        return 1 + self._widest

    @cached_property
    def _database(self) -> tuple[Any, Any]:
        from keymuster.detect.database import open_database

        return open_database(self.key, self.gates)

    def open(self) -> None:
        """Open the database now, so that processes forked later share it."""
        self._database  # noqa: B018

    def search(self, content: bytes, found: list[Hit]) -> None:
        """Add every hit; of those at each further byte of a long run, only what can count."""
        self.scan(content, self._keeper(content, found))

    def keeper(self, seen: Seen) -> Keep:
        """What takes the hits of this layer for a text of which parts may come again: of those at each
        further byte of a long run, what can count in any of them."""
        gates = [(-1 if one.length is None else one.length, one.free) for one in self._gated]
        return seen.keeper(self._first, gates)

    def scan(self, content: bytes, keep: Keep) -> None:
        self.scanning(keep)(content)

    def scanning(self, keep: Keep) -> Scan:
        """The same for many contents. Most are so small that what a call costs counts."""
        if self._beside_runs:
            return partial(self._scan_beside_runs, self._beside_runs, keep)
        database, scratch = self._database
        return partial(database.scan, match_event_handler=keep, scratch=scratch)

    def _scan_beside_runs(
        self, beside: Callable[[bytes, int], bytes], keep: Keep, content: bytes
    ) -> None:
        text = beside(content, self.width)
        if text:
            database, scratch = self._database
            place = self._placing(content, keep)
            database.scan(text, match_event_handler=place, scratch=scratch)

    def _placing(self, content: bytes, keep: Keep) -> Keep:
        """Gives on the hits beside long runs of a content, by their places there. They are few."""
        windows: Windows | None = None

        def place(number: int, begin: int, end: int, flags: int, context: Any) -> None:
            nonlocal windows
            if windows is None:
                windows = Windows(content, runs.spans(content, self.width), self.width)
            there = windows.place(end)
            if there != NOWHERE:
                keep(number, max(0, there - end + begin), there, flags, context)

        return place

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

    def _keeper(self, content: bytes, found: list[Hit]) -> Keep:
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
                    if begin == last[0]:
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


def search(layers: Sequence[Layer], content: bytes) -> list[Hit]:
    """Every hit of some layers, in order; Unreadable for a content that is too long."""
    if len(content) > LARGEST:
        raise Unreadable(_TOO_LARGE)
    found: list[Hit] = []
    for layer in layers:
        layer.search(content, found)
    found.sort()
    return found


class Searched(Struct, frozen=True):
    """Layers to search with. `width` is the largest of theirs; what was `seen` is not searched again: it
    takes what the `scans` find, one for each layer."""

    layers: Sequence[Layer]
    width: int
    seen: Seen | None
    scans: Sequence[Scan]

    @classmethod
    def of(cls, layers: Sequence[Layer], width: int, seen: Seen | None) -> Searched:
        scans = [] if seen is None else [layer.scanning(layer.keeper(seen)) for layer in layers]
        return cls(layers, width, seen, scans)

    def read(self, content: bytes, other: Hits | None, size: int, kept: Kept) -> Hits:
        """The hits of a text of which some is kept from another of a `size`, with the answers that
        nothing but what is kept had a say in."""
        if self.seen is not None:
            return self.seen.read(content, other, size, kept, self._search)
        if other is None:
            return Plain(search(self.layers, content))
        assert isinstance(other, Plain)
        runs, spans = planned(kept, len(content), size, self.width)
        if not runs:
            return Plain(search(self.layers, content))
        found = []
        if spans:
            windows = Windows(content, spans, self.width)
            found = windows.placed(search(self.layers, windows.text))
        return Plain.merged(found, runs, other)

    def _search(self, text: bytes) -> None:
        if len(text) > LARGEST:
            raise Unreadable(_TOO_LARGE)
        for scan in self.scans:
            scan(text)
