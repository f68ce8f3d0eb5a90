"""Several small texts, searched at once: to begin a search takes longer than to search what they hold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

from keymuster import cache, regex
from keymuster.detect.layers import Layer
from keymuster.detect.patterns import Pattern


class Several:
    """Says in which of several texts a gate of some layers hits; in the others, there is nothing to find. `key` names
    the layers, if anybody does."""

    def __init__(self, layers: Iterable[Layer], key: str) -> None:
        self._layers = tuple(layers)
        self._key = key

    def hit(self, texts: Sequence[bytes], joined: bytes) -> Sequence[int]:
        """The numbers of those texts, and perhaps of one beside them; `joined` are all, with line feeds between."""
        if any(byte in joined for byte in self.apart):
            return range(len(texts))
        places: list[int] = []

        def note(_: int, __: int, end: int, ___: int, ____: object) -> None:
            places.append(end)

        for layer in self._layers:
            layer.scan(joined, note)
        if not places:
            return ()
        ends = [
            *accumulate(len(text) + 1 for text in texts)
        ]  # with the line feed, which may be a part of the hit
        numbers = {bisect_left(ends, place) for place in places}
        return sorted(numbers)

    @cached_property
    def apart(self) -> bytes:
        """Bytes without which no gate asks where a text begins or ends, but for what a line feed is as good as."""
        return cache.derived(self._key and f"several-{self._key}.bin", bytes, self._apart)

    def _apart(self) -> bytes:
        needed = 0
        for layer in self._layers:
            for gate in layer.gates().values():
                if _MAY_ASK.search(gate.gate):
                    needed |= needed_by(gate)
        return bytes(byte for byte in range(256) if needed >> byte & 1)


_MAY_ASK = regex.later(r"(?<!\[)[\^$]|\\[AZz]")


def needed_by(gate: Pattern) -> int:
    """A mask of bytes, one of which stands in all that hits only because a text begins or ends there."""
    from keymuster.rules import re2

    return re2.at_edges(re2.parse(f"(?i:{gate.gate})" if gate.caseless else gate.gate))
