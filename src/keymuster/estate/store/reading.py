"""What is asked of a store. Each question reads in one transaction: runs go on writing, and the answer is of one
moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, false, func, or_, select

from keymuster.estate.base import Event, Target
from keymuster.estate.keys import VERSION, Keys
from keymuster.estate.leaving import has_left
from keymuster.estate.store.finishing import ACCEPTED, OPEN, RESOLVED
from keymuster.estate.store.packing import lines, unpack
from keymuster.estate.store.rows import Known, Standing, Stored
from keymuster.estate.store.tables import events, findings, looks, observations, runs, targets
from keymuster.evaluate.states import State
from keymuster.model import Finding, Observation, Report, Trouble

_FEW = 100
"""Targets that are asked for in one question."""

_Told = tuple[tuple[str, str], ...]
_AT_A_TIME = 500
"""Rows that are held at once."""

_UNSEEN = or_(findings.c.unobserved.is_not(None), targets.c.failure.is_not(None))
_LATEST = (
    findings.c.run >= targets.c.run
)  # later, where nobody had to look: the end of an acceptance
_SHOWN = {
    Standing.NEW: State.NEW, Standing.CHANGED: State.CHANGED, Standing.REOPENED: State.REOPENED,
}  # fmt: skip


def told_findings(
    connection: Connection,
    states: Collection[Standing] | None = None,
    target: str | None = None,
    ids: Collection[str] | None = None,
) -> Iterator[Stored]:
    """By target and id. One that is accepted in some places and open in others is told in parts."""
    mine = None
    if target is not None or ids is not None:
        mine = select(findings.c.id)
        mine = mine if target is None else mine.where(findings.c.target == target)
        mine = mine if ids is None else mine.where(findings.c.id.in_(ids))
    shared = dict(_shared(connection, mine))
    asked = (
        select(findings, targets.c.looked_at, targets.c.run.label("looked"), targets.c.failure)
        .join(targets)
        .order_by(findings.c.target, findings.c.id)
    )
    if states is not None:
        asked = asked.where(or_(false(), *map(_is, states)))
    if target is not None:
        asked = asked.where(findings.c.target == target)
    if ids is not None:
        asked = asked.where(findings.c.id.in_(ids))
    for row in _streamed(connection, asked):
        others = [one for one in shared.get(row.id, ()) if one != row.target]
        yield from _stored(row, tuple(others))


def _is(state: Standing) -> ColumnElement[bool]:
    """The same as `_state`, for the database."""
    if state is Standing.RESOLVED:
        return findings.c.standing == RESOLVED
    if state is Standing.NOT_OBSERVED:
        return and_(findings.c.standing != RESOLVED, _UNSEEN)
    if state is Standing.ACCEPTED:
        return and_(findings.c.standing == ACCEPTED, ~_UNSEEN)
    is_open = and_(findings.c.standing == OPEN, ~_UNSEEN)
    causes = [one.value for one in _SHOWN.values()]
    if state is Standing.OPEN:
        return and_(is_open, or_(~_LATEST, findings.c.cause.not_in(causes)))
    return and_(is_open, _LATEST, findings.c.cause == _SHOWN[state].value)


def _state(row: Row[Any]) -> Standing:
    if row.standing == RESOLVED:
        return Standing.RESOLVED
    if row.unobserved is not None or row.failure is not None:
        return Standing.NOT_OBSERVED
    if row.standing == ACCEPTED:
        return Standing.ACCEPTED
    if row.run < row.looked:
        return Standing.OPEN
    return next((one for one, state in _SHOWN.items() if row.cause == state.value), Standing.OPEN)


def _stored(row: Row[Any], also: tuple[str, ...]) -> Iterator[Stored]:
    state = _state(row)
    why = ""
    if state is Standing.NOT_OBSERVED:
        why = (
            unpack(row.failure, Trouble).message
            if row.failure is not None
            else unpack(row.unobserved, str)
        )
    for part in unpack(row.body, tuple[Finding, ...]):
        accepted = part.is_accepted and state.is_open and state is not Standing.NOT_OBSERVED
        yield Stored(
            stands_for=() if row.stands_for is None else unpack(row.stands_for, _Told),
            target=row.target, finding=part, state=Standing.ACCEPTED if accepted else state,
            first_seen=row.first_seen, last_seen=row.last_seen or row.looked_at, run=row.run,
            resolved_at=row.resolved_at, why=why, was=tuple(row.was.split()), also=also,
            accepted_until=part.suppression.until if part.is_accepted and part.suppression else None,
        )  # fmt: skip


def covered_findings(connection: Connection) -> set[tuple[str, str]]:
    """Targets and ids of findings for which others stand."""
    rows = connection.execute(
        select(findings.c.stands_for).where(
            findings.c.stands_for.is_not(None), findings.c.standing != RESOLVED
        )
    )
    return {one for row in rows for one in unpack(row.stands_for, _Told)}


def told_stands_for(connection: Connection) -> dict[tuple[str, str], _Told]:
    """Findings that stand for others or, if they are resolved, stood for them at last."""
    asked = select(findings.c.target, findings.c.id, findings.c.stands_for)
    rows = connection.execute(asked.where(findings.c.stands_for.is_not(None)))
    return {(row.target, row.id): unpack(row.stands_for, _Told) for row in rows}


def _shared(connection: Connection, wanted: Select[Any] | None) -> Iterator[tuple[str, list[str]]]:
    """Findings that several targets have (of these, or of all), and those targets."""
    several = (
        select(findings.c.id)
        .where(findings.c.standing != RESOLVED)
        .group_by(findings.c.id)
        .having(func.count() > 1)
    )
    if wanted is not None:
        several = several.where(findings.c.id.in_(wanted))
    rows = connection.execute(
        select(findings.c.id, findings.c.target)
        .where(findings.c.standing != RESOLVED, findings.c.id.in_(several))
        .order_by(findings.c.id, findings.c.target)
    )
    last: tuple[str, list[str]] | None = None
    for id, target in rows:
        if last is None or last[0] != id:
            if last is not None:
                yield last
            last = id, []
        last[1].append(target)
    if last is not None:
        yield last


def told_observations(
    connection: Connection, wanted: Collection[str] | None = None
) -> Iterator[tuple[str, Observation]]:
    """By target, in the order in which they came."""
    asked = select(observations.c.target, observations.c.body).order_by(
        observations.c.target, observations.c.number
    )
    if wanted is None:
        yield from _told_of(connection, asked)
        return
    left = iter(sorted(wanted))
    while some := list(islice(left, _FEW)):
        yield from _told_of(connection, asked.where(observations.c.target.in_(some)))


def _told_of(connection: Connection, asked: Select[Any]) -> Iterator[tuple[str, Observation]]:
    for row in _streamed(connection, asked, 8):
        for one in lines(row.body, Observation):
            yield row.target, one


def told_keys(connection: Connection) -> Iterator[tuple[str, Keys | None]]:
    """Of each target that was looked at; None where they are not known by now."""
    for row in _streamed(
        connection, select(looks.c.target, looks.c.shared).order_by(looks.c.target)
    ):
        try:
            found = None if row.shared is None else unpack(row.shared, Keys)
        except msgspec.MsgspecError:  # an older version had others
            found = None
        yield row.target, found if found is not None and found.version == VERSION else None


def told_left(connection: Connection, target: str) -> dict[str, str]:
    left = connection.execute(select(targets.c.left).where(targets.c.id == target)).scalar()
    return {} if left is None else unpack(left, dict[str, str])


def told_frames(connection: Connection) -> Iterator[tuple[str, str, Report]]:
    """Target, its name, and the report of its last look, without findings and texts."""
    asked = (
        select(targets.c.id, targets.c.name, looks.c.frame)
        .join(looks, looks.c.target == targets.c.id)
        .order_by(targets.c.id)
    )
    for row in _streamed(connection, asked):
        yield row.id, row.name, unpack(row.frame, Report)


def told_targets(connection: Connection) -> list[Known]:
    counts: dict[str, int] = {
        row[0]: row[1]
        for row in connection.execute(
            select(findings.c.target, func.count())
            .where(findings.c.standing == OPEN)
            .group_by(findings.c.target)
        )
    }
    rows = connection.execute(
        select(targets, looks.c.complete, looks.c.records)
        .outerjoin(looks, looks.c.target == targets.c.id)
        .order_by(targets.c.id)
    )
    return [
        Known(
            target=unpack(row.definition, Target), looked_at=row.looked_at, run=row.run, changed_at=row.changed_at,
            complete=row.complete is not False, records=row.records or 0, open=counts.get(row.id, 0),
            failure=None if row.failure is None else unpack(row.failure, Trouble), failed_at=row.failed_at,
        )
        for row in rows
    ]  # fmt: skip


def unlisted(connection: Connection) -> list[Trouble]:
    """What could not be listed for the latest run: of what is there, nobody has looked."""
    latest = select(runs.c.unlisted).order_by(runs.c.id.desc()).limit(1)
    found = connection.execute(latest).scalar()
    return [] if found is None else unpack(found, list[Trouble])


def failures(connection: Connection) -> Iterator[tuple[str, Trouble]]:
    """Targets at which nobody could look since they were last looked at."""
    rows = connection.execute(
        select(targets.c.id, targets.c.failure)
        .where(targets.c.failure.is_not(None))
        .order_by(targets.c.id)
    )
    for row in rows:
        yield row.id, unpack(row.failure, Trouble)


def told_gone(connection: Connection) -> dict[str, datetime]:
    """Targets that have left the estate, and when that was seen."""
    asked = select(targets.c.id, targets.c.failure, targets.c.failed_at)
    rows = connection.execute(asked.where(targets.c.failure.is_not(None)))
    return {row.id: row.failed_at for row in rows if has_left(unpack(row.failure, Trouble))}


def told_events(
    connection: Connection, since: int, ids: Collection[str] | None = None
) -> Iterator[tuple[int, Event]]:
    asked = select(events).where(events.c.id > since).order_by(events.c.id)
    if ids is not None:
        asked = asked.where(events.c.finding.in_(ids))
    for row in _streamed(connection, asked):
        yield row.id, Event(
            at=row.at, run=row.run, target=row.target, state=State(row.state), finding=unpack(row.body, Finding),
            why="" if row.why is None else unpack(row.why, str),
        )  # fmt: skip


def told_history(connection: Connection, id: str) -> list[tuple[int, Event]]:
    """The events of a finding, with those of the ids that it had before."""
    rows = connection.execute(select(findings.c.was).where(findings.c.id == id)).scalars()
    return list(told_events(connection, 0, {id, *(word for was in rows for word in was.split())}))


def told_ids(connection: Connection, beginning: str) -> list[str]:
    asked = select(findings.c.id).where(findings.c.id.startswith(beginning, autoescape=True))
    return list(connection.execute(asked.distinct().order_by(findings.c.id)).scalars())


def told_changes(connection: Connection, wanted: Collection[int]) -> dict[int, dict[State, int]]:
    counted = connection.execute(
        select(events.c.run, events.c.state, func.count())
        .where(events.c.run.in_(wanted))
        .group_by(events.c.run, events.c.state)
    )
    found: dict[int, dict[State, int]] = {run: {} for run in wanted}
    for run, state, count in counted:
        found[run][State(state)] = count
    return found


def _streamed(
    connection: Connection, asked: Select[Any], at_a_time: int = _AT_A_TIME
) -> Iterator[Row[Any]]:
    with connection.execution_options(yield_per=at_a_time).execute(asked) as rows:
        yield from rows
