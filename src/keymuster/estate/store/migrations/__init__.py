"""Brings the tables of a store up to date, in this process."""

from __future__ import annotations

import os

from sqlalchemy import Connection, inspect, text

from keymuster.errors import SettingsError
from keymuster.estate.store.tables import VERSION_TABLE

HEAD = "0002"
"""The newest of `versions/`."""


def revision(connection: Connection) -> str | None:
    """Of the tables that are there; None if there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return None if found is None else str(found)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Within the transaction of the connection."""
    from alembic import command  # only where there is something to do
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", os.path.dirname(__file__).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    now = revision(connection)
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if now is not None and now not in known:
        raise SettingsError(
            f"the store was written by a newer keymuster (its tables are of revision {now}, this version knows {HEAD})",
            "Update keymuster on this machine.",
        )
    command.upgrade(config, to)
