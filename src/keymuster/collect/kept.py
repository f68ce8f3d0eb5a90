"""What readers saw in files, as the next scan of the same files needs it: the records that they gave.

A record holds no secret's text, and what may hold one all the same is not kept: see `harmless.py`. Nor is what
another reading might tell otherwise: a file that could not be read to its end, what a container's limits cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from msgspec import MsgspecError, Struct, msgpack

from keymuster import cache
from keymuster.model import Observation, RiskException, Storage, Trouble

if TYPE_CHECKING:
    from keymuster.collect.base import Blob, Observed

_K = TypeVar("_K")

_STORAGES = (Storage.TREE, Storage.HISTORY)

_MOST_OF_ONE = 1024 * 1024
"""Bytes of what is kept of one file: who declares more in it has it read again."""

MOST_BYTES = 16 * 1024 * 1024
"""Bytes that are kept of one place. To load them takes less than to read the files that they stand for."""

_SPARE = 1024 * 1024
"""Bytes that are kept beside what the last scan needed, if that was little: other scans may be of other folders."""


class Said(Struct, frozen=True, array_like=True):
    """What readers said of one file, each sort in the order in which they did. Readers that have `joined` what
    they saw in it with other files are named; `origin` stands for what the file holds, and where."""

    records: tuple[Observation, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    joined: tuple[str, ...] = ()
    origin: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.records or self.troubles or self.joined)


NOTHING = Said()


def said_of_file(
    blob: Blob, said: Iterable[Observed], is_stable: Callable[[Trouble], bool]
) -> Said | None:
    """What was said of a file; None if another reading might say something else, or if that holds for less than
    the whole file."""
    from keymuster.collect.base import Fragment

    if blob.core is not None or blob.storage not in _STORAGES:
        return None
    records: list[Observation] = []
    troubles: list[Trouble] = []
    joined: dict[str, None] = {}
    for one in said:
        if isinstance(one, Trouble):
            if not is_stable(one):
                return None
            troubles.append(one)
        elif isinstance(one, Fragment):
            if blob.opened or not one.origin:
                return None
            joined[one.reader] = None
        elif isinstance(one, RiskException):
            return None  # who approves one is asked for each time
        else:
            records.append(one)
    return Said(tuple(records), tuple(troubles), tuple(joined), blob.digests[0])


class Notes(Struct):
    """What is to be noted of files that were read: the digests of those in which nothing was seen, and of others with
    what was."""

    unseen: list[bytes] = []
    said: list[tuple[tuple[bytes, ...], Said]] = []


class _Stored(Struct, array_like=True):
    """What was seen, by digests of what files hold; and of which of them are the states of files."""

    seen: dict[bytes, bytes] = {}
    states: dict[bytes, bytes] = {}


class Kept:
    """What was seen in files, by digests of what they hold or of their states: see `CleanFiles`. `named` gives the
    name of the cache file, for those who ask; the file is `within` a folder of its own, if there is one. What is
    damaged, or was written by another version, is not there."""

    def __init__(self, named: Callable[[], str], within: str = "") -> None:
        self._named = named
        self._within = within
        self._noted: dict[bytes, Said] = {}
        self._states: dict[bytes, bytes] = {}
        self._used: set[bytes] = set()

    def __contains__(self, digest: bytes) -> bool:
        """Asked before processes are forked, it also notes that this is still of use."""
        known = self._known
        held = known.states.get(digest, digest)
        if held not in known.seen:
            return False
        self._used.update((digest, held))
        return True

    def get(self, digest: bytes) -> Said | None:
        known = self._known
        content = known.seen.get(known.states.get(digest, digest))
        return None if content is None else unpacked(content)

    def note(self, held: bytes, states: Iterable[bytes], seen: Said) -> None:
        """Take note of what was seen in a file that holds this, and has these states."""
        self._states.update(dict.fromkeys(states, held))
        if held not in self:
            self._noted[held] = seen

    def save(self, may_be_kept: Callable[[Said], bool]) -> None:
        """Keep what was noted, if it may be kept, and what is known from before as far as there is room."""
        new = {held: packed(seen) for held, seen in self._noted.items() if may_be_kept(seen)}
        new = {held: content for held, content in new.items() if content}
        old = self._known
        if not new and self._states.items() <= old.states.items():
            return
        used = {held: content for held, content in old.seen.items() if held in self._used}
        seen = fitting(used | new, MOST_BYTES)
        left = min(MOST_BYTES - _size(seen), max(_SPARE, _size(seen)))
        seen |= fitting(dict(reversed(old.seen.items())), left)
        states = {one: held for one, held in (old.states | self._states).items() if held in seen}
        if len(states) > 2 * len(seen):  # those of files that have changed since
            states = {
                one: held
                for one, held in states.items()
                if one in self._used or one in self._states
            }
        cache.write(self._named(), msgpack.encode(_Stored(seen, states)), self._within)

    @cached_property
    def _known(self) -> _Stored:
        content = cache.read(self._named(), self._within)
        try:
            return _Stored() if content is None else msgpack.decode(content, type=_Stored)
        except (MsgspecError, ValueError):
            return _Stored()


def _size(several: dict[bytes, bytes]) -> int:
    return sum(map(len, several.values()))


def fitting(several: dict[_K, bytes], left: int) -> dict[_K, bytes]:
    """The first of them that have room in so many bytes."""
    chosen: dict[_K, bytes] = {}
    for held, content in several.items():
        if content and len(content) <= left:
            left -= len(content)
            chosen[held] = content
    return chosen


def packed(seen: Said) -> bytes:
    """What is read again as just the same; empty if that cannot be: a name that is no text, a time far from ours."""
    try:
        content = msgpack.encode(seen)
    except (MsgspecError, UnicodeError, TypeError, ValueError):
        return b""
    if len(content) > _MOST_OF_ONE:
        return b""
    again = unpacked(content)
    # not `==`, by which a list is no tuple but a time in one zone is that in another
    return content if again is not None and repr(again) == repr(seen) else b""


def unpacked(content: bytes) -> Said | None:
    global _decoder
    if _decoder is None:
        _decoder = msgpack.Decoder(Said)
    try:
        return _decoder.decode(content)
    except (MsgspecError, ValueError):
        return None


_decoder: msgpack.Decoder[Said] | None = None
