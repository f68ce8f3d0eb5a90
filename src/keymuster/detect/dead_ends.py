"""Hits that led to nothing: another one of the same gate does, too, where it stands in the same text.

How much of the text around a hit is the same is looked at in two ways: its lines, which come back in
many places, and a stretch of bytes. In C where that was built, where all processes share what they
learn, else as it stands here; both give the same answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from keymuster.detect.hits import Answer, Hit, Hits
from keymuster.detect.words import BEFORE, Word

LEAD_IN_LINE, LEAD, LEAD_OF_WORD, REST = 336, 400, 128, 256
"""Bytes before the end of a hit and behind it that are looked at."""

NO_ANSWER: Answer = 0, 0, 0, ()
"""To what leads to nothing, wherever it stands."""

_MOST_REMEMBERED = 40_000

_Around: TypeAlias = tuple[int, int, int, bool, bool, bytes, bytes]
"""A gate, bytes from the begin of its hit to the end, bytes of the text up to there, whether the content
begins and ends where the text does, what else has a say, and the text."""


class DeadEnds(Protocol):
    """What is known of hits, of which `words` are of gates from a number on, behind those of patterns."""

    def next(self, content: bytes, hits: Hits, at: int, binary: bool, about: bytes, /) -> int:
        """Answer hits from a place on that are known to lead to nothing: the place of the first that does
        not, or how many hits there are. `about` names what has a say besides the text, in 16 bytes or
        none."""

    def add(self, content: bytes, hit: Hit, about: bytes, lead: int, rest: int, /) -> None:
        """A hit led to nothing, and so many bytes before and behind its end had a say."""


class Plain:
    """The same in Python."""

    def __init__(self, first: int, words: Sequence[Word]) -> None:
        self._first = first
        self._words = words
        self._known: dict[_Around, tuple[int, int]] = {}

    def next(self, content: bytes, hits: Hits, at: int, binary: bool, about: bytes) -> int:
        for place in range(at, len(hits)):
            answer = hits.answer_of(place)
            if answer is None:
                answer = self._answer(content, hits, place, binary, about)
                if answer is not None:
                    hits.answer(place, answer)
            if answer is None or answer[3]:
                return place
        return len(hits)

    def _answer(
        self, content: bytes, hits: Hits, at: int, binary: bool, about: bytes
    ) -> Answer | None:
        end, number, back = hit = hits.hit(at)
        word = number - self._first
        if word >= len(self._words) or (back and hits.is_repeated(at)):
            return NO_ANSWER
        if word >= 0:
            one = self._words[word]
            if binary:
                return 0, 0, end, ()
            if rest := one.nothing_behind(content, end):
                return len(one.text) + BEFORE, rest, end, ()
        for around in self._arounds(content, hit, about):
            if (known := self._known.get(around)) is not None:
                return *known, end, ()
        return None

    def add(self, content: bytes, hit: Hit, about: bytes, lead: int, rest: int, /) -> None:
        for around in self._arounds(content, hit, about):
            _, _, before, begins, ends, _, text = around
            behind = len(text) - before
            # all there is may have a say: of what is kept with more before it, it is not the same
            if (lead <= before or begins) and (rest <= behind or ends):
                if len(self._known) >= _MOST_REMEMBERED:
                    self._known.clear()
                self._known[around] = min(lead, before + 1), min(rest, behind + 1)
                return

    def _arounds(self, content: bytes, hit: Hit, about: bytes) -> Iterator[_Around]:
        """What stands around a hit: its lines; the same up to the first two bytes behind them that are no
        space; and a stretch of bytes. Of a word, only the last."""
        end, number, back = hit
        stop = min(len(content), end + REST)
        if number < self._first:
            begin = _line_begin(content, end, back)
            line = content.find(b"\n", end, stop) + 1
            if line:
                yield _around(content, hit, about, begin, line)
            yield _around(content, hit, about, begin, _behind(content, line, stop))
            yield _around(content, hit, about, max(0, end - LEAD), stop)
        else:
            yield _around(content, hit, about, max(0, end - LEAD_OF_WORD), stop)


def _around(content: bytes, hit: Hit, about: bytes, begin: int, stop: int) -> _Around:
    end, number, back = hit
    text = content[begin:stop]
    return number, back, end - begin, begin == 0, stop == len(content), about, text


def _line_begin(content: bytes, end: int, back: int) -> int:
    """Where the line break before a hit stands."""
    floor = max(0, end - LEAD_IN_LINE)
    return max(floor, content.rfind(b"\n", floor, max(floor, end - back)))


def _behind(content: bytes, line: int, stop: int) -> int:
    """Where what is looked at behind a line ends, of which 0 says that it does not end."""
    if not line:
        return stop
    left = content[line:stop].lstrip()
    return min(stop, stop - len(left) + 2)
