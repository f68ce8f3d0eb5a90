"""Files for a while, without `tempfile`: that loads three kinds of compression and random numbers, and takes
as long to import as a small repository to scan."""

from __future__ import annotations

import os
from typing import IO

_NEW = (
    os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)
_TRIES = 100


def beside(folder: str, prefix: str) -> tuple[int, str]:
    """A new file in a folder, which nobody else may read: its descriptor and its path."""
    for _ in range(_TRIES):
        path = os.path.join(folder, f"{prefix}{os.urandom(8).hex()}")
        try:
            return os.open(path, _NEW, 0o600), path
        except FileExistsError:
            continue
    raise FileExistsError(f"there is no free name in {folder}")


def unnamed() -> IO[bytes]:
    """A file that is gone when it is closed."""
    kind = getattr(os, "O_TMPFILE", None)
    if kind is not None:
        try:
            folder = os.environ.get("TMPDIR") or "/tmp"
            return os.fdopen(os.open(folder, os.O_RDWR | os.O_EXCL | kind, 0o600), "w+b")
        except OSError:  # not on every file system
            pass
    import tempfile

    return tempfile.TemporaryFile()
