"""The files of a staged change, taken from one patch that shows them whole: git need not be asked for each again.

What git says may be spelled in many ways. So a file counts only if it has the id that git gives it, and of a patch in
which one thing is not as expected nothing counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from keymuster.collect.patch import HEAD

if TYPE_CHECKING:
    from hashlib import sha1, sha256
else:
    from keymuster.model.sha256 import sha256

    try:  # for the same reason as there
        from _sha1 import sha1
    except ImportError:
        from hashlib import sha1


class StagedFile(NamedTuple):
    """A file before and after a change, by its ids there; what it holds after it, and its added line ranges."""

    path: bytes
    mode: bytes
    before: str
    after: str
    content: bytes
    added: list[tuple[int, int]]


_kept: list[tuple[str, bytes]] = []


def keep(root: str, patch: bytes) -> None:
    """This is the staged change of a repository, for whoever asks for it in this process."""
    _kept[:] = [(os.path.realpath(root), patch)]


def kept(root: str) -> list[StagedFile] | None:
    """The files of the change that was kept; None if none was, or not all is sure."""
    if _kept and _kept[0][1] and _kept[0][0] == os.path.realpath(root):
        return staged_files(_kept[0][1])
    return None


def staged_files(patch: bytes) -> list[StagedFile] | None:
    """The files of a patch with all their lines and full ids; None if it does not tell them all for sure."""
    nothing, *files = (b"\n" + patch).split(b"\ndiff --git ")
    if nothing.strip():
        return None
    found = []
    for file in files:
        one = _file(file)
        if one is None or not (is_gone(one) or _id(one.content, len(one.after)) == one.after):
            return None
        found.append(one)
    return found


def _file(file: bytes) -> StagedFile | None:
    head, _, change = file.partition(b"\n@@ ")
    names, *about = head.rstrip(b"\n").split(b"\n")
    if not all(line.startswith(HEAD) for line in about):
        return None  # in conflict, or binary
    half = len(names) // 2
    left, right = names[:half], names[half + 1 :]
    if not (left[:2] == b"a/" and right[:2] == b"b/" and left[2:] == right[2:]):
        return None  # spelled in quotes, or with other words before it
    mode, ids = b"", b""
    for line in about:
        for lead in (b"new file mode ", b"new mode "):
            if line.startswith(lead):
                mode = line.removeprefix(lead)
        if line.startswith(b"deleted file mode "):
            mode = b"000000"  # as in a list of what has changed
        if line.startswith(b"index "):
            ids, _, same = line[6:].partition(b" ")
            mode = same or mode
    before, dots, after = ids.decode("ascii", "replace").partition("..")
    if not (dots and mode):
        return None  # of one whose mode alone has changed, git shows no id
    _, *lines = change.rstrip(b"\n").split(b"\n")
    if not all(line.startswith((b"+", b"-", b" ", b"\\")) for line in lines):
        return None  # behind it is something else
    new = [*_new(lines)]
    content = b"".join(line for line, _ in new)
    return StagedFile(
        left[2:],
        mode,
        before,
        after,
        content,
        ranges(number for number, (_, is_added) in enumerate(new, 1) if is_added),
    )


def _new(lines: list[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The lines after the change, and whether each was added. The last one may have no line end."""
    kept: tuple[bytes, bool] | None = None
    for line in lines:
        mark = line[:1]
        if mark == b"\\" and kept is not None:
            yield kept[0][:-1], kept[1]
            kept = None
        if mark == b"\\":
            continue
        if kept is not None:
            yield kept
        kept = None if mark == b"-" else (line[1:] + b"\n", mark == b"+")
    if kept is not None:
        yield kept


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The first and the last of each range of growing numbers that follow each other."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return found


def is_gone(file: StagedFile) -> bool:
    return not file.after.strip("0")


def _id(content: bytes, length: int) -> str:
    """What git calls a file of this content."""
    kind = sha1 if length == _SHA1 else sha256
    return kind(b"blob %d\0" % len(content) + content).hexdigest()


_SHA1 = 40
