"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from keymuster.estate.store.columns import Packed, Time, Words

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "keymuster_cursors",
        sa.Column("name", Words(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_keymuster_cursors")),
    )
    op.create_table(
        "keymuster_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Time(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("target", Words(), nullable=False),
        sa.Column("finding", Words(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("why", Packed(), nullable=True),
        sa.Column("body", Packed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keymuster_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_keymuster_events_finding"), "keymuster_events", ["finding"], unique=False
    )
    op.create_index(
        op.f("ix_keymuster_events_run_state"), "keymuster_events", ["run", "state"], unique=False
    )
    op.create_table(
        "keymuster_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("scheduled", Words(), nullable=False),
        sa.Column("started", Time(), nullable=False),
        sa.Column("ended", Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keymuster_runs")),
        sa.UniqueConstraint("key", name=op.f("uq_keymuster_runs_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "keymuster_targets",
        sa.Column("id", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("definition", Packed(), nullable=False),
        sa.Column("left", Packed(), nullable=True),
        sa.Column("looked_at", Time(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=True),
        sa.Column("changed_at", Time(), nullable=True),
        sa.Column("failure", Packed(), nullable=True),
        sa.Column("failed_at", Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keymuster_targets")),
    )
    op.create_table(
        "keymuster_texts",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", Packed(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_keymuster_texts")),
    )
    op.create_table(
        "keymuster_workers",
        sa.Column("name", Words(), nullable=False),
        sa.Column("beat", Time(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_keymuster_workers")),
    )
    op.create_table(
        "keymuster_findings",
        sa.Column("target", Words(), nullable=False),
        sa.Column("id", Words(), nullable=False),
        sa.Column("rule", Words(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("nhi", sa.String(length=64), nullable=False),
        sa.Column("standing", sa.String(length=8), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("first_seen", Time(), nullable=False),
        sa.Column("last_seen", Time(), nullable=True),
        sa.Column("resolved_at", Time(), nullable=True),
        sa.Column("unobserved", Packed(), nullable=True),
        sa.Column("accepted_until", sa.Date(), nullable=True),
        sa.Column("was", Words(), nullable=False),
        sa.Column("stands_for", Packed(), nullable=True),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("body", Packed(), nullable=False),
        sa.ForeignKeyConstraint(
            ["target"],
            ["keymuster_targets.id"],
            name=op.f("fk_keymuster_findings_target"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("target", "id", name=op.f("pk_keymuster_findings")),
    )
    op.create_index(op.f("ix_keymuster_findings_id"), "keymuster_findings", ["id"], unique=False)
    op.create_index(
        op.f("ix_keymuster_findings_standing_accepted_until"),
        "keymuster_findings",
        ["standing", "accepted_until"],
        unique=False,
    )
    op.create_table(
        "keymuster_items",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("target", Words(), nullable=False),
        sa.Column("work", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", Words(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("not_before", Time(), nullable=True),
        sa.Column("trouble", Packed(), nullable=True),
        sa.Column("started", Time(), nullable=True),
        sa.Column("ended", Time(), nullable=True),
        sa.Column("unchanged", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("cpu", sa.Float(), nullable=False),
        sa.Column("memory", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["keymuster_runs.id"], name=op.f("fk_keymuster_items_run"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["keymuster_targets.id"],
            name=op.f("fk_keymuster_items_target"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run", "target", name=op.f("pk_keymuster_items")),
    )
    op.create_index(op.f("ix_keymuster_items_target"), "keymuster_items", ["target"], unique=False)
    op.create_index(
        op.f("ix_keymuster_items_work_worker"), "keymuster_items", ["work", "worker"], unique=False
    )
    op.create_table(
        "keymuster_looks",
        sa.Column("target", Words(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("frame", Packed(), nullable=False),
        sa.Column("texts", Packed(), nullable=False),
        sa.Column("observed", sa.String(length=32), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["target"],
            ["keymuster_targets.id"],
            name=op.f("fk_keymuster_looks_target"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_keymuster_looks")),
    )
    op.create_table(
        "keymuster_observations",
        sa.Column("target", Words(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("body", Packed(), nullable=False),
        sa.ForeignKeyConstraint(
            ["target"],
            ["keymuster_targets.id"],
            name=op.f("fk_keymuster_observations_target"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("target", "number", name=op.f("pk_keymuster_observations")),
    )
    op.create_table(
        "keymuster_spells",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("target", Words(), nullable=False),
        sa.Column("finding", Words(), nullable=False),
        sa.Column("opened", Time(), nullable=False),
        sa.Column("closed", Time(), nullable=True),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("nhi", sa.String(length=64), nullable=False),
        sa.Column("opened_day", sa.Integer(), nullable=False),
        sa.Column("closed_day", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["target"],
            ["keymuster_targets.id"],
            name=op.f("fk_keymuster_spells_target"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keymuster_spells")),
    )
    op.create_index(
        op.f("ix_keymuster_spells_target_finding"),
        "keymuster_spells",
        ["target", "finding"],
        unique=False,
    )
