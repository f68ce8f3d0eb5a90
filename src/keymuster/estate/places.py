"""The folder in which targets keep what can be made again, each in a place of its own: locked while somebody uses it,
and within a budget for all. The place that was used least recently goes first."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator

from keymuster.digests import blake2b
from keymuster.errors import Unreachable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_SIZE = "size"
"""The file of a place that says how many bytes it had when it was last used, and by its time, when that was."""

_LEFT = 0.9
"""How full the folder is made at the most, when it has become too large."""


class Places:
    """Below one folder; processes of several targets may use it at once. The budget is of bytes, the patience of
    seconds: somebody may be taking away what was not used for long, and is now."""

    def __init__(self, folder: str, budget: int, patience: float = 10) -> None:
        self._patience = patience
        self._places = os.path.join(folder, "places")
        self._locks = os.path.join(folder, "locks")
        self._total = os.path.join(folder, "total")
        self._budget = budget

    @contextlib.contextmanager
    def place(self, name: str) -> Iterator[str]:
        """A folder for this name alone, which nobody else uses and nobody takes away meanwhile. Unreachable if
        somebody does use it: two runs look at one target."""
        for folder in (self._places, self._locks):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        key = blake2b(name.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        folder = os.path.join(self._places, key)
        with self._locked(key, self._patience) as free:
            if not free:
                raise Unreachable(
                    "another process looks at the same target now", "Try again when it is done."
                )
            os.makedirs(folder, mode=0o700, exist_ok=True)
            before = _noted(folder)
            try:
                yield folder
            finally:
                after = _bytes(folder)
                _note(folder, after)
                self._add(after - before, key)

    def _add(self, bytes: int, used: str) -> None:
        """Keep the sum of all, so that they are looked through only when that is too much."""
        with self._locked("total", None):
            total = _number(self._total) + bytes
            if total > self._budget or not os.path.exists(self._total):
                total = self._evicted(used)
            _write(self._total, total)

    def _evicted(self, used: str) -> int:
        """What is left when so many places are gone that the rest fits. What is in use stays."""
        found = []
        for entry in os.scandir(self._places):
            with contextlib.suppress(OSError):
                at = os.path.join(entry.path, _SIZE)
                when = (
                    os.stat(at).st_mtime_ns if os.path.exists(at) else 0
                )  # it never came to an end
                size = _noted(entry.path) if when else _bytes(entry.path)
                found.append((when, entry.name, size))
        total = sum(size for _, _, size in found)
        if total <= self._budget:
            return total
        for _, name, size in sorted(found):
            if total <= self._budget * _LEFT:
                break
            if name == used:
                continue
            with self._locked(name) as free:
                if free:
                    shutil.rmtree(os.path.join(self._places, name), ignore_errors=True)
                    total -= size
        return total

    @contextlib.contextmanager
    def _locked(self, name: str, patience: float | None = 0) -> Iterator[bool]:
        """Whether it is ours until the block ends. The system lets go of it when we die. Without patience, that is
        known at once; with None, it is waited for."""
        handle = os.open(
            os.path.join(self._locks, name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            yield _lock(handle, patience)
        finally:
            os.close(handle)


def _lock(handle: int, patience: float | None) -> bool:
    if fcntl is None:  # pragma: no cover - one process at a time there
        return True
    if patience is None:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return True
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_AGAIN_SECONDS)


_AGAIN_SECONDS = 0.05


def _bytes(folder: str) -> int:
    """What the files below take on the disk."""
    total = 0
    waiting = [folder]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    about = entry.stat(follow_symlinks=False)
                    total += getattr(about, "st_blocks", about.st_size // 512 + 1) * 512
    return total


def _noted(folder: str) -> int:
    return _number(os.path.join(folder, _SIZE))


def _note(folder: str, bytes: int) -> None:
    if os.path.isdir(folder):
        _write(os.path.join(folder, _SIZE), bytes)


def _number(file: str) -> int:
    try:
        with open(file, encoding="ascii") as said:
            return int(said.read())
    except (OSError, ValueError):
        return 0


def _write(file: str, number: int) -> None:
    """All or nothing; on a full disk the old number stays."""
    with contextlib.suppress(OSError):
        temporary = f"{file}.new"
        with open(temporary, "w", encoding="ascii") as out:
            out.write(str(number))
        os.replace(temporary, file)
