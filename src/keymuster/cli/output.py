"""Where reports go: files that take their name only when they are whole, and standard output."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from keymuster import temporary
from keymuster.errors import ReportError


@contextlib.contextmanager
def stdout() -> Iterator[TextIO]:
    """Standard output that can say anything: what its encoding lacks becomes an escape. A reader
    that leaves early (`| head`) has what it wanted; a full disk is a ReportError."""
    if sys.stdout is None:
        raise ReportError(
            "standard output is closed", "Open it, or send it to /dev/null and use -o FORMAT=FILE."
        )
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        let_go_of_stdout()
    except OSError as error:
        let_go_of_stdout()
        raise ReportError(
            f"standard output could not be written: {error.strerror}",
            "Write the report to a file instead: -o FORMAT=FILE",
        ) from error


@contextlib.contextmanager
def replacing(file: str, newline: str | None = None) -> Iterator[TextIO]:
    """A file that takes its name only when it is whole; what stood there before stays until then.
    `newline` is as for `open`."""
    try:
        if os.path.exists(file) and not os.path.isfile(file):  # /dev/stderr, a pipe
            with open(file, "w", encoding="utf-8", newline=newline) as out:
                yield out
            return
        target = os.path.realpath(file)  # a link stays one
        handle, written = temporary.beside(os.path.dirname(target), ".keymuster-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline=newline) as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            os.chmod(written, 0o666 & ~_umask())
            os.replace(written, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(written)
            raise
    except OSError as error:
        raise ReportError(
            f"{file} could not be written: {error.strerror}",
            "Nothing was changed there. Free some space or choose another place.",
        ) from error


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def let_go_of_stdout() -> None:
    """Nobody takes our output any more: let what is still buffered flush into nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
