"""A database by its URL: what is set for SQLite and for PostgreSQL, and its tables brought up to date."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from keymuster.errors import SettingsError
from keymuster.estate.store import migrations, unwritable
from keymuster.estate.store.tables import VERSION_TABLE, metadata

_EXAMPLES = "Examples: sqlite:///estate.db (a file), postgresql://user@host/database (a server)."
_WAIT_SECONDS = 30
"""How long a writer waits for another one."""
_MIGRATION_LOCK = 7305921660480001
"""Of PostgreSQL's advisory locks: who migrates."""
SHARED = text("SELECT pg_advisory_xact_lock(7305921660480002)")
"""Taken before events are written: then their ids grow in the order in which others get to see them."""


_OF_THE_FILE = (
    "auto_vacuum=INCREMENTAL",  # before there is any table
    "journal_mode=WAL",
)
_PRAGMAS = (
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=FAST",
)


def engine(url: str, *, create: bool = True) -> Engine:
    """Nothing is opened yet. SettingsError if the URL is none of ours. A file that nobody means to make and that may not be
    written to is only read."""
    parsed = _parsed(url)
    options: dict[str, Any] = {"hide_parameters": True}
    if parsed.get_backend_name() == "sqlite":
        path = parsed.database or ""
        if not create and os.path.exists(path) and not unwritable.may_write(path):
            # each question opens it anew: it may have been put in another's place
            made = create_engine(
                parsed, creator=lambda: unwritable.connect(path, _WAIT_SECONDS), poolclass=NullPool, **options
            )  # fmt: skip
            event.listen(made, "connect", _set_up_to_read)
            event.listen(made, "begin", _begin)
            return made
        made = create_engine(parsed, connect_args={"timeout": _WAIT_SECONDS}, **options)
        event.listen(made, "connect", _set_up)
        event.listen(made, "begin", _begin)
        return made
    try:
        return create_engine(
            parsed,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "keymuster"},
            **options,
        )
    except ImportError:
        raise SettingsError(
            "a store in PostgreSQL needs psycopg", "Install it: pip install 'keymuster[postgresql]'"
        ) from None


def shown(url: URL) -> str:
    """Without password and without options, which may hold one."""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}"
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)


def prepare(made: Engine, create: bool = True) -> None:
    """Make the tables, or bring them up to date. Several may come at the same time. A file that is not there is made
    only where somebody means to write into it."""
    if made.dialect.name == "sqlite":
        if not create and not os.path.exists(made.url.database or ""):
            raise SettingsError(
                f"there is no store yet at {made.url.database}", "`keymuster estate run` makes it."
            )
        if not is_only_read(made):
            _make_file(made.url)
    with made.connect() as connection, connection.begin():
        if migrations.revision(connection) == migrations.HEAD:
            return
    if is_only_read(made):
        raise SettingsError(
            f"the store {made.url.database} is none of this version, and cannot be brought up to date where nothing may be written",
            "Copy it into a folder that you may write to, and name that as `store` in estate.yaml.",
        )
    with made.execution_options(writes=True).connect() as connection, connection.begin():
        if made.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        if migrations.revision(connection) == migrations.HEAD:
            return
        _refuse_others(connection)
        migrations.upgrade(connection)


def is_only_read(made: Engine) -> bool:
    return isinstance(made.pool, NullPool)


def _parsed(url: str) -> URL:
    if "://" not in url:
        url = f"sqlite:///{url}"
    if url.startswith("postgres://"):
        url = url.replace("postgres://", "postgresql://", 1)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # their words may hold a password
        raise SettingsError("the address of the store is no URL", _EXAMPLES) from None
    backend = parsed.get_backend_name()
    if backend == "postgresql" and parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise SettingsError(
            f"the store is kept in SQLite or PostgreSQL, not in {parsed.drivername}", _EXAMPLES
        )
    if not parsed.database or ":memory:" in parsed.database or "mode=memory" in url:
        raise SettingsError("the address of the store names no file", _EXAMPLES)
    return parsed


def _make_file(url: URL) -> None:
    """For nobody else to read: it says where secrets lie."""
    path = url.database or ""
    if path.startswith("file:"):  # with its own options
        return
    try:
        os.makedirs(os.path.dirname(path) or os.curdir, mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise SettingsError(
            f"the store {path} cannot be opened for writing: {error.strerror}",
            "Choose another file, or have its permissions changed.",
        ) from None


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    """Transactions begin where we say so, and not by themselves before the first change."""
    connection.isolation_level = None
    of_the_file = _OF_THE_FILE if _may_be_ours(connection) else ()
    for pragma in (*of_the_file, *_PRAGMAS):
        connection.execute(f"PRAGMA {pragma}").close()


def _set_up_to_read(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None


def _may_be_ours(connection: sqlite3.Connection) -> bool:
    """The database of another program is refused later; until then nothing in it may change."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return not found or (VERSION_TABLE,) in found


def shrink(made: Engine) -> None:
    """Give the space back of what was deleted from a file, or leave that for the next time."""
    with made.connect() as connection, contextlib.suppress(sqlite3.Error):
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.executescript("PRAGMA incremental_vacuum")  # `execute` would do one page


def _begin(connection: Connection) -> None:
    """A writer says so at once: one that reads first and then writes could not wait for others."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuse_others(connection: Connection) -> None:
    """A database file with tables of somebody else is not ours to write to. In PostgreSQL many live together."""
    if connection.dialect.name != "sqlite":
        return
    strange = {*inspect(connection).get_table_names()} - {*metadata.tables}
    if [one for one in strange if not one.startswith("keymuster_")]:
        raise SettingsError(
            f"{shown(connection.engine.url)} is the database of another program",
            "Choose another file for the store.",
        )
