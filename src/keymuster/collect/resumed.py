"""What of a former scan of a history holds for this one."""

from __future__ import annotations

import os
from binascii import unhexlify
from collections.abc import Collection, Container, Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from keymuster.collect.git import Git
from keymuster.collect.introduction import Introduction
from keymuster.collect.kept import Said, unpacked
from keymuster.collect.log import (
    Log,
    are_reached,
    changes,
    files,
    named_directly,
)
from keymuster.collect.order import Rank
from keymuster.collect.packs.store import Store
from keymuster.collect.remembered import Ids, Memory
from keymuster.errors import Unreadable
from keymuster.model import Commit


class News(Struct):
    """What commits brought in since then, with what of the rest is needed again; and the files of `head`, by their
    paths, but for some in which nothing was seen."""

    introduced: list[Introduction]
    objects: set[bytes]
    commits: int
    late: dict[bytes, Rank]
    needed: set[str]
    head: dict[str, str] = {}


class Resumed:
    """A memory in front of a store that may have changed since. Where refs were moved back, or objects
    are gone, what commits brought in is no longer known, and there are no `news`: then all file
    versions are read in which something was seen."""

    def __init__(
        self, git: Git, memory: Memory, store: Store, tips: Collection[str], head: str
    ) -> None:
        self.memory = memory
        self._width = store.width
        self._clean = Ids(memory.clean, store.width)
        self.lost = set() if store.is_newer else store.lacks(self._every())
        self.news = None if self.lost else _news(git, memory, frozenset(tips), head)
        needed = memory.noted if self.news is None else self.news.needed
        self.said = {id: said for id in sorted(needed) if (said := self._said(id)) is not None}
        self.needed = needed.difference(self.said)
        self._is_newer = store.is_newer

    def _said(self, id: str) -> Said | None:
        packed = self.memory.said.get(id)
        return None if packed is None or unhexlify(id) in self.lost else unpacked(packed)

    @property
    def known(self) -> int:
        """How many file versions need not be read."""
        unread = len(self._clean) - sum(id in self._clean for id in self.lost)
        return unread + len(self.memory.noted - self.needed)

    def left_out(self) -> Container[bytes]:
        """Those that need not be read from the store. What is not in a newer one git is asked for."""
        if self._is_newer:
            return self
        return {*self._clean, *map(unhexlify, self.memory.noted.difference(self.needed))}

    def asked(self) -> list[str]:
        """Those that git is asked for."""
        return sorted(self.needed) if self._is_newer else []

    def brought(self) -> frozenset[str]:
        """Those in which something was seen, and that some commit of then has."""
        return frozenset() if self.news is None else self.memory.noted - self.memory.unbrought

    def clean(self) -> Ids:
        """Those in which nothing was seen, and that are still there."""
        if not self.lost:
            return self._clean
        left = (id for id in self._clean if id not in self.lost)
        return Ids(b"".join(left), self._width)

    def __contains__(self, id: object) -> bool:
        """Whether a file version was there before, and is so still."""
        if not isinstance(id, bytes) or id in self.lost:
            return False
        return id in self._clean or id.hex() in self.memory.noted

    def _every(self) -> Iterable[bytes]:
        yield from self._clean
        yield from map(unhexlify, self.memory.noted)


def _news(git: Git, memory: Memory, tips: frozenset[str], head: str) -> News | None:
    """None if not all that was walked then would be walked now."""
    if not are_reached(git, sorted(memory.tips - tips), sorted(tips)):
        return None
    try:
        news = _walked(git, memory, sorted(tips - memory.tips))
        news.introduced += _remembered(memory)
    except (Unreadable, LookupError, ValueError):
        return None
    news.head = _head(git, memory, head)
    named = {one.object for one in news.introduced}
    named.update(news.head.values())
    if memory.unbrought:
        named.update(id for _, id in named_directly(git))
    news.needed = {*memory.telling, *(memory.silent & named)}
    return news


def _walked(git: Git, memory: Memory, tips: Sequence[str]) -> News:
    if not tips:
        return News([], set(), memory.commits, memory.late, set())
    log = Log(git, (), tips, without=sorted(memory.tips), late=memory.late)
    try:
        introduced = list(log.introductions())
    finally:
        log.close()
    return News(introduced, log.objects, memory.commits + log.commits, log.late, set())


def _head(git: Git, memory: Memory, head: str) -> dict[str, str]:
    """The files of HEAD, at least those that are not known to hold nothing."""
    if not (head and memory.head):
        return files(git, "HEAD")
    here = {os.fsdecode(path): object for path, object in memory.here.items()}
    if head == memory.head:
        return here
    changed = changes(git, memory.head, head)
    if changed is None:
        return files(git, head)
    for path, object in changed.items():
        here.pop(path, None)
        if object:
            here[path] = object
    return here


def _remembered(memory: Memory) -> list[Introduction]:
    """What of the file versions in which something was seen the report still tells."""
    about = {
        id: (
            Commit(id=id, author=author, date=datetime.fromisoformat(date) if date else None),
            rank,
        )
        for id, (author, date, rank) in memory.authors.items()
    }
    return [
        Introduction(
            commit=about[commit][0], path=os.fsdecode(path), object=object, rank=about[commit][1]
        )
        for commit, path, object in memory.brought
    ]
