"""The `git` program as a reader of repositories nobody vouches for: only plumbing and its exit codes
are used."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, NoReturn, TypeVar

from keymuster import temporary
from keymuster.collect import spawned
from keymuster.collect.repository import environment, prefix
from keymuster.errors import Unreadable

if TYPE_CHECKING:
    import subprocess

_T = TypeVar("_T")
_P = TypeVar(
    "_P", "subprocess.Popen[bytes] | spawned.Process", "subprocess.Popen[bytes] | spawned.Spawned"
)


class Git:
    """One repository, named by any folder in it. `worktree` is where its files are, whatever its
    settings say. What it is asked and does not answer in so many `seconds`, if they are given, it has refused. Of our environment, it may be `given` a part."""

    def __init__(
        self, folder: str, *, in_hook: bool = False, worktree: str | None = None,
        seconds: float | None = None, given: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self._seconds = seconds
        self._environment = environment(given, in_hook=in_hook)
        if worktree is not None:
            self._environment["GIT_WORK_TREE"] = worktree

    def run(self, *words: str, input: bytes | None = None) -> bytes:
        """What git prints; Unreadable with git's own last words when it fails."""
        done = self._done(words, input)
        if done.returncode:
            raise self._failure(words, done.stderr)
        return done.stdout

    def listing(self, *words: str) -> tuple[bytes, list[str]]:
        """What git prints, and what it warns of while it goes on."""
        done = self._done(words, None)
        if done.returncode:
            raise self._failure(words, done.stderr)
        said = os.fsdecode(done.stderr).splitlines()
        return done.stdout, [line[9:] for line in said if line.startswith("warning: ")]

    def ask(self, *words: str) -> str | None:
        """One line of answer, or None when git says no."""
        done = self._done(words, None)
        return None if done.returncode else os.fsdecode(done.stdout).removesuffix("\n")

    @contextlib.contextmanager
    def running(
        self, *words: str, stdin: IO[bytes] | None = None
    ) -> Iterator[subprocess.Popen[bytes] | spawned.Spawned]:
        """A git at work; when the block ends it has ended too, by itself if all went well."""
        with self._until_ended(self.started(*words, stdin=stdin)) as one:
            yield one

    def started(
        self, *words: str, stdin: IO[bytes] | None = None
    ) -> subprocess.Popen[bytes] | spawned.Spawned:
        """A git at work; to end it is left to the caller."""
        given = None if stdin is None else stdin.fileno()
        try:
            process = spawned.at_work([*prefix(self.folder), *words], self._environment, given)
        except OSError as error:
            raise _missing(error) from error
        return process or self._process(words, stdin, None)

    @contextlib.contextmanager
    def writing(
        self, *words: str, stdin: IO[bytes], stdout: IO[bytes]
    ) -> Iterator[subprocess.Popen[bytes] | spawned.Process]:
        """The same, of one that writes into a file."""
        every = [*prefix(self.folder), *words]
        try:
            process = spawned.writing(every, self._environment, stdin.fileno(), stdout.fileno())
        except OSError as error:
            raise _missing(error) from error
        with self._until_ended(process or self._process(words, stdin, stdout)) as one:
            yield one

    def become(self, *words: str, stdin: IO[bytes], stdout: IO[bytes]) -> NoReturn:
        """The same in the place of this process. OSError if it cannot be started."""
        import fcntl
        import signal  # slow to import

        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        given = (stdin.fileno(), stdout.fileno(), os.open(os.devnull, os.O_WRONLY))
        # whoever started us may have closed what a program is given: then a file stands there that is in the way,
        # or would not be handed down, as it does not move
        moved = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, len(given)) for one in given]
        for place, one in enumerate(moved):
            os.dup2(one, place)
        os.execvpe("git", [*prefix(self.folder), *words], self._environment)

    def _process(
        self, words: tuple[str, ...], stdin: IO[bytes] | None, stdout: IO[bytes] | None
    ) -> subprocess.Popen[bytes]:
        import subprocess  # slow to import

        try:
            return subprocess.Popen(
                [*prefix(self.folder), *words],
                stdin=stdin or subprocess.DEVNULL,
                stdout=stdout or subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
            )
        except OSError as error:
            raise _missing(error) from error

    @staticmethod
    @contextlib.contextmanager
    def _until_ended(process: _P) -> Iterator[_P]:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            if process.stdout is not None:
                process.stdout.close()
            process.wait()

    def _done(
        self, words: tuple[str, ...], input: bytes | None
    ) -> subprocess.CompletedProcess[bytes] | spawned.Ended:
        if input is None and self._seconds is None:
            try:
                done = spawned.ended([*prefix(self.folder), *words], self._environment)
            except OSError as error:
                raise _missing(error) from error
            if done is not None:
                return done
        import subprocess  # slow to import

        try:
            return subprocess.run(
                [*prefix(self.folder), *words],
                input=b"" if input is None else input,
                capture_output=True,
                env=self._environment,
                check=False,
                timeout=self._seconds,
            )
        except OSError as error:
            raise _missing(error) from error
        except subprocess.TimeoutExpired:
            raise Unreadable(f"{self.folder}: git {words[0]} did not end", "Try again.") from None

    def _failure(self, words: tuple[str, ...], stderr: bytes) -> Unreadable:
        said = stderr.decode("utf-8", "replace").strip().splitlines()
        first = next(
            (line for line in said if line.startswith(("fatal:", "error:"))), "no reason given"
        )
        if "dubious ownership" in first:
            return Unreadable(
                f"{self.folder}: git refuses a repository that belongs to another user",
                f"If you trust it: git config --global --add safe.directory {self.folder}",
            )
        return Unreadable(
            f"{self.folder}: git {words[0]} failed: {first.partition(': ')[2] or first}"
        )


