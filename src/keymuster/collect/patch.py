"""A staged change as git shows it: whole versions of files, and which of their lines are new.

One git says it all, and little is loaded to read it: a hook looks at this first. What is out of the
ordinary (a conflict, a file that git takes for binary, one too large, one that may declare
identities) is not read but refused.
"""

from __future__ import annotations

import os

from keymuster.collect import repository
from keymuster.collect.agents.imports import PROGRAMS, may_build_agents
from keymuster.collect.declaring import may_declare
from keymuster.detect.values.languages import is_code
from keymuster.detect.version import Version

TYPE_CHECKING = False  # that of `typing` takes as long to import as all the rest
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 1024 * 1024
"""Of a patch that is read: more is sooner looked at by what is made for it."""

_ALL = "--unified=1000000"  # lines around a change: more than a patch has that is read


class Refused(Exception):
    """The change, or git, is out of the ordinary."""


class Patch:
    """A git at work on the patch of what is staged. It has ended when the block ends. What it `said` is then all of
    the patch, or nothing if it failed or was not asked."""

    def __init__(self, root: str) -> None:
        output, end = os.pipe()
        self.root = root
        self.said = b""
        self._output = open(output, "rb", buffering=0)  # noqa: SIM115 - until the block ends
        try:
            self._process = os.posix_spawnp(
                "git",
                [
                    *repository.prefix(root), "diff", "--cached", "--patch", _ALL, "--no-color",
                    "--no-ext-diff", "--no-textconv", "--no-renames", "--no-indent-heuristic", "--full-index",
                ],
                repository.environment(in_hook=True),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, end, 1),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
            )  # fmt: skip
        finally:
            os.close(end)

    def __enter__(self) -> Patch:
        return self

    def __exit__(self, *_: object) -> None:
        self._output.close()
        if self._process:
            os.waitpid(self._process, 0)

    def versions(self) -> Iterator[Version]:
        """The files that have new lines; Refused if one is out of the ordinary, or git fails."""
        before, *files = (b"\n" + self._read()).split(b"\ndiff --git ")
        if before.strip():
            raise Refused("it does not begin with a file")
        for file in files:
            yield from _version(file)

    def _read(self) -> bytes:
        parts, size = [], 0
        while part := self._output.read(65536):
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                raise Refused("it is large")
        process, self._process = self._process, 0
        if os.waitpid(process, 0)[1]:
            raise Refused("git failed")
        self.said = b"".join(parts)
        return self.said


HEAD = (
    b"old mode ", b"new mode ", b"new file mode ", b"deleted file mode ", b"index ", b"--- ", b"+++ ",
)  # fmt: skip
"""How the lines begin that stand before the change of a file."""


def _version(file: bytes) -> Iterator[Version]:
    head, _, change = file.partition(b"\n@@ ")
    _, *about = head.rstrip(b"\n").split(b"\n")
    if not all(line.startswith(HEAD) for line in about):
        raise Refused("it is in conflict, or binary")
    pieces: list[tuple[bool, list[bytes]]] = []
    for line in change.rstrip(b"\n").split(b"\n")[1:]:
        mark = line[:1]
        if mark in (b"+", b" "):
            if not pieces or pieces[-1][0] != (mark == b"+"):
                pieces.append((mark == b"+", []))
            pieces[-1][1].append(line[1:])
        elif mark not in (b"-", b"\\"):
            raise Refused("a part of it is missing")
    if any(is_new for is_new, _ in pieces):
        name = about[-1].rstrip(b'\t"').decode("utf-8", "replace")
        if may_declare(name):
            raise Refused("it may declare identities")
        version = Version(
            [(is_new, b"\n".join([*lines, b""])) for is_new, lines in pieces], is_code(name)
        )
        if name.endswith(PROGRAMS) and may_build_agents(version.text):
            raise Refused("it may build agents")
        yield version
