"""What programs that run AI agents keep on a machine: their settings, their tokens, what was said."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from keymuster.collect.agents.on_disk import Place, places
from keymuster.collect.base import Batch, Blob, Context, Observed, Read, Source
from keymuster.collect.batching import batched
from keymuster.collect.exclude import excluder
from keymuster.collect.pieces import OVERLAP, is_last, pieces, read
from keymuster.errors import Unreadable
from keymuster.model import Storage, Trouble

_BATCH_FILES = 256
_BATCH_BYTES = 8 * 1024 * 1024
_PIECE = 8 * 1024 * 1024

_STORAGES = {
    "settings": Storage.TREE,
    "tokens": Storage.AGENT_TOKENS,
    "transcripts": Storage.AGENT_TRANSCRIPT,
}
_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}
_OPEN = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)


class _File(NamedTuple):
    """A file to read: where it is, what the report calls it, who it was when it was found."""

    path: str
    called: str
    storage: Storage
    mode: int | None
    node: tuple[int, int]


class Machine(Source):
    """The files of `rules/known/agent-clients.yaml` in the user's folder and in those of the system.
    Nothing else is opened, and no link is followed out of the folder that it lies in."""

    name: ClassVar[str] = "machine"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._excluded = excluder(context.selection.exclude)
        self._clean = context.clean
        self._counts = {"files": 0, "bytes": 0, "excluded": 0}

    def counts(self) -> dict[str, int]:
        return self._counts

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        yield from observed

    def batches(self) -> Iterator[Batch | Trouble]:
        return batched(self._listed(), _BATCH_FILES, _BATCH_BYTES)

    def read(self, batch: Batch) -> Iterator[Read]:
        for file in batch.items:
            try:
                yield from self._file(file)
            except OSError as error:
                yield _unreadable(file.called, error)

    def _listed(self) -> Iterator[tuple[_File, int] | Trouble]:
        """Every file that may hold something, with its size."""
        host = self._context.selection.host
        if host is None:
            raise Unreadable("there is no machine to look at")
        owners = _owners(host.home)
        for place in places(host, self._context.rules.agents):
            if self._excluded(place.called):
                self._counts["excluded"] += 1
            elif place.problem:
                yield _trouble(place.called, place.problem)
            else:
                try:
                    yield from self._weighed(place, os.lstat(place.path), owners)
                except OSError as error:
                    yield _unreadable(place.called, error)

    def _weighed(
        self, place: Place, about: os.stat_result, owners: tuple[int, ...]
    ) -> Iterator[tuple[_File, int] | Trouble]:
        kind, limit = stat.S_IFMT(about.st_mode), self._context.selection.max_file_bytes
        if kind != stat.S_IFREG:
            what = _SPECIAL.get(kind, "not a regular file")
            yield _trouble(place.called, f"is {what}; it was not read")
        elif place.personal and about.st_uid not in owners:
            yield _trouble(
                place.called, f"belongs to another user (number {about.st_uid}); it was not read",
                "Ask who put it there: agents take their settings from it.",
            )  # fmt: skip
        elif about.st_size > limit:
            yield _trouble(
                place.called,
                f"is {about.st_size:,} bytes, more than the limit of {limit:,}; it was not read",
                "Raise --max-file-size to scan it, or exclude it.",
            )
        else:
            self._counts["files"] += 1
            self._counts["bytes"] += about.st_size
            storage = _STORAGES[place.holds]
            is_said = storage is Storage.AGENT_TRANSCRIPT
            if (
                is_said
                and self._clean is not None
                and self._clean.is_unchanged(place.called, about)
            ):
                return
            mode = None if is_said else _mode(place, about)
            node = about.st_dev, about.st_ino
            yield _File(place.path, place.called, storage, mode, node), about.st_size

    def _file(self, file: _File) -> Iterator[Read]:
        handle = os.open(file.path, _OPEN)
        try:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode) or (about.st_dev, about.st_ino) != file.node:
                yield _trouble(
                    file.called, "was replaced while the machine was scanned; it was not read",
                    "Scan again.",
                )  # fmt: skip
            elif file.storage is Storage.AGENT_TRANSCRIPT:
                yield from self._transcript(file, handle, about)
            else:
                content = read(handle, about.st_size)
                yield Blob(path=file.called, data=content, storage=file.storage, mode=file.mode)
        finally:
            os.close(handle)

    def _transcript(self, file: _File, handle: int, about: os.stat_result) -> Iterator[Blob]:
        """What was there when the file was opened: an agent may be writing more."""
        size = about.st_size
        content = read(handle, min(size, _PIECE + OVERLAP))
        digests = self._clean.digests(file.called, None, about) if self._clean is not None else ()
        if size <= _PIECE + OVERLAP or b"\0" in content[:8192]:
            content += read(handle, size - len(content))
            yield Blob(path=file.called, data=content, storage=file.storage, digests=digests)
            return
        left = size - len(content)
        for piece in pieces(file.called, file.storage, handle, content, left, _PIECE):
            if is_last(piece):
                piece.digests = digests
            yield piece


def _owners(home: str) -> tuple[int, ...]:
    """Whose files may be in a home: of those whose it is, and of who scans."""
    own = (os.geteuid(),) if hasattr(os, "geteuid") else ()
    return (os.stat(home).st_uid, *own)


def _mode(place: Place, about: os.stat_result) -> int:
    """Who may do what with a file, by its mode and by the folders that it lies in: what cannot be
    reached cannot be read. Windows says that in other ways."""
    mode = stat.S_IMODE(about.st_mode) & 0o777
    if os.name == "nt":
        return mode & 0o700
    if about.st_gid == about.st_uid:  # a group of one's own, as many Linux systems make it
        mode &= 0o707
    folder = place.path
    while folder != place.within:
        folder = os.path.dirname(folder)
        allowed = os.stat(folder).st_mode
        mode &= 0o777 if allowed & stat.S_IXOTH else 0o770
        mode &= 0o777 if allowed & stat.S_IXGRP else 0o707
    return mode


def _unreadable(called: str, error: OSError) -> Trouble:
    return _trouble(called, f"could not be read: {error.strerror}")


def _trouble(called: str, message: str, advice: str = "") -> Trouble:
    return Trouble(part=Machine.name, scope=called, message=message, advice=advice)