def _missing(error: OSError) -> Unreadable:
    return Unreadable(f"git could not be started: {error.strerror}", "Install git and try again.")


def cat_file(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, str, bytes | None]]:
    """(id, type, content) of objects in the order asked; content None for one that is missing or
    damaged."""
    yield from _restarting(git, "--batch", ids, content)


def sizes(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, str, int | None]]:
    """(id, type, bytes) of objects in the order asked; bytes None for one that is missing."""
    yield from _restarting(git, "--batch-check", ids, lambda size, stream: size)


def _restarting(
    git: Git, form: str, ids: Sequence[str], value: Callable[[int, IO[bytes]], _T | None]
) -> Iterator[tuple[str, str, _T | None]]:
    """A git that dies of an object is started again behind it."""
    done = 0
    while done < len(ids):
        for answer in _answers(git, form, ids[done:], value):
            done += 1
            yield answer


def _answers(
    git: Git, form: str, ids: Sequence[str], value: Callable[[int, IO[bytes]], _T | None]
) -> Iterator[tuple[str, str, _T | None]]:
    """Answers until git dies; the last of them is then the object it died of."""
    with (
        lines(ids) as asked,
        git.running("cat-file", form, "--buffer", stdin=asked) as process,
    ):
        assert process.stdout is not None
        for one in ids:
            header = process.stdout.readline().split()
            if len(header) == 3:
                answer = value(int(header[2]), process.stdout)
                yield one, header[1].decode(), answer
            else:
                yield one, "missing", None
            if not header or (len(header) == 3 and answer is None):
                return


def content(size: int, stream: IO[bytes]) -> bytes | None:
    """The bytes of an object and the line end behind it; None if the stream ends before."""
    content = stream.read(size)
    return content if stream.read(1) else None  # with the line end it would be copied


_FITS_IN_A_PIPE = 2048
"""Bytes that can be written to a pipe before anybody reads, on any system."""


@contextlib.contextmanager
def lines(words: Iterable[str]) -> Iterator[IO[bytes]]:
    """Words, one a line, for the standard input of a git that says much before it has read all."""
    said = "".join(f"{word}\n" for word in words).encode()
    if len(said) <= _FITS_IN_A_PIPE:
        readable, writable = os.pipe()
        with os.fdopen(writable, "wb") as end:
            end.write(said)
        with os.fdopen(readable, "rb") as file:
            yield file
        return
    with temporary.unnamed() as file:
        file.write(said)
        file.seek(0)
        yield file
