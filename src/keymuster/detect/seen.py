"""Text that comes back: what hits in it is known from the first time.

Most of what differs between two versions of a file stands in other versions, too. Where there is the C
accelerator, text is cut into chunks of a few lines, and only those are searched that were not seen
before with the same surroundings. Without it, all is searched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from keymuster import accelerator
from keymuster.detect.dead_ends import DeadEnds, Plain
from keymuster.detect.hits import Hit, Hits
from keymuster.detect.loops import Kept
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


Keep: TypeAlias = Callable[[int, int, int, int, Any], None]
"""What Hyperscan calls with a hit: number, begin, end, flags, context."""


class Seen(Protocol):
    """What is known of texts in which the same is searched for."""

    def read(
        self,
        content: bytes,
        other: Hits | None,
        size: int,
        kept: Kept,
        function: Callable[[bytes], list[Hit] | None],
        /,
    ) -> Hits:
        """The hits of a text of which some is `kept` from another one of a `size`, with the answers that
        nothing but what is kept had a say in. The function searches a text and is given what is new,
        on end: it returns all hits in order, or has given them to keepers of this one."""

    def keeper(self, first: int, gates: Sequence[tuple[int, bool]], /) -> Keep:
        """What takes the hits of a database while a function of `read` searches. `gates` are those of
        patterns, each with its length, or -1 for one whose hits have a begin of their own, and whether
        it counts only where it stands free; numbers are moved by `first`."""


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

    def dead_ends(self, first: int, words: Sequence[Word], is_seen: bool = True) -> DeadEnds:
        """What is known of hits that led to nothing; those of the words are numbered from `first` on.
        `is_seen` says that the hits come from a `Seen`."""
        if not self._key or not is_seen:
            return Plain(first, words)
        about = [
            (len(one.text), min([each.least for each in one.followers]), one.characters)
            for one in words
        ]
        found: DeadEnds = _accelerator.DeadEnds(self._dead_ends, self._key, first, about)
        return found
