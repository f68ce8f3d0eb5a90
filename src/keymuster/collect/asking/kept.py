"""Objects of a list that a service told before, kept for a look that only asks it which of them have changed since.

They lie in the room of `Answers`, under the same conditions: the folder is that of one target, nothing in it is older
than a week, and who signs in otherwise has other objects. Kept is what surfaces look at, in its shape, and no object
in which anything looks like a secret: of such a one only the id, to be asked for it again.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from msgspec import MsgspecError, Struct, json, msgpack
from msgspec.structs import replace

from keymuster import cache
from keymuster.collect.asking.searched import looks_secret

if TYPE_CHECKING:
    from keymuster.detect.engine import Engine

MOST_AGAIN = 1500
"""Objects that are asked for one by one. Of a list with more of them, or with more changes, all is asked."""

_LOT = 64
_FASTEST = 1
_MOST_UNPACKED = 256 * 1024 * 1024


class Known(Struct, frozen=True, kw_only=True):
    """The objects of a list by their ids, in JSON, which were `first` told then. By the `link` the service says
    what has changed since it was last asked so; without one the list is too long to be kept. Those to ask for
    `again` either cannot be kept, or changed so short before that the answer may not have been the last."""

    link: str
    first: datetime
    rows: dict[str, bytes]
    again: tuple[str, ...] = ()


_KNOWN = msgpack.Decoder(Known)
"""Made once: lists are read in several threads, and two that let msgspec 0.22 learn of a type at once end the process."""


class Kept:
    """What is known of one list, and of it what is to be known to the next look. After an interrupt it is saved while
    threads may be learning still."""

    def __init__(self, name: str, folder: str, most_bytes: int) -> None:
        self._name = name
        self._folder = folder
        self._most_bytes = most_bytes
        self._next: Known | None = None
        self._fresh: set[str] = set()
        self._lock = Lock()

    def known(self) -> Known | None:
        """None if there is nothing of which all can be read."""
        stored = cache.read(self._name, self._folder)
        if not stored:
            return None
        with suppress(MsgspecError, zlib.error):  # of another version of a dependency, or damaged
            unpacking = zlib.decompressobj()
            found = _KNOWN.decode(unpacking.decompress(stored, _MOST_UNPACKED))
            return found if unpacking.eof else None
        return None

    def keep(self, known: Known, fresh: Iterable[str]) -> None:
        """For the next look. What is `fresh` was not kept before."""
        with self._lock:
            self._next = known
            self._fresh = set(fresh)

    def learn(self, id: str, text: bytes) -> None:
        """More of an object than its list tells."""
        with self._lock:
            if self._next is not None and id in self._next.rows:
                self._next.rows[id] = text
                self._fresh.add(id)

    def save(self, engine: Engine) -> None:
        """All of it or nothing: a link without what it goes with would hide what has changed."""
        with self._lock:
            known = self._next
            if known is None:
                return
            known = replace(known, rows=dict(known.rows))
            fresh = {id: known.rows[id] for id in self._fresh if id in known.rows}
        secret = set(_secret(engine, fresh))
        again = tuple(dict.fromkeys((*known.again, *sorted(secret))))
        rows = {id: text for id, text in known.rows.items() if id not in secret}
        whole = zlib.compress(msgpack.encode(replace(known, rows=rows, again=again)), _FASTEST)
        fits = len(again) <= MOST_AGAIN and len(whole) <= self._most_bytes
        cache.write(self._name, whole if fits else b"", self._folder)


def _secret(engine: Engine, rows: Mapping[str, bytes]) -> Iterator[str]:
    """Those in which anything looks like a secret. They are searched many at a time, as most have none."""
    ids = sorted(rows)
    lots = [ids[at : at + _LOT] for at in range(0, len(ids), _LOT)]
    while lots:
        lot = lots.pop()
        said = [text for id in lot if (text := _text(json.decode(rows[id]))) is not None]
        if not said or not looks_secret(engine, said):
            continue
        if len(lot) == 1:
            yield lot[0]
            continue
        lots += [lot[: len(lot) // 2], lot[len(lot) // 2 :]]


def _text(value: Any) -> Any:
    """A value without what nobody writes: ids, dates, numbers. It is most of an object."""
    match value:
        case str():
            return None if _GIVEN.fullmatch(value) else value
        case dict():
            found = {name: said for name, one in value.items() if (said := _text(one)) is not None}
            return found or None
        case list():
            return [said for one in value if (said := _text(one)) is not None] or None
    return None


_GIVEN = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z)?"
)
