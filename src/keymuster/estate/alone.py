"""One engine at a time on a store in a file: the system knows whether another one lives, even after `kill -9`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO

from keymuster.errors import SettingsError


class Taken(SettingsError):
    """Another process works on this store."""


@contextlib.contextmanager
def alone(store: str) -> Iterator[None]:
    """For the file of a store. Taken if another process is in here."""
    path = f"{store}.run"
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii") as file:
        if not _locked(file):
            who = file.read(20).strip()
            raise Taken(
                f"a run on this store is under way, in process {who or 'unknown'}",
                "`keymuster estate status` shows how far it is.",
            )
        file.seek(0)
        file.write(f"{os.getpid():<20}")
        file.flush()
        yield


def _locked(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            file.seek(64)  # what is locked cannot be read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        finally:
            file.seek(0)
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
