"""Contents of objects, of one git for as long as any are asked for.

A git that is started for a few hundred objects spends as much on its memory, which the system has to clear,
as on a quarter of its work.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING

from keymuster.collect.git import Git, content

if TYPE_CHECKING:
    import subprocess

    from keymuster.collect import spawned

_AT_ONCE = 1024
"""Bytes of what is asked for in one go. Twice as much may wait in a pipe before git reads it: that fits into a
pipe of any system, so nobody waits there for one who waits for him."""


class Contents:
    """Each process has a git of its own, also if it was forked from one that has."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | spawned.Spawned | None = None
        self._asking = -1
        self._owner = 0
        self._listening: object = None

    def of(self, ids: Sequence[str]) -> Iterator[tuple[str, str, bytes | None]]:
        """(id, type, content) of objects in the order asked; content None for one that is missing or damaged. A git
        that dies of an object is started again behind it. If somebody asks for others before these are through, these
        are asked for anew."""
        done = 0
        while done < len(ids):
            for answer in self._answers(ids[done:]):
                done += 1
                yield answer

    def close(self) -> None:
        """The git ends; another one is started if more is asked for."""
        process, self._process = self._process, None
        self._listening = None
        if process is None:
            return
        os.close(self._asking)
        assert process.stdout is not None
        if self._owner == os.getpid():
            process.kill()  # others, forked from us, may still hold the other end of its input
            process.stdout.close()
            process.wait()
        else:
            process.stdout.close()

    def __del__(self) -> None:
        self.close()

    def _answers(self, ids: Sequence[str]) -> Iterator[tuple[str, str, bytes | None]]:
        """Answers until git dies; the last of them is then the object it died of."""
        if self._listening is not None:
            self.close()  # what was not heard to its end would be taken for an answer to us
        said = self._started()
        listening = self._listening = object()
        at_once = max(1, _AT_ONCE // (len(ids[0]) + 1))
        asked = 0
        is_through = False
        try:
            for number, id in enumerate(ids):
                while asked < len(ids) and asked <= number + at_once:
                    self._ask(ids[asked : asked + at_once])
                    asked += at_once
                header = said.readline().split()
                if len(header) != 3:
                    yield id, "missing", None
                else:
                    answer = content(int(header[2]), said)
                    yield id, header[1].decode(), answer
                if self._listening is not listening:
                    return
                if not header or (len(header) == 3 and answer is None):
                    return
            is_through = True
        finally:
            if self._listening is listening:
                self._listening = None
                if not is_through:  # what else it says would be taken for the next answer
                    self.close()

    def _ask(self, ids: Sequence[str]) -> None:
        with contextlib.suppress(BrokenPipeError):  # it died, as the next answer says
            os.write(self._asking, "".join(f"{id}\n" for id in ids).encode())

    def _started(self) -> IO[bytes]:
        if self._process is not None and self._owner != os.getpid():
            self.close()
        if self._process is None:
            readable, self._asking = os.pipe()
            self._owner = os.getpid()
            try:
                with open(readable, "rb") as stdin:
                    self._process = self._git.started("cat-file", "--batch", stdin=stdin)
            except BaseException:
                os.close(self._asking)
                raise
        assert self._process.stdout is not None
        return self._process.stdout
