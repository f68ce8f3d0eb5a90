"""Events in a file, each exactly once: the end of the file says what is in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO

_TAIL_BYTES = 1024 * 1024
"""Within which the last event must begin that was written whole."""


class RotatingFile:
    """Lines at the end of a file. When it would grow over `size`, it becomes FILE.1, that one FILE.2, and so on; of older
    ones, `keep` stay. While it is open, other processes that open it wait."""

    def __init__(self, path: str, size: int, keep: int) -> None:
        self._path, self._size, self._keep = path, size, keep
        self._out: BinaryIO | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[str]:
        """The last line that is there. OSError if it cannot be written. At the end, all is on the disk."""
        os.makedirs(os.path.dirname(os.path.abspath(self._path)), exist_ok=True)
        folder, name = os.path.split(self._path)
        with _locked(os.path.join(folder, f".{name}.lock")):  # no log that somebody ships
            last = self._mended() or _last_line(f"{self._path}.1")
            self._open()
            try:
                yield last
                self._flush()
            finally:
                self._close()

    def write(self, line: str) -> None:
        assert self._out is not None
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        if self._out.tell() and self._out.tell() + len(data) > self._size:
            self._rotate()
        self._out.write(data)

    def _mended(self) -> str:
        """The last line of the file. What was only begun, because the machine or the disk gave up, is taken away."""
        try:
            with open(self._path, "rb+") as file:
                tail, start = _tail(file)
                end = tail.rfind(b"\n") + 1
                if end < len(tail):
                    file.truncate(start + end)
        except FileNotFoundError:
            return ""
        return _last_line(self._path)

    def _open(self) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self._out = os.fdopen(handle, "ab")

    def _rotate(self) -> None:
        self._flush()
        self._close()
        for at in range(self._keep, 0, -1):
            older = f"{self._path}.{at - 1}" if at > 1 else self._path
            with contextlib.suppress(FileNotFoundError):
                os.replace(older, f"{self._path}.{at}")
        if not self._keep:
            os.unlink(self._path)
        self._open()

    def _flush(self) -> None:
        assert self._out is not None
        self._out.flush()
        os.fsync(self._out.fileno())

    def _close(self) -> None:
        assert self._out is not None
        self._out.close()


def _last_line(path: str) -> str:
    try:
        with open(path, "rb") as file:
            tail, _ = _tail(file)
    except FileNotFoundError:
        return ""
    lines = tail.splitlines()
    return lines[-1].decode("utf-8", "replace") if lines else ""


def _tail(file: BinaryIO) -> tuple[bytes, int]:
    size = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, size - _TAIL_BYTES))
    return file.read(), start


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    """One process at a time, where the system can say so."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
