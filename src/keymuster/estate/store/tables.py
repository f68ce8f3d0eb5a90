"""The tables. A change here needs a migration in `migrations/versions`, which a test demands."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

from keymuster.estate.store.columns import Packed, Time, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

VERSION_TABLE = "keymuster_version"

_BIG = BigInteger().with_variant(Integer, "sqlite")
"""Only an INTEGER counts up by itself in SQLite, and there it has 64 bits."""

runs = Table(
    "keymuster_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Words, nullable=False, unique=True),  # no two for one time of a schedule
    Column("scheduled", Words, nullable=False),
    Column("started", Time, nullable=False),
    Column("ended", Time),
    Column("unlisted", Packed),  # what listers could not list for it; older runs do not say
    sqlite_autoincrement=True,
)

targets = Table(
    "keymuster_targets",
    metadata,
    Column("id", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("definition", Packed, nullable=False),
    Column("left", Packed),
    Column("looked_at", Time),  # last looked at with success
    Column("run", Integer),  # in which that was
    Column("changed_at", Time),  # last looked at when something had changed
    Column("failure", Packed),  # why nobody could look since
    Column("failed_at", Time),
)

looks = Table(
    "keymuster_looks",
    metadata,
    Column("target", Words, ForeignKey(targets.c.id, ondelete="CASCADE"), primary_key=True),
    Column("complete", Boolean, nullable=False),
    Column("frame", Packed, nullable=False),  # the report without findings and texts
    Column("texts", Packed, nullable=False),  # digests of those
    Column("observed", String(32), nullable=False),  # digest of all observations
    Column("records", Integer, nullable=False),
    Column("shared", Packed, nullable=True),  # what of the records others may share
)
"""What is known of the last look. Not in `targets`: an unchanged look writes a row there."""

observations = Table(
    "keymuster_observations",
    metadata,
    Column("target", Words, ForeignKey(targets.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("records", Integer, nullable=False),
    Column("body", Packed, nullable=False),
)

texts = Table(
    "keymuster_texts",
    metadata,
    Column("digest", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("body", Packed, nullable=False),
)
"""Of rules and frameworks: the same in thousands of reports."""

findings = Table(
    "keymuster_findings",
    metadata,
    Column("target", Words, ForeignKey(targets.c.id, ondelete="CASCADE"), primary_key=True),
    Column("id", Words, primary_key=True),
    Column("rule", Words, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("nhi", String(64), nullable=False),
    Column("standing", String(8), nullable=False),
    Column("cause", String(16), nullable=False),  # the state by which it came to stand so
    Column("run", Integer, nullable=False),  # in which that was
    Column("first_seen", Time, nullable=False),
    Column("last_seen", Time),  # if it was not in the last look
    Column("resolved_at", Time),
    Column("unobserved", Packed),  # why the last look did not tell of it
    Column("accepted_until", Date),
    Column("was", Words, nullable=False),  # ids that it had before, with spaces between
    Column("stands_for", Packed),  # targets and ids of others, of which this one knows more
    Column("digest", String(32), nullable=False),
    Column("body", Packed, nullable=False),  # an open part, and accepted ones
    Index(None, "id"),
    Index(None, "standing", "accepted_until"),
)

spells = Table(
    "keymuster_spells",
    metadata,
    Column("id", _BIG, primary_key=True),
    Column("target", Words, ForeignKey(targets.c.id, ondelete="CASCADE"), nullable=False),
    Column("finding", Words, nullable=False),
    Column("opened", Time, nullable=False),
    Column("closed", Time),
    Column("severity", String(8), nullable=False),
    Column("nhi", String(64), nullable=False),
    Column("opened_day", Integer, nullable=False),
    Column("closed_day", Integer),
    Index(None, "target", "finding"),
)
"""When a finding was open. Days are those of UTC, as `date.toordinal` counts them."""

items = Table(
    "keymuster_items",
    metadata,
    Column("run", Integer, ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True),
    Column("target", Words, ForeignKey(targets.c.id, ondelete="CASCADE"), primary_key=True),
    Column("work", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", Words, nullable=False),
    Column("token", String(32), nullable=False),  # of the attempt
    Column("not_before", Time),
    Column("trouble", Packed),
    Column("started", Time),
    Column("ended", Time),
    Column("unchanged", Boolean, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("cpu", Float, nullable=False),
    Column("memory", BigInteger, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Index(None, "work", "worker"),
    Index(None, "target"),
)

workers = Table(
    "keymuster_workers",
    metadata,
    Column("name", Words, primary_key=True),
    Column("beat", Time, nullable=False),
    Column("takes", String(8), nullable=True),  # `targets` or `join`, if not both
)

events = Table(
    "keymuster_events",
    metadata,
    Column("id", _BIG, primary_key=True),
    Column("at", Time, nullable=False),
    Column("run", Integer, nullable=False),
    Column("target", Words, nullable=False),
    Column("finding", Words, nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Packed),
    Column("body", Packed, nullable=False),
    Index(None, "finding"),
    Index(None, "run", "state"),
    sqlite_autoincrement=True,
)

cursors = Table(
    "keymuster_cursors",
    metadata,
    Column("name", Words, primary_key=True),
    Column("event", _BIG, nullable=False),
)
"""Up to which event each channel has been told."""
