"""What Alembic runs to migrate: on the connection that `upgrade` gave, in its transaction."""

from __future__ import annotations

from alembic import context

from keymuster.estate.store.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
