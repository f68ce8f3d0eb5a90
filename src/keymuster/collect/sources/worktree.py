"""Files as they lie on disk: what git tracks or would track, elsewhere all there is."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, TypeAlias

from msgspec import Struct

from keymuster import regex
from keymuster.collect.base import Batch, Blob, Context, Observed, Read, Source
from keymuster.collect.batching import batched
from keymuster.collect.exclude import excluder
from keymuster.collect.git import Git
from keymuster.collect.pieces import OVERLAP, is_last, pieces, read
from keymuster.collect.repository import is_bare, toplevel
from keymuster.errors import Unreadable
from keymuster.model import Storage, Trouble

_BATCH_FILES, _MOST_BATCH_FILES = 16, 128
_BATCH_BYTES = 256 * 1024
_PIECE = 64 * 1024 * 1024
_OVERLAP = OVERLAP

_READ_IN_ONE = 1024 * 1024
"""Bytes of a file that most systems read in one."""

_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}
_FLAGS = "O_NONBLOCK", "O_BINARY", "O_NOFOLLOW"
_OPEN = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in _FLAGS)
_NOT_PLAIN = regex.later(r"(?:^|[/\\])(?:\.{0,2}(?:[/\\]|$))")
"""A path with an empty part, or one that stands for a folder above."""

_CLOSED = regex.later(r"could not open directory '(.*?)/?': (.*)", re.DOTALL)

_Digest: TypeAlias = bytes


class _File(Struct, frozen=True, gc=False):
    """A file to read: where it is, what the report calls it, and its size; what was seen in it when it was the same
    is kept for a digest. Of one that is read `again`, nothing is known."""

    path: str
    relative: str
    bytes: int
    kept_for: _Digest = b""
    again: bool = False

    def __str__(self) -> str:
        return self.path


class Worktree(Source):
    """Regular files under the given paths. Links are not followed, except those named outright."""

    name: ClassVar[str] = "worktree"

    def __init__(self, context: Context) -> None:
        self._selection = context.selection
        self._below = f"{context.selection.root}{os.sep}"
        self._excluded = excluder(context.selection.exclude)
        self._clean = context.clean
        self._counts = {"files": 0, "bytes": 0, "excluded": 0, "links_not_followed": 0}
        self._folders: dict[str, int] = {}

    def counts(self) -> dict[str, int]:
        return self._counts

    def folders(self) -> dict[str, int]:
        return self._folders

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        yield from observed

    def batches(self) -> Iterator[Batch | Trouble]:
        return batched(self._once(), _BATCH_FILES, _BATCH_BYTES, _MOST_BATCH_FILES)

    def _once(self) -> Iterator[tuple[_File, int] | Trouble]:
        """Each file, with its size, though several of the paths may lead to it."""
        seen: set[str] = set()
        for found in self._listed():
            if isinstance(found, Trouble):
                yield found
            elif found.path not in seen:
                seen.add(found.path)
                yield found, found.bytes

    def read(self, batch: Batch) -> Iterator[Read]:
        for file in batch.items:
            if file.kept_for and (known := self._known(file)):
                yield known
                continue
            try:
                if blob := self._in_one(file):
                    yield blob
                else:
                    yield from self._file(file)
            except OSError as error:
                yield self._trouble(file.relative, f"could not be read: {error.strerror}")

    def again(self, paths: Iterable[str]) -> Iterator[Batch | Trouble]:
        files = (
            _File(os.path.join(self._selection.root, path), path, 0, again=True) for path in paths
        )
        return batched(((file, 0) for file in files), _BATCH_FILES, _BATCH_BYTES)

    def _known(self, file: _File) -> Blob | None:
        """A file that is not read, with what is known to be seen in it."""
        said = None if self._clean is None else self._clean.said(file.kept_for)
        if said is None:
            return None
        return Blob(path=file.relative, data=b"", storage=Storage.TREE, said=said)

    def _listed(self) -> Iterator[_File | Trouble]:
        """Every regular file in question."""
        for path in self._selection.paths:
            try:
                kind = os.stat(path).st_mode
            except OSError as error:
                yield self._trouble(self._relative(path), f"could not be read: {error.strerror}")
                continue
            if stat.S_ISDIR(kind):
                yield from self._folder(path)
            else:
                real = os.path.realpath(path) if os.path.islink(path) else path
                if one := self._weighed(real, self._relative(real), _asked(real)):
                    yield one

    def _folder(self, folder: str) -> Iterator[_File | Trouble]:
        if toplevel(folder) is None:
            yield from self._walked(folder)
            return
        if is_bare(folder) and not os.path.exists(os.path.join(folder, ".git")):
            raise Unreadable(
                f"{folder} is a bare repository: it has no files to scan",
                "Add --history to scan its commits.",
            )
        yield from self._tracked(folder)

    def _tracked(self, folder: str) -> Iterator[_File | Trouble]:
        """What git lists below a folder, and what it would list in repositories inside it."""
        words = ["ls-files", "-z", "-t", "--cached", "--deleted", "--others"]
        if not self._selection.include_ignored:
            words.append("--exclude-standard")
        try:
            listing, warnings = Git(folder, worktree=toplevel(folder)).listing(*words)
        except Unreadable as error:
            yield Trouble(
                part=self.name, scope=self._relative(folder),
                message=f"{error.message}; every file in it was scanned instead, ignored ones too",
                advice=error.advice(),
            )  # fmt: skip
            yield from self._walked(folder)
            return
        for warning in warnings:
            if closed := _CLOSED.fullmatch(warning):
                name = self._relative(os.path.join(folder, closed[1]))
                yield self._trouble(name, f"could not be read: {closed[2]}")
        entries = os.fsdecode(listing).split("\0")[:-1]
        # deleted on purpose, or outside a sparse checkout
        gone = {entry[2:] for entry in entries if entry[0] in "RS"}
        start, called = os.path.join(folder, ""), self._called(folder)
        real = _real_folders(start)
        for entry in dict.fromkeys([entry[2:] for entry in entries]):
            name = entry.rstrip("/")
            if not real(name.rpartition("/")[0]):
                continue
            path = start + name
            about = _asked(path)
            if entry in gone and isinstance(about, (FileNotFoundError, NotADirectoryError)):
                continue
            if isinstance(about, os.stat_result) and stat.S_ISDIR(about.st_mode):
                yield from self._nested(path)
            elif one := self._weighed(path, called + name, about):
                yield one

    def _nested(self, folder: str) -> Iterator[_File | Trouble]:
        """A submodule, or a repository somebody cloned into this one."""
        if os.path.exists(os.path.join(folder, ".git")):
            yield from self._tracked(folder)
        else:
            yield from self._walked(folder)

    def _walked(self, folder: str) -> Iterator[_File | Trouble]:
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                entries = sorted(os.scandir(here), key=lambda entry: entry.name)
            except OSError as error:
                yield self._trouble(self._relative(here), f"could not be read: {error.strerror}")
                continue
            inner, called = [], self._called(here)
            for entry in entries:
                if entry.name == ".git":
                    continue
                if not entry.is_dir(follow_symlinks=False):
                    path = entry.path
                    if one := self._weighed(path, called + entry.name, _asked(path)):
                        yield one
                elif os.path.exists(os.path.join(entry.path, ".git")):
                    yield from self._tracked(entry.path)
                else:
                    inner.append(entry.path)
            waiting.extend(reversed(inner))

    def _weighed(
        self, path: str, name: str, about: os.stat_result | OSError
    ) -> _File | Trouble | None:
        """The file, if it is one that counts and may hold something, or why it cannot be read."""
        if self._excluded(name):
            self._counts["excluded"] += 1
            return None
        if isinstance(about, OSError):
            return self._trouble(name, f"could not be read: {about.strerror}")
        kind, size = stat.S_IFMT(about.st_mode), about.st_size
        if kind == stat.S_IFLNK:
            self._counts["links_not_followed"] += 1
            return None
        if kind != stat.S_IFREG:
            return self._trouble(
                name, f"is {_SPECIAL.get(kind, 'not a regular file')}; it was not read"
            )
        if size > self._selection.max_file_bytes:
            return self._too_large(name, size)
        self._counts["files"] += 1
        self._counts["bytes"] += size
        first, inside, _ = name.partition("/")
        folder = f"{first}/" if inside else "."
        self._folders[folder] = self._folders.get(folder, 0) + 1
        if self._clean is None:
            return _File(path, name, size)
        if self._clean.is_unchanged(name, about):
            return None
        kept = self._clean.kept_for(name, about)
        return _File(path, name, 0 if kept else size, kept)

    def _in_one(self, file: _File) -> Blob | None:
        """A file that is read in one, while nothing happens to it; None for one that takes more care."""
        most = min(_READ_IN_ONE, _PIECE)
        if file.again or file.bytes > most:
            return None
        handle = os.open(file.path, _OPEN)
        try:
            before = os.fstat(handle)
            size = before.st_size
            if size > most or not stat.S_ISREG(before.st_mode):
                return None
            # a byte more than there should be: to ask for all that may have come since takes longer
            content = os.read(handle, size + 1)
            if len(content) != size or _has_changed(before, os.fstat(handle)):
                return None
        finally:
            os.close(handle)
        return self._whole(file.relative, content, before)

    def _file(self, file: _File) -> Iterator[Read]:
        handle = os.open(file.path, _OPEN)
        try:
            before = os.fstat(handle)
            if not stat.S_ISREG(before.st_mode):
                yield self._trouble(file.relative, "is no longer a regular file; it was not read")
                return
            for blob in self._pieces(file.relative, handle, before):
                if file.again:
                    blob.said = None
                yield blob
            if _has_changed(before, os.fstat(handle)):
                yield self._trouble(
                    file.relative, "changed while it was read",
                    "Scan again when nothing writes to it.",
                )  # fmt: skip
        finally:
            os.close(handle)

    def _pieces(self, name: str, handle: int, about: os.stat_result) -> Iterator[Blob]:
        """The file whole, or as overlapping pieces if it is too large to hold."""
        size = about.st_size
        # a byte more than there should be: to ask for all that may have come since takes longer
        content = read(handle, min(size, _PIECE + _OVERLAP) + 1)
        if len(content) == size:
            yield self._whole(name, content, about)
            return
        if size <= _PIECE + _OVERLAP or b"\0" in content[:8192]:
            content += read(handle, self._selection.max_file_bytes - len(content) + 1)
            yield self._whole(name, content, about)
            return
        left = size - len(content)
        for piece in pieces(name, Storage.TREE, handle, content, left, _PIECE, _OVERLAP):
            if self._clean is not None and is_last(piece):
                piece.digests = self._clean.digests(name, None, about)
            yield piece

    def _whole(self, name: str, content: bytes, about: os.stat_result) -> Blob:
        if self._clean is None:
            return Blob(path=name, data=content, storage=Storage.TREE)
        digests = self._clean.digests(name, content, about)
        return Blob(
            path=name, data=content, storage=Storage.TREE, digests=digests,
            said=self._clean.said(digests[0]),
        )  # fmt: skip

    def _relative(self, path: str) -> str:
        """The path as the report has it: below the root, with `/`."""
        relative = path.removeprefix(self._below)
        if relative == path or _NOT_PLAIN.search(relative):
            relative = os.path.relpath(path, self._selection.root)
        outside = relative == os.pardir or relative.startswith(os.pardir + os.sep)
        return (path if outside else relative).replace(os.sep, "/")

    def _called(self, folder: str) -> str:
        """What the names of files in a folder begin with in the report."""
        name = self._relative(folder)
        return "" if name == os.curdir else name.rstrip("/") + "/"

    def _trouble(self, name: str, message: str, advice: str = "") -> Trouble:
        return Trouble(part=self.name, scope=name, message=message, advice=advice)

    def _too_large(self, name: str, size: int) -> Trouble:
        limit = self._selection.max_file_bytes
        return self._trouble(
            name,
            f"is {size:,} bytes, more than the limit of {limit:,}; it was not read",
            "Raise --max-file-size to scan it, or exclude it.",
        )


def _real_folders(start: str) -> Callable[[str], bool]:
    """Whether a folder, named as git does below `start`, is reached without following a link. git
    lists what the index names even where a link has taken the place of a folder."""
    known = {"": True}

    def real(folder: str) -> bool:
        unknown = []
        while folder not in known:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        answer = known[folder]
        for one in reversed(unknown):
            answer = known[one] = answer and not os.path.islink(start + one)
        return answer

    return real


def _has_changed(before: os.stat_result, after: os.stat_result) -> bool:
    return before.st_mtime_ns != after.st_mtime_ns or before.st_size != after.st_size


def _asked(path: str) -> os.stat_result | OSError:
    """What the file system says of a path, no matter where a link leads, or why it says nothing."""
    try:
        return os.lstat(path)
    except OSError as error:
        return error
