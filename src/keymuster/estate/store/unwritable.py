"""A store in a file that this process may only read: on a disk that is mounted so, or of somebody else.

What was written last may stand in the `-wal` beside the file. SQLite reads that, too, where it has its `-shm`, or may make
one. Where it cannot, the file alone is the whole store only if that `-wal` is empty or gone: as after the last
writer has left. A file that is read so is read without locks; so it is looked at behind every question whether somebody wrote.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any
from urllib.parse import quote

from keymuster.errors import SettingsError


class Unmoved(sqlite3.Connection):
    """Of a file that nobody may write to meanwhile; `stamp` is what it was when it was opened."""

    stamp: tuple[int, ...] = ()
    file = ""

    def has_moved(self) -> bool:
        return stamp(self.file) != self.stamp


def may_write(path: str) -> bool:
    """Whether a file can be written to, and files beside it."""
    try:
        os.close(os.open(path, os.O_RDWR))
    except OSError:
        return False
    return os.access(os.path.dirname(path) or os.curdir, os.W_OK | os.X_OK)


def connect(path: str, seconds: float) -> sqlite3.Connection:
    """SettingsError if what was written last cannot be read."""
    uri = f"file:{quote(os.path.abspath(path))}?mode=ro"
    options: dict[str, Any] = {"uri": True, "timeout": seconds, "check_same_thread": False}
    try:
        return _asked(sqlite3.connect(uri, **options))
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(_NO_INDEX):
            raise
    before = stamp(path)
    if _has_more(path):
        raise SettingsError(
            f"the store {path} cannot be read where nothing may be written: what was written to it last is in {path}-wal",
            "Copy it with the files beside it (-wal, -shm) into a folder that you may write to, and name that as `store` in estate.yaml."
            " Or let a command read it that may write there, such as `keymuster estate status`.",
        )
    made: Unmoved = sqlite3.connect(f"{uri}&immutable=1", factory=Unmoved, **options)
    made.file, made.stamp = path, before
    return made


_NO_INDEX = ("SQLITE_CANTOPEN", "SQLITE_READONLY")
"""What SQLite says where it may not make the `-shm` that it needs."""


def _asked(connection: sqlite3.Connection) -> sqlite3.Connection:
    """It looks at its files only then."""
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()
    except BaseException:
        connection.close()
        raise
    return connection


def _has_more(path: str) -> bool:
    try:
        return os.stat(f"{path}-wal").st_size > 0
    except OSError:
        return False


def stamp(path: str) -> tuple[int, ...]:
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns, _has_more(path)
