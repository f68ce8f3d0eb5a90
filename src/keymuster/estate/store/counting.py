"""How many there are of what, for those who watch an estate from afar. The database counts; no finding is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Integer, case, func, select

from keymuster.estate.store.finishing import ACCEPTED, RESOLVED
from keymuster.estate.store.reading import _SHOWN, _UNSEEN, told_gone
from keymuster.estate.store.rows import Standing
from keymuster.estate.store.tables import (
    cursors,
    events,
    findings,
    items,
    looks,
    runs,
    spells,
    targets,
)

AGES = (1, 7, 30, 90, 365)
"""Days. What is older than one of these is counted for it."""


class FindingCount(Struct, frozen=True, kw_only=True):
    """Findings in targets of a kind. Those of several categories (`nhi`, as in `NHI1 NHI7`) are counted apart from those of one."""

    kind: str
    severity: str
    nhi: str
    state: Standing
    count: int


class OpenCount(Struct, frozen=True, kw_only=True):
    """Findings that are open, since when the oldest is, and how many are older than so many days."""

    severity: str
    count: int
    oldest: datetime
    older: dict[int, int]


class TargetCount(Struct, frozen=True, kw_only=True):
    """Targets of a kind: how many there are, were never looked at, could not be looked at since, or not wholly; and how many
    were looked at within so many days."""

    kind: str
    count: int
    never: int
    failing: int
    partly: int
    within: dict[int, int]


class RunCount(Struct, frozen=True, kw_only=True):
    """What a run took, over all its targets: how many were tried more than once or had not changed, and the cost."""

    retried: int
    unchanged: int
    seconds: float
    cpu: float
    memory: int
    calls: int


class Counts(Struct, frozen=True, kw_only=True):
    """All of it, at one moment. `run` is the last run that has ended."""

    findings: tuple[FindingCount, ...]
    open: tuple[OpenCount, ...]
    targets: tuple[TargetCount, ...]
    run: RunCount | None


def counted(connection: Connection, now: datetime) -> Counts:
    return Counts(
        findings=tuple(_findings(connection)),
        open=tuple(_open(connection, now)),
        targets=tuple(_targets(connection, now)),
        run=_run(connection),
    )


def pending(connection: Connection, cursor: str) -> int:
    """Events after a cursor."""
    told = select(cursors.c.event).where(cursors.c.name == cursor).scalar_subquery()
    asked = select(func.count()).select_from(events).where(events.c.id > func.coalesce(told, 0))
    return connection.execute(asked).scalar() or 0


def state_of_all(connection: Connection) -> str:
    """A text that is another one whenever something was written that pages and counts tell of."""
    last_run = select(func.max(runs.c.id), func.max(runs.c.ended), func.count())
    work = select(items.c.work, func.count(), func.max(items.c.ended)).group_by(items.c.work)
    asked = (
        select(func.max(events.c.id), func.count()),
        last_run,
        work.order_by(items.c.work),
        select(func.count(), func.max(targets.c.looked_at), func.max(targets.c.failed_at)),
        select(func.count()).select_from(findings),
    )
    return repr([[tuple(row) for row in connection.execute(one)] for one in asked])


def _findings(connection: Connection) -> list[FindingCount]:
    state = case(
        (findings.c.standing == RESOLVED, Standing.RESOLVED.value),
        (_UNSEEN, Standing.NOT_OBSERVED.value),
        (findings.c.standing == ACCEPTED, Standing.ACCEPTED.value),
        (findings.c.run < targets.c.run, Standing.OPEN.value),
        *((findings.c.cause == cause.value, shown.value) for shown, cause in _SHOWN.items()),
        else_=Standing.OPEN.value,
    )
    keys = (targets.c.kind, findings.c.severity, findings.c.nhi, state.label("state"))
    rows = connection.execute(
        select(*keys, func.count())
        .select_from(findings.join(targets))
        .group_by(targets.c.kind, findings.c.severity, findings.c.nhi, "state")
    )
    return [
        FindingCount(kind=kind, severity=severity, nhi=nhi, state=Standing(state), count=count)
        for kind, severity, nhi, state, count in rows
    ]


def _open(connection: Connection, now: datetime) -> list[OpenCount]:
    older = [_number_if(spells.c.opened <= now - timedelta(days=days)) for days in AGES]
    rows = connection.execute(
        select(spells.c.severity, func.count(), func.min(spells.c.opened), *older)
        .where(spells.c.closed.is_(None), spells.c.target.not_in([*told_gone(connection)]))
        .group_by(spells.c.severity)
    )
    return [
        OpenCount(severity=severity, count=count, oldest=oldest, older=dict(zip(AGES, several, strict=True)))
        for severity, count, oldest, *several in rows
    ]  # fmt: skip


def _targets(connection: Connection, now: datetime) -> list[TargetCount]:
    within = [_number_if(targets.c.looked_at > now - timedelta(days=days)) for days in AGES]
    rows = connection.execute(
        select(
            targets.c.kind, func.count(), _number_if(targets.c.looked_at.is_(None)),
            _number_if(targets.c.failure.is_not(None)), _number_if(looks.c.complete.is_(False)), *within,
        )
        .select_from(targets.outerjoin(looks))
        .where(targets.c.id.not_in([*told_gone(connection)]))
        .group_by(targets.c.kind)
    )  # fmt: skip
    return [
        TargetCount(
            kind=kind, count=count, never=never, failing=failing, partly=partly,
            within=dict(zip(AGES, several, strict=True)),
        )
        for kind, count, never, failing, partly, *several in rows
    ]  # fmt: skip


def _run(connection: Connection) -> RunCount | None:
    last = select(func.max(runs.c.id)).where(runs.c.ended.is_not(None))
    if (run := connection.execute(last).scalar()) is None:
        return None
    row = connection.execute(
        select(
            _number_if(items.c.attempts > 1), _number_if(items.c.unchanged), func.sum(items.c.seconds),
            func.sum(items.c.cpu), func.max(items.c.memory), func.sum(items.c.calls),
        ).where(items.c.run == run)
    ).one()  # fmt: skip
    retried, unchanged, seconds, cpu, memory, calls = (value or 0 for value in row)
    return RunCount(
        retried=retried, unchanged=unchanged, seconds=seconds, cpu=cpu, memory=memory, calls=int(calls)
    )  # fmt: skip


def _number_if(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0), type_=Integer)
