"""The parts of a text that hold all that has a say in hits between some places, on end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from keymuster.detect.hits import Hit, Span

NOWHERE = -1


class Windows:
    """What has to be searched for hits that end inside of spans: `width` bytes have a say in each."""

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

    def place(self, end: int) -> int:
        """Where in the content a hit ends that ends here in what is searched; `NOWHERE` for one that
        reaches over from one window to the next, or lies outside of the spans."""
        window = bisect_left(self._stops, end)
        place = end + self._shifts[window]
        after, before = self._spans[window]
        return place if after < place < before else NOWHERE

    def placed(self, inside: list[Hit]) -> list[Hit]:
        """Those of hits in what is searched that are hits in the content, by their places there."""
        found = []
        for end, number, back in inside:
            place = self.place(end)
            if place != NOWHERE:
                found.append((place, number, back))
        return found
