"""Programs that are started without `subprocess`: to load that takes as long as a git that is asked little."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, NamedTuple

_STANDARD = 3
"""File descriptors that a program is given."""


class Ended(NamedTuple):
    """How a program ended, and what it said."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Process:
    """A program at work that somebody started, or a copy of this one. `stdout` is what it says, if that does not go into a file."""

    def __init__(self, process: int) -> None:
        self._process = process
        self.stdout: IO[bytes] | None = None
        self.returncode: int | None = None

    def wait(self) -> int:
        """The exit code; below zero if a signal ended it."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        return self.returncode

    def poll(self) -> int | None:
        """The same, None if it has not ended."""
        if self.returncode is None:
            ended, status = os.waitpid(self._process, os.WNOHANG)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self._process, 9)


class Spawned(Process):
    """One that says something; what it complains of, if that is wanted, comes out of `errors`."""

    def __init__(
        self, words: list[str], environment: Mapping[str, str], stdin: int | None, pipes: list[_Pipe]
    ) -> None:  # fmt: skip
        """OSError if it cannot be started."""
        (output, said), *more = pipes
        nothing = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
        try:
            process = os.posix_spawnp(
                words[0], words, environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
                    if stdin is None
                    else (os.POSIX_SPAWN_DUP2, stdin, 0),
                    (os.POSIX_SPAWN_DUP2, said, 1),
                    *((os.POSIX_SPAWN_DUP2, end, 2) for _, end in more),
                    *(() if more else (nothing,)),
                ],
            )  # fmt: skip
        except BaseException:
            for first, _ in pipes:
                os.close(first)
            raise
        finally:
            for _, end in pipes:
                os.close(end)
        super().__init__(process)
        self.stdout = open(output, "rb")  # noqa: SIM115 - until it has ended
        self.errors = open(more[0][0], "rb") if more else None  # noqa: SIM115


def at_work(words: list[str], environment: Mapping[str, str], stdin: int | None) -> Spawned | None:
    """A program that reads what is given to it; None where it has to be started in another way."""
    if stdin is not None and stdin < _STANDARD:
        return None
    pipes = _pipes(1)
    return None if pipes is None else Spawned(words, environment, stdin, pipes)


def writing(
    words: list[str], environment: Mapping[str, str], stdin: int, stdout: int
) -> Process | None:
    """A program that reads one file and writes into another; None as above."""
    if not hasattr(os, "posix_spawnp") or min(stdin, stdout) < _STANDARD:
        return None
    return Process(
        os.posix_spawnp(
            words[0], words, environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, stdin, 0),
                (os.POSIX_SPAWN_DUP2, stdout, 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
    )  # fmt: skip


def ended(words: list[str], environment: Mapping[str, str]) -> Ended | None:
    """What a program says that is given nothing, and has ended; None as above."""
    pipes = _pipes(2)
    if pipes is None:
        return None
    process = Spawned(words, environment, None, pipes)
    assert process.stdout is not None
    assert process.errors is not None
    with process.stdout as output, process.errors as errors:
        try:
            said, complained = _read(output.fileno(), errors.fileno())
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
    return Ended(code, said, complained)


_Pipe = tuple[int, int]


def _pipes(number: int) -> list[_Pipe] | None:
    """None where there is no such way to start programs, or where these would take the place of what a program is
    given, as somebody has closed that."""
    if not hasattr(os, "posix_spawnp"):
        return None
    made = [os.pipe() for _ in range(number)]
    if min(map(min, made)) >= _STANDARD:
        return made
    for one in made:
        for end in one:
            os.close(end)
    return None


def _read(*files: int) -> list[bytes]:
    """All that comes out of several pipes, each as it comes."""
    from select import poll

    parts: dict[int, list[bytes]] = {one: [] for one in files}
    waiting = poll()
    for one in files:
        waiting.register(one)
    left = len(files)
    while left:
        for one, _ in waiting.poll():
            if part := os.read(one, _AT_ONCE):
                parts[one].append(part)
            else:
                waiting.unregister(one)
                left -= 1
    return [b"".join(several) for several in parts.values()]


_AT_ONCE = 1 << 18
