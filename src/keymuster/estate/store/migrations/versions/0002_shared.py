"""What of the records of a target others may share: by that the join knows which targets it takes together. What a
worker takes, and what could not be listed for a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from keymuster.estate.store.columns import Packed

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("keymuster_looks", sa.Column("shared", Packed(), nullable=True))
    op.add_column("keymuster_workers", sa.Column("takes", sa.String(length=8), nullable=True))
    op.add_column("keymuster_runs", sa.Column("unlisted", Packed(), nullable=True))
