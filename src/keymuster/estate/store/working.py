"""Runs and who works on what of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from keymuster.estate.base import Cost, Failure, Target, Task, Work
from keymuster.estate.leaving import has_left, left
from keymuster.estate.store.inserting import upsert
from keymuster.estate.store.packing import pack, unpack
from keymuster.estate.store.rows import Attempt, Item, Run, Takes
from keymuster.estate.store.tables import items, runs, targets, workers
from keymuster.model import Trouble

DEAD_AFTER = timedelta(seconds=60)
"""Who has not beaten for so long, does not live."""

_FEW = 500
"""Ids that are asked for one by one; of more, all are read."""

_UNTOUCHED: dict[str, Any] = {
    "work": Work.QUEUED.value, "attempts": 0, "worker": "", "token": "", "unchanged": False,
    "seconds": 0.0, "cpu": 0.0, "memory": 0, "calls": 0,
}  # fmt: skip


def start(
    connection: Connection, several: Iterable[Target], now: datetime, scheduled: str, key: str,
    unlisted: Sequence[Trouble] = (), gone: Collection[str] | None = None,
) -> int:  # fmt: skip
    """A run, or the one that has this key already."""
    row = {"key": key, "scheduled": scheduled, "started": now, "unlisted": pack(unlisted)}
    made = upsert(connection, runs).values(row).on_conflict_do_nothing().returning(runs.c.id)
    run = connection.execute(made).scalar()
    if run is None:
        return int(connection.execute(select(runs.c.id).where(runs.c.key == key)).scalar_one())
    wanted = {one.id: one for one in several}
    _remember(connection, wanted)
    if gone is not None:
        _leave(connection, gone, now)
    rows = [{"run": run, "target": id, **_UNTOUCHED} for id in sorted(wanted)]
    if rows:
        connection.execute(insert(items), rows)
    return int(run)


def _remember(connection: Connection, wanted: dict[str, Target]) -> None:
    """Targets that are new, and those that are described otherwise by now."""
    definitions = {id: pack(one) for id, one in wanted.items()}
    asked = select(targets.c.id, targets.c.definition)
    if len(wanted) < _FEW:
        asked = asked.where(targets.c.id.in_(wanted))
    known = {row.id: row.definition for row in connection.execute(asked)}
    new, other = [], []
    for id in sorted(wanted):  # the order in which all lock them
        one = wanted[id]
        values = {"kind": one.kind, "name": one.name, "definition": definitions[id]}
        if id not in known:
            new.append({"id": id, **values})
        elif known[id] != definitions[id]:
            other.append({"id": id, **values})
    if new:  # another run may bring the same target at the same time
        made = upsert(connection, targets)
        set_ = {name: made.excluded[name] for name in ("kind", "name", "definition")}
        on = [targets.c.id]
        connection.execute(made.on_conflict_do_update(index_elements=on, set_=set_), new)
    for values in other:
        connection.execute(update(targets).where(targets.c.id == values["id"]).values(values))


def _leave(connection: Connection, gone: Collection[str], now: datetime) -> None:
    """Of targets that are in the estate no longer, and of those that are in it again."""
    rows = connection.execute(select(targets.c.id, targets.c.failure).order_by(targets.c.id))
    for row in rows.all():
        was = row.failure is not None and has_left(unpack(row.failure, Trouble))
        if was == (row.id in gone):
            continue
        values: dict[str, Any] = {"failure": None, "failed_at": None}
        if not was:
            values = {"failure": pack(left(row.id)), "failed_at": now}
        connection.execute(update(targets).where(targets.c.id == row.id).values(values))


def begin(
    connection: Connection, run: int, target: str, worker: str, now: datetime, token: str
) -> Attempt | None:
    """The next attempt, if there is one to be made; that of this token, if it is written down already."""
    row = locked(connection, run, target)
    if row is None:
        return None
    if row.token == token:
        return Attempt(run=run, target=target, worker=worker, number=row.attempts)
    if not _is_free(connection, row, now):
        return None
    beat(connection, worker, now)
    number = row.attempts + 1
    connection.execute(
        update(items)
        .where(items.c.run == run, items.c.target == target)
        .values(
            work=Work.RUNNING.value, attempts=number, worker=worker, token=token, started=now, not_before=None
        )
    )  # fmt: skip
    return Attempt(run=run, target=target, worker=worker, number=number)


def _is_free(connection: Connection, row: Row[Any], now: datetime) -> bool:
    match Work(row.work):
        case Work.QUEUED:
            return True
        case Work.WAITING:
            return row.not_before is None or bool(row.not_before <= now)
        case Work.RUNNING:
            last = connection.execute(
                select(workers.c.beat).where(workers.c.name == row.worker)
            ).scalar()
            return last is None or last < now - DEAD_AFTER
        case _:
            return False


def locked(connection: Connection, run: int, target: str) -> Row[Any] | None:
    """The row of a target in a run, which nobody else changes until the end of the transaction."""
    return connection.execute(
        select(items).where(items.c.run == run, items.c.target == target).with_for_update()
    ).first()


def task(connection: Connection, attempt: Attempt) -> Task | None:
    row = connection.execute(
        select(targets.c.definition, targets.c.left, items.c.started)
        .join(items, items.c.target == targets.c.id)
        .where(items.c.run == attempt.run, items.c.target == attempt.target)
    ).first()
    if row is None:
        return None
    left = {} if row.left is None else unpack(row.left, dict[str, str])
    return Task(target=unpack(row.definition, Target), now=row.started, left=left)


def fail(
    connection: Connection, attempt: Attempt, failure: Failure, now: datetime, retry_at: datetime | None
) -> None:  # fmt: skip
    """A failure of an attempt that is not the last one counts no more."""
    row = locked(connection, attempt.run, attempt.target)
    if row is None or row.attempts != attempt.number:
        return
    if Work(row.work) in (Work.DONE, Work.DEAD):
        return
    trouble = pack(failure.trouble)
    dead = retry_at is None
    connection.execute(
        update(items)
        .where(items.c.run == attempt.run, items.c.target == attempt.target)
        .values(
            work=(Work.DEAD if dead else Work.WAITING).value, trouble=trouble, not_before=retry_at, ended=now
        )
    )  # fmt: skip
    if dead:
        connection.execute(
            update(targets)
            .where(targets.c.id == attempt.target)
            .where(or_(targets.c.run.is_(None), targets.c.run < attempt.run))
            .values(failure=trouble, failed_at=now)
        )


def give_back(connection: Connection, attempt: Attempt) -> None:
    connection.execute(
        update(items)
        .where(items.c.run == attempt.run, items.c.target == attempt.target)
        .where(items.c.work == Work.RUNNING.value, items.c.attempts == attempt.number)
        .values(work=Work.QUEUED.value, token="", attempts=attempt.number - 1)
    )


def beat(connection: Connection, worker: str, now: datetime, takes: Takes | None = None) -> None:
    """A worker lives; and `takes` this, if it says so."""
    said = {"beat": now} if takes is None else {"beat": now, "takes": takes.value}
    made = upsert(connection, workers).values(name=worker, **said)
    changed = {name: made.excluded[name] for name in said}
    connection.execute(made.on_conflict_do_update(index_elements=[workers.c.name], set_=changed))


def alive(connection: Connection, now: datetime) -> dict[str, Takes]:
    """Workers that beat, with what each takes."""
    rows = connection.execute(
        select(workers).where(workers.c.beat >= now - DEAD_AFTER).order_by(workers.c.name)
    )
    return {row.name: Takes(row.takes or Takes.ANY) for row in rows}


def stalled(connection: Connection, now: datetime, after: timedelta) -> list[Attempt]:
    """Attempts of workers that do not beat any more; their targets are queued again."""
    rows = connection.execute(
        select(items)
        .outerjoin(workers, workers.c.name == items.c.worker)
        .where(items.c.work == Work.RUNNING.value)
        .where(or_(workers.c.beat.is_(None), workers.c.beat < now - after))
        .order_by(items.c.run, items.c.target)
        .with_for_update(of=items, skip_locked=True)
    ).all()
    for row in rows:
        connection.execute(
            update(items)
            .where(items.c.run == row.run, items.c.target == row.target)
            .values(work=Work.QUEUED.value, token="")
        )
    return [
        Attempt(run=row.run, target=row.target, worker=row.worker, number=row.attempts)
        for row in rows
    ]


def told_runs(connection: Connection, *where: Any, limit: int | None = None) -> list[Run]:
    """The latest first."""
    rows = connection.execute(
        select(runs).where(*where).order_by(runs.c.id.desc()).limit(limit)
    ).all()
    counts: dict[int, dict[Work, int]] = {row.id: {} for row in rows}
    counted = connection.execute(
        select(items.c.run, items.c.work, func.count())
        .where(items.c.run.in_(counts))
        .group_by(items.c.run, items.c.work)
    )
    for run, work, count in counted:
        counts[run][Work(work)] = count
    return [
        Run(id=row.id, started=row.started, ended=row.ended, counts=counts[row.id], scheduled=row.scheduled)
        for row in rows
    ]  # fmt: skip


def told_items(connection: Connection, run: int) -> list[Item]:
    rows = connection.execute(select(items).where(items.c.run == run).order_by(items.c.target))
    return [_item(row) for row in rows]


def _item(row: Row[Any]) -> Item:
    return Item(
        run=row.run, target=row.target, work=Work(row.work), attempts=row.attempts, worker=row.worker,
        not_before=row.not_before, trouble=None if row.trouble is None else unpack(row.trouble, Trouble),
        started=row.started, ended=row.ended, unchanged=row.unchanged,
        cost=Cost(seconds=row.seconds, cpu=row.cpu, memory=row.memory, calls=row.calls),
    )  # fmt: skip


def new_token() -> str:
    return uuid.uuid4().hex
