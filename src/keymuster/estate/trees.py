"""The files of HEAD in a folder, to be read as a checkout would be.

git does not check them out: attributes and settings of a repository would have a say in what lies there (filters, line ends,
encodings, what an export leaves out). Each file is the bytes that the commit has. Links are not made, and what is in
submodules is somebody else's. The folder is a repository of our own, which borrows the objects.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

from msgspec import Struct

from keymuster.collect.git import Git, cat_file
from keymuster.model import Trouble

_TREE = "tree"
_PARTS = {b".git", b".", b"..", b""}


class _Entry(Struct, frozen=True):
    mode: str
    object: str
    size: int


@contextlib.contextmanager
def laid_out(
    place: str, repository: str, origin: str, most_bytes: int
) -> Iterator[tuple[str, list[Trouble]]]:
    """The folder, with what is not in it and should be: it is there until the block ends, because it has secrets in plain
    text, and takes more room than the clone. It is always called the same. No file of more bytes is written."""
    git = Git(repository)
    folder = os.path.join(place, _TREE)
    shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
    try:
        entries = _entries(git.run("ls-tree", "-r", "-z", "--long", "--full-tree", "HEAD"))
        _repository(folder, git, origin)
        troubles = list(_written(git, folder, entries, most_bytes))
        _index(folder, entries)
        yield folder, troubles
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _entries(listing: bytes) -> dict[bytes, _Entry]:
    found = {}
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, kind, id, size = about.decode("ascii").split()
        if kind == "blob" and mode != "120000":
            found[path] = _Entry(mode, id, int(size) if size.isdigit() else 0)
    return found


def _written(
    git: Git, folder: str, entries: dict[bytes, _Entry], most_bytes: int
) -> Iterator[Trouble]:
    top = os.fsencode(folder)
    wanted: dict[str, list[tuple[bytes, _Entry]]] = {}
    for path, entry in entries.items():
        if _leads_elsewhere(path):
            yield _trouble(
                path, "has a name that no file may have; it was not read", "See who made it."
            )
        elif entry.size > most_bytes:
            yield _trouble(
                path, f"is {entry.size:,} bytes, more than the limit of {most_bytes:,}",
                "Raise max_file_size in the estate's settings to scan it.",
            )  # fmt: skip
        else:
            wanted.setdefault(entry.object, []).append((path, entry))
    for id, _, content in cat_file(git, [*wanted]):
        for path, entry in wanted[id]:
            if content is None:
                yield _trouble(path, "is missing or damaged; it was not read", "Run git fsck.")
                continue
            try:
                _write(top, path, content, entry)
            except OSError as error:
                yield _trouble(
                    path, f"could not be laid out: {error.strerror}",
                    "See the disk of the estate's cache, and the name of the file.",
                )  # fmt: skip


def _write(top: bytes, path: bytes, content: bytes, entry: _Entry) -> None:
    target = os.path.join(top, path)
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    mode = 0o700 if entry.mode == "100755" else 0o600
    handle = os.open(
        target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode
    )
    with os.fdopen(handle, "wb") as out:
        out.write(content)


def _repository(folder: str, git: Git, origin: str) -> None:
    """One of our own around the files, at the HEAD of the other, with its objects. It is written as git would write
    it, which takes several processes for that."""
    said = os.fsdecode(
        git.run("rev-parse", "--show-object-format", "--git-path", "objects", "HEAD")
    ).split("\n")
    kind, objects, head = said[0], "\n".join(said[1:-2]), said[-2]
    own = os.path.join(folder, ".git")
    for inner in ("refs", os.path.join("objects", "info")):
        os.makedirs(os.path.join(own, inner), mode=0o700)
    with open(os.path.join(own, "objects", "info", "alternates"), "wb") as out:
        out.write(os.fsencode(os.path.abspath(os.path.join(git.folder, objects))) + b"\n")
    with open(os.path.join(own, "HEAD"), "w", encoding="ascii") as file:
        file.write(f"{head}\n")
    with open(os.path.join(own, "config"), "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(_FORMATS[kind])
        if origin:
            shown = origin.translate(_ESCAPES)
            file.write(f'[remote "origin"]\n\turl = "{shown}"\n')


_FORMATS = {
    "sha1": "[core]\n\trepositoryformatversion = 0\n",
    "sha256": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n",
}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\0": None})


def _index(folder: str, entries: dict[bytes, _Entry]) -> None:
    """Whether names would do on other systems does not matter: nothing is checked out."""
    lines = (
        b"%b %b\t%b\0" % (one.mode.encode(), one.object.encode(), path)
        for path, one in entries.items()
        if not _leads_elsewhere(path)
    )
    settings = ("-c", "core.protectNTFS=false", "-c", "core.protectHFS=false")
    Git(folder).run(*settings, "update-index", "-z", "--index-info", input=b"".join(lines))


def _leads_elsewhere(path: bytes) -> bool:
    return any(part.lower() in _PARTS for part in path.split(b"/"))


def _trouble(path: bytes, message: str, advice: str) -> Trouble:
    return Trouble(part="worktree", scope=os.fsdecode(path), message=message, advice=advice)
