"""Text that comes back: what hits in it is known from the first time.

Most of what differs between two versions of a file stands in other versions, too. Where there is the C
accelerator, text is cut into chunks of a few lines, and only those are searched that were not seen
before with the same surroundings. Without it, all is searched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol

from keymuster import accelerator
from keymuster.detect.dead_ends import DeadEnds, Plain
from keymuster.detect.words import Word

try:
    from keymuster.detect import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]

_TABLE = 16 * 1024 * 1024
"""Bytes for digests of chunks in which nothing hits, eight for each. What finds no place takes that of
another."""

_DEAD_ENDS = 8 * 1024 * 1024
"""Bytes for hits that led to nothing, sixteen for each."""


class Seen(Protocol):
    """What is known of texts in which the same is searched for."""

    def search(
        self,
        content: bytes,
        spans: list[tuple[int, int]],
        function: Callable[[bytes], list[tuple[int, int, int]]],
    ) -> list[tuple[int, int, int]]:
        """The hits whose ends lie between the two offsets of a span; spans ascend, apart. The function
        searches a text and is given what is new, on end: (end, number, bytes from there to the begin)
        in order, none of them left out."""


class Memory:
    """What all processes share that are forked from this one: it is made before that."""

    def __init__(self) -> None:
        from mmap import mmap

        self._key = b""
        if _accelerator is not None and accelerator.is_wanted():
            self._key = os.urandom(_accelerator.KEY_BYTES)
            self._table = mmap(-1, _TABLE)
            self._dead_ends = mmap(-1, _DEAD_ENDS)

    def of(self, width: int) -> Seen | None:
        """What is known of hits in which `width` bytes have a say; None where all is searched."""
        if not self._key or width > _accelerator.WIDEST:
            return None
        found: Seen = _accelerator.Seen(self._table, self._key, width)
        return found

    def dead_ends(self, first: int, words: Sequence[Word]) -> DeadEnds:
        """What is known of hits that led to nothing; those of the words are numbered from `first` on."""
        if not self._key:
            return Plain(first, words)
        about = [
            (len(one.text), min([each.least for each in one.followers]), one.characters)
            for one in words
        ]
        found: DeadEnds = _accelerator.DeadEnds(self._dead_ends, self._key, first, about)
        return found
