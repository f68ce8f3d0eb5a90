"""What is kept for a time only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    true,
)

from keymuster.estate.base import Work
from keymuster.estate.store.finishing import RESOLVED
from keymuster.estate.store.tables import events, findings, items, runs, spells, targets, workers


class Retention(Protocol):
    """For how many days; 0: for ever."""

    @property
    def resolved_days(self) -> int: ...
    @property
    def events_days(self) -> int: ...
    @property
    def runs_days(self) -> int: ...
    @property
    def targets_days(self) -> int: ...


class Purged(Struct, frozen=True, kw_only=True):
    """What went, or would go: resolved findings, events, runs, targets that no run names any more (by id), and
    the findings that went with those."""

    resolved: int = 0
    events: int = 0
    runs: int = 0
    targets: tuple[str, ...] = ()
    with_targets: int = 0


def purge(connection: Connection, retention: Retention, now: datetime, dry_run: bool) -> Purged:
    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    def gone(table: Table, days: int, *where: ColumnElement[bool]) -> int:
        if not days:
            return 0
        if dry_run:
            return connection.execute(
                select(func.count()).select_from(table).where(*where)
            ).scalar_one()
        return connection.execute(delete(table).where(*where)).rowcount

    asked = _left(connection, before(retention.targets_days)) if retention.targets_days else None
    left = [] if asked is None else list(connection.execute(asked).scalars())
    with_them = sum(_without_target(connection, id, dry_run) for id in left)
    resolved = before(retention.resolved_days)
    found = Purged(
        targets=tuple(left),
        with_targets=with_them,
        resolved=gone(
            findings,
            retention.resolved_days,
            findings.c.standing == RESOLVED,
            findings.c.resolved_at < resolved,
            true() if asked is None else findings.c.target.not_in(asked),
        ),
        events=gone(events, retention.events_days, events.c.at < before(retention.events_days)),
        runs=gone(
            runs,
            retention.runs_days,
            runs.c.ended < before(retention.runs_days),
            runs.c.id != _latest(connection),
        ),
    )
    if not dry_run:
        forget_workers(connection, now)
        gone(spells, retention.resolved_days, spells.c.closed < resolved, ~_has_finding())
    return found


def forget_workers(connection: Connection, now: datetime) -> None:
    """Those that have not beaten for a week are dead, and what they were at was taken from them long ago. Each start of a
    worker has a name of its own, so that they would come to thousands."""
    at_work = select(items.c.worker).where(items.c.work == Work.RUNNING.value)
    dead = workers.c.beat < now - _DEAD_WORKERS
    connection.execute(delete(workers).where(dead, workers.c.name.not_in(at_work)))


_DEAD_WORKERS = timedelta(days=7)


def _left(connection: Connection, since: datetime) -> Select[Any] | None:
    """Asks for targets that were in no run since then. If there was no run at all, nobody knows."""
    recent = select(runs.c.id).where(runs.c.started >= since)
    if connection.execute(recent.limit(1)).first() is None:
        return None
    named = exists().where(items.c.target == targets.c.id, items.c.run.in_(recent))
    old = or_(targets.c.looked_at.is_(None), targets.c.looked_at < since)
    return select(targets.c.id).where(and_(~named, old)).order_by(targets.c.id)


def _without_target(connection: Connection, id: str, dry_run: bool) -> int:
    """With it goes all that is known of it. The number of findings."""
    asked = select(func.count()).select_from(findings).where(findings.c.target == id)
    count = connection.execute(asked).scalar_one()
    if not dry_run:
        connection.execute(delete(targets).where(targets.c.id == id))
    return count


def _latest(connection: Connection) -> int:
    return connection.execute(select(func.max(runs.c.id))).scalar() or 0


def _has_finding() -> ColumnElement[bool]:
    """When a finding was open is told as long as it is there, for the trend and for its history."""
    here: Any = and_(findings.c.target == spells.c.target, findings.c.id == spells.c.finding)
    return exists().where(here)
