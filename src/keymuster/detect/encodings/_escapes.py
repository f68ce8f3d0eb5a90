"""Escapes: text in which some characters are spelled with several, and the rest stand for
themselves. What is found is placed exactly."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from keymuster import regex
from keymuster.detect import loops
from keymuster.detect.encodings.base import Encoding, Ends, Gate, Piece

_LONGEST = 65_536
"""Source decoded at once; a longer stretch is decoded in pieces that overlap by a word."""


def encoding(name: str, gate: str, escape: str, meaning: Callable[[bytes], bytes]) -> Encoding:
    """An encoding by its gate, its escapes (a regular expression without groups), and what one
    escape stands for; an escape that stands for nothing comes back as it is."""
    pattern = regex.later(f"({escape})".encode())

    def gates(_: Sequence[bytes]) -> list[Gate]:
        return [(gate, 0)]

    def decode(text: bytes, ends: Ends, _: int) -> Iterator[Piece]:
        known: dict[bytes, bytes] = {}
        spelling = _Spelling()
        for start, end in loops.fastest().stretches(text, [*ends.get(0, ())]):
            parts = pattern.split(text[start:end])
            for spelled in {*parts[1::2]} - known.keys():
                known[spelled] = meaning(spelled)
            spelling.add(start, parts, [known[one] for one in parts[1::2]])
            if spelling.size >= _LONGEST:
                yield _piece(name, spelling)
                spelling = _Spelling()
        if spelling.size:
            yield _piece(name, spelling)

    return Encoding(gates=gates, decode=decode, in_binary=False, escapes=True, spells=True)


def _piece(name: str, spelling: _Spelling) -> Piece:
    return Piece(
        text=b"".join(spelling.parts),
        start=spelling.spans[0][0],
        end=spelling.spans[-1][1],
        encoding=name,
        offsets=spelling.source,
        spans=spelling.spans,
    )


_GAP = b"\n\0\n"
"""Between stretches that are decoded together; nothing that is found goes across."""


class _Spelling:
    """Decoded stretches of one text, made to say where each part of them stood."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        """Text that stands for itself, and what an escape stands for, or a gap, in turn."""
        self.spans: list[tuple[int, int]] = []
        self.size = 0
        self._lengths: list[int] = []
        self._gaps: list[int] = []

    def add(self, start: int, parts: list[bytes], meanings: list[bytes]) -> None:
        """One more stretch: its parts, every second an escape, and what the escapes stand for."""
        if self.spans:
            self._gaps.append(len(self.parts))
            self.parts.append(_GAP)
            self._lengths.append(start - self.spans[-1][1])
        lengths = [*map(len, parts)]
        parts[1::2] = meanings
        size = sum(lengths)
        self.parts += parts
        self._lengths += lengths
        self.spans.append((start, start + size))
        self.size += size

    @cached_property
    def _places(self) -> tuple[list[int], list[int]]:
        """Where each part begins, in the decoded text and in the source, and where the last ends."""
        decoded = [*accumulate(map(len, self.parts), initial=0)]
        return decoded, [*accumulate(self._lengths, initial=self.spans[0][0])]

    def source(self, begin: int, end: int) -> tuple[int, int] | None:
        """The span of the source for a span of the decoded text; None if it spans a gap."""
        decoded, source = self._places
        first = bisect_right(decoded, begin) - 1
        last = bisect_left(decoded, end) - 1
        if bisect_left(self._gaps, first) != bisect_right(self._gaps, last):
            return None
        start = source[first] if first % 2 else source[first] + begin - decoded[first]
        stop = source[last + 1] if last % 2 else source[last] + end - decoded[last]
        return start, stop
