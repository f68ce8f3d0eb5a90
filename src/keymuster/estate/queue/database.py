"""Where the queue is: in the database of the store, in a schema of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from keymuster.errors import SettingsError, Unreachable

SCHEMA = "keymuster_queue"
_PREPARING = 7305921660480003
_STARTING = 7305921660480004
"""Of PostgreSQL's advisory locks."""


def connection_arguments(url: str) -> dict[str, Any]:
    """Of a psycopg pool, for the URL of a store."""
    from sqlalchemy import make_url

    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    options = {
        "options": f"-c search_path={SCHEMA}", "connect_timeout": 10, "application_name": "keymuster",
    }  # fmt: skip
    return {"conninfo": conninfo, "kwargs": options}


def connect(url: str) -> Any:
    """A connection; Unreachable if there is none to be had."""
    try:
        import psycopg
    except ImportError:
        raise SettingsError(
            "a queue needs psycopg and procrastinate", "Install them: pip install 'keymuster[postgresql]'"
        ) from None  # fmt: skip
    arguments = connection_arguments(url)
    try:
        return psycopg.connect(arguments["conninfo"], autocommit=True, **arguments["kwargs"])
    except psycopg.OperationalError:  # its words may quote the address
        raise Unreachable(
            "the database of the store does not answer", "Look whether it runs and can be reached from here."
        ) from None  # fmt: skip


def prepare(url: str) -> None:
    """Make the tables of the queue, or bring them to what the installed Procrastinate wants. Several may come at the
    same time."""
    from importlib.metadata import version

    from procrastinate.schema import SchemaManager

    installed = version("procrastinate")
    with connect(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_PREPARING])
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        asked = connection.execute(
            "SELECT to_regclass('procrastinate_jobs')::text, obj_description(to_regclass('procrastinate_jobs'))"
        )
        table, noted = asked.fetchone()
        if noted == installed:
            return
        if table is None:
            with connection.transaction():
                connection.execute(SchemaManager.get_schema())
                connection.execute(_NOTE.format(installed))
            return
        for path in migrations(SchemaManager.get_migrations_path(), noted or "0"):
            # One by one: what a later one uses may have to be there for good.
            with connection.transaction():
                connection.execute(path.read_text(encoding="utf-8"))
        if _numbers(installed) > _numbers(noted or "0"):
            connection.execute(_NOTE.format(installed))


_NOTE = "COMMENT ON TABLE procrastinate_jobs IS '{}'"
"""Of which Procrastinate the tables are."""


def migrations(folder: str, since: str) -> list[Path]:
    """Those of Procrastinate that came after a version."""
    return [
        path for path in sorted(Path(folder).glob("*.sql")) if _numbers(path.name.split("_")[0]) > _numbers(since)
    ]  # fmt: skip


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", version)[:3])


class Starting:
    """Nobody else begins a run meanwhile."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        self._connection = connect(self._url)
        self._connection.execute("SELECT pg_advisory_lock(%s)", [_STARTING])

    def __exit__(self, *_: object) -> None:
        self._connection.close()
