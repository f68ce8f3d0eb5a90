"""Files of which a former scan that would have said the same today has told what is in them: mostly nothing.

Such a file is known by what the file system says of it, and needs not be opened then; or by what it
holds, if that says something new, as after a checkout or in a fresh clone. git is not asked what has
changed: where its index is not sure it compares contents, and for that it starts the filters that the
settings of a repository name. Filters, line ends and flags in the index do not matter here, either.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from keymuster import cache
from keymuster.collect.kept import NOTHING, Kept
from keymuster.digests import blake2b
from keymuster.model import Secret
from keymuster.rules import loader

if TYPE_CHECKING:
    from datetime import datetime

    from keymuster.collect.base import Context
    from keymuster.collect.kept import Notes, Said

_DIGEST_BYTES = 16

MOST_KEPT = 256 * 1024
"""Digests that are kept of one repository, if one scan does not need more."""


class CleanFiles:
    """Digests of files, in the order they were noted. `named` gives the name of the cache file, for
    those who ask; what changed after the time `settled`, in nanoseconds, may be changing still. The file is `within` a
    folder of its own, if there is one."""

    def __init__(self, named: Callable[[], str], settled: int, within: str = "") -> None:
        self.kept: Kept | None = None
        self._named = named
        self._within = within
        self._settled = settled
        self._noted: dict[bytes, None] = {}

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._known

    def is_unchanged(self, path: str, about: os.stat_result) -> bool:
        """Whether a file in which nothing was seen is known by what the file system says of it."""
        return _of_state(path, about) in self._known

    def kept_for(self, path: str, about: os.stat_result) -> bytes:
        """The digest for which is kept what was seen in an unchanged file; empty if that is not."""
        if self.kept is None:
            return b""
        state = _of_state(path, about)
        return state if state in self.kept else b""

    def said(self, digest: bytes) -> Said | None:
        """What is known to be seen in a file, for one of its digests; None if nothing is known."""
        if digest in self._known:
            return NOTHING
        return None if self.kept is None else self.kept.get(digest)

    def digests(self, path: str, content: bytes | None, about: os.stat_result) -> tuple[bytes, ...]:
        """For what to note what is seen in a file: a digest of its content, if that is given
        in one, and one of its state, of which the file system was asked before. There is none of a
        file that was changed a moment ago: if it is again, that may not show in its times."""
        held = () if content is None else (_of_content(path, content),)
        settled = max(about.st_mtime_ns, about.st_ctime_ns) < self._settled
        return (*held, _of_state(path, about)) if settled else held

    def note(self, notes: Notes) -> None:
        self._noted.update(dict.fromkeys(notes.unseen))
        for digests, seen in notes.said:
            if not seen:
                self._noted.update(dict.fromkeys(digests))
            elif self.kept is not None:
                self.kept.note(digests[0], digests[1:], seen)

    def save(self, may_be_kept: Callable[[Said], bool] = lambda seen: False) -> None:
        """Keep what was noted, and what is known from before as far as there is room; of what was seen
        only what may be kept."""
        if self.kept is not None:
            self.kept.save(may_be_kept)
        if not self._noted or self._noted.keys() <= self._known.keys():
            return
        every = list(self._known | self._noted)
        most = max(MOST_KEPT, 2 * len(self._noted))
        cache.write(self.name, b"".join(every[-most:]), self._within)

    @cached_property
    def name(self) -> str:
        return self._named()

    @cached_property
    def _known(self) -> dict[bytes, None]:
        stored = cache.read(self.name, self._within) or b""
        if len(stored) % _DIGEST_BYTES:
            return {}
        starts = range(0, len(stored), _DIGEST_BYTES)
        return dict.fromkeys([stored[start : start + _DIGEST_BYTES] for start in starts])


def _of_content(path: str, content: bytes) -> bytes:
    """A digest of what a file holds, and of its path, by which values are weighed."""
    digest = blake2b(os.fsencode(path), digest_size=_DIGEST_BYTES, person=b"content")
    digest.update(b"\0")
    digest.update(content)
    return digest.digest()


def _of_state(path: str, about: os.stat_result) -> bytes:
    """A digest of what the file system says of a file. Of its times one cannot be set by programs: it
    tells of a change whose time was put back."""
    numbers = f"{about.st_ino} {about.st_size} {about.st_mtime_ns} {about.st_ctime_ns} "
    state = numbers.encode() + os.fsencode(path)
    return blake2b(state, digest_size=_DIGEST_BYTES, person=b"state").digest()


_COARSEST_CLOCK = 2_000_000_000
"""Nanoseconds between two times of a file system, at most."""


def clean_files(context: Context, now: datetime) -> CleanFiles | None:
    """What is known of the files below a root, for all that decides what is seen in them; None if the
    rules cannot be told from others."""
    if not context.rules.key:
        return None
    settled = int(now.timestamp()) * 10**9 - _COARSEST_CLOCK
    clean = CleanFiles(partial(_name, context), settled, context.memory)
    if not context.imports:  # by what they tell, what is found is called otherwise
        clean.kept = Kept(lambda: beside(clean.name, "seen"), context.memory)
    return clean


def _name(context: Context) -> str:
    return named("clean", context, context.selection.root)


def beside(name: str, what: str) -> str:
    """The name of another cache file about the same place, for the same scans."""
    return f"{what}-{name.partition('-')[2]}"


def named(what: str, context: Context, place: str) -> str:
    """The name of a cache file about a place: another one for all that decides what is seen there, and how that is
    called in reports."""
    chosen = context.selection
    digest = blake2b(context.rules.key.encode(), digest_size=_DIGEST_BYTES, person=what.encode())
    digest.update(ascii((
        place, chosen.max_file_bytes, chosen.containers, chosen.exclude, context.exclude,
        context.confidence, Secret(b"").fingerprint(context.fingerprint_key), _user(), _programs(),
    )).encode())  # fmt: skip
    return f"{what}-{digest.hexdigest()}.bin"


def _user() -> tuple[int, ...]:
    """Who reads: another user may be refused what this one could read."""
    return (os.geteuid(), *sorted(os.getgroups())) if hasattr(os, "geteuid") else ()


def _programs() -> tuple[object, ...]:
    """What does the reading: Python, the packages beside ours by their time, and our code, by what it was
    when it was packed, or else by size and time."""
    import msgspec

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    key = loader.built_code_key()
    code: list[object] = [key] if key else [*sorted(loader.stamps(package, ".py"))]
    beside = os.path.dirname(os.path.dirname(os.path.abspath(msgspec.__file__)))
    return (sys.version, os.stat(beside).st_mtime_ns, *code)
