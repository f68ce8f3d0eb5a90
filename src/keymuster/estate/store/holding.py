"""Work that only one process does at a time, on whichever machine: with PostgreSQL the server sees to that, with SQLite a
file beside the database. Who dies lets go."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Engine, text

from keymuster.errors import SettingsError

_PAUSE_SECONDS = 0.2


@contextmanager
def held(engine: Engine, name: str, patience: float) -> Iterator[bool]:
    """Whether nobody else has it, after so many seconds of waiting for that."""
    if engine.dialect.name == "postgresql":
        number = int.from_bytes(
            blake2b(f"keymuster {name}".encode(), digest_size=7).digest(), "big"
        )
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            take = text("SELECT pg_try_advisory_lock(:number)").bindparams(number=number)
            is_held = _tried(lambda: bool(connection.execute(take).scalar()), patience)
            try:
                yield is_held
            finally:
                if is_held:  # the connection goes back to its pool, and would keep it
                    connection.execute(
                        text("SELECT pg_advisory_unlock(:number)").bindparams(number=number)
                    )
        return
    beside = _beside(engine, name)
    try:
        handle = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsError(
            f"{beside} cannot be written: {error.strerror}",
            "Have the permissions of the folder of the store changed: this command writes there.",
        ) from None
    try:
        yield _tried(lambda: _locked(handle), patience)
    finally:
        os.close(handle)


def _tried(take: Callable[[], bool], patience: float) -> bool:
    ends = time.monotonic() + patience
    while not take():
        if time.monotonic() > ends:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _beside(engine: Engine, name: str) -> Path:
    database = Path((engine.url.database or "").removeprefix("file:").partition("?")[0])
    return database.with_name(f"{database.name}-{name}")


def _locked(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # a system that cannot say so
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
