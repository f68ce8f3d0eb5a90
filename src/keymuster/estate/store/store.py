"""The store of an estate: SQLite in a file, or PostgreSQL.

Every call is one transaction, and each may be made twice: after a server that went away for a moment, it is.
Those who read see one moment, whatever is written meanwhile. An object is for one process; after a fork, open
another one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from keymuster.errors import Unreachable
from keymuster.estate.base import Event, Failure, Outcome, Target, Task
from keymuster.estate.keys import Keys
from keymuster.estate.store import (
    counting,
    failing,
    finishing,
    holding,
    opening,
    purging,
    reading,
    trend,
    whole,
    working,
)
from keymuster.estate.store.counting import Counts
from keymuster.estate.store.inserting import upsert
from keymuster.estate.store.masking import Net
from keymuster.estate.store.purging import Purged, Retention
from keymuster.estate.store.rows import Attempt, Day, Item, Known, Run, Standing, Stored, Takes
from keymuster.estate.store.tables import cursors, runs
from keymuster.estate.store.unwritable import Unmoved
from keymuster.evaluate.comparison import JOIN
from keymuster.evaluate.states import State
from keymuster.model import Coverage, Framework, Observation, Report, RuleText, Trouble
from keymuster.pipeline import load_rules
from keymuster.rules.schema import RuleSet

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds for which a server may be away."""


class Store:
    """What is known of an estate. `patience` is for how many seconds a database is asked again that does not answer.
    What comes in is searched once more by the `rules` (the shipped ones): no secret is kept."""

    def __init__(
        self, engine: Engine, patience: float = PATIENCE, rules: Callable[[], RuleSet] = load_rules
    ) -> None:
        self._engine, self._patience = engine, patience
        self._net = Net(rules)
        self._writer = engine.execution_options(writes=True)
        self._reader = engine
        if engine.dialect.name == "postgresql":
            self._reader = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @classmethod
    def open(cls, url: str, patience: float = PATIENCE, *, create: bool = True) -> Store:
        """Made if it is not there (a file only with `create`), brought up to date if it is older. SettingsError if it is
        none, or a newer one; Unreachable if the server does not answer."""
        store = cls(opening.engine(url, create=create), patience)
        try:
            store._again(lambda: opening.prepare(store._engine, create))
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        self._engine.dispose()

    @property
    def url(self) -> str:
        """Where it is, without a password."""
        return opening.shown(self._engine.url)

    @property
    def file(self) -> str:
        """The file that it is; empty if it is on a server."""
        if self._engine.dialect.name != "sqlite":
            return ""
        name = (self._engine.url.database or "").removeprefix("file:").partition("?")[0]
        return os.path.abspath(name)

    # --- runs --------------------------------------------------------------------------------

    def start_run(
        self, targets: Iterable[Target], now: datetime, *, scheduled: str = "",
        unlisted: Sequence[Trouble] = (), gone: Collection[str] | None = None,
    ) -> int:  # fmt: skip
        """A run with every target queued, and what could not be listed for it. The same time of a schedule, twice, gives
        the same run. Targets that are known to be `gone` from the estate have left it, until they are not; None: nobody knows."""
        several = list(targets)
        unseen = [self._net.trouble(one) for one in unlisted]
        key = scheduled or working.new_token()
        at = _utc(now)
        return self._write(
            lambda one: working.start(one, several, at, scheduled, key, unseen, gone)
        )

    def end_run(self, run: int, now: datetime) -> None:
        """Nothing happens to one that has ended. Findings whose acceptance is over are open from here on, also those
        of targets that were not looked at."""
        at = _utc(now)

        def end(connection: Connection) -> None:
            ended = connection.execute(
                update(runs).where(runs.c.id == run, runs.c.ended.is_(None)).values(ended=at)
            )
            if ended.rowcount:
                finishing.write_events(connection, finishing.lapse(connection, run, at))
                purging.forget_workers(connection, at)

        self._write(end)

    def runs(self, limit: int | None = 20) -> list[Run]:
        """The latest first."""
        return self._read(lambda one: working.told_runs(one, limit=limit))

    def run(self, id: int) -> Run | None:
        return next(iter(self._read(lambda one: working.told_runs(one, runs.c.id == id))), None)

    def unfinished_runs(self) -> list[Run]:
        """The latest first."""
        return self._read(lambda one: working.told_runs(one, runs.c.ended.is_(None)))

    def work(self, run: int) -> list[Item]:
        """By target."""
        return self._read(lambda one: working.told_items(one, run))

    # --- one target of a run -----------------------------------------------------------------

    def begin(self, run: int, target: str, worker: str, now: datetime) -> Attempt | None:
        """Take a target that is queued, waits no longer, or was left by a worker that does not live. None if there is
        nothing to do: it is done, dead, waiting, or somebody is at it."""
        token, at = working.new_token(), _utc(now)
        return self._write(lambda one: working.begin(one, run, target, worker, at, token))

    def task_of(self, attempt: Attempt) -> Task:
        """What is to be looked at, with what the last look left. `now` is when the attempt began."""
        task = self._read(lambda one: working.task(one, attempt))
        if task is None:
            raise LookupError(f"there is no {attempt.target} in run {attempt.run}")
        return task

    def finish(self, attempt: Attempt, outcome: Outcome, now: datetime) -> list[Event]:
        """Write down what came of it, all or nothing. A second time, or after a later run has looked, nothing happens.
        A look that comes late counts, even if the target was given up meanwhile."""
        at, masked = _utc(now), self._net.outcome(outcome)
        return self._write(lambda one: finishing.finish(one, attempt, masked, at))

    def fail(
        self, attempt: Attempt, failure: Failure, now: datetime, retry_at: datetime | None
    ) -> None:
        """Let the target wait, or give it up (None): its findings are not observed then, and none is resolved. Only the
        latest attempt can fail."""
        at, later = _utc(now), None if retry_at is None else _utc(retry_at)
        masked = self._net.failure(failure)
        self._write(lambda one: working.fail(one, attempt, masked, at, later))

    def give_back(self, attempt: Attempt) -> None:
        """As if it had not begun: whoever looked was told to stop. Only the latest attempt can be given back."""
        self._write(lambda one: working.give_back(one, attempt))

    def heartbeat(self, worker: str, now: datetime, takes: Takes = Takes.ANY) -> None:
        at = _utc(now)
        self._write(lambda one: working.beat(one, worker, at, takes))

    def workers(self, now: datetime) -> dict[str, Takes]:
        """Those that live, with what each takes."""
        at = _utc(now)
        return self._read(lambda one: working.alive(one, at))

    def stalled(self, now: datetime, after: timedelta = working.DEAD_AFTER) -> list[Attempt]:
        """Attempts of workers that have not beaten for so long. Their targets are queued again, the attempt counts:
        who goes over them gives up those that were tried too often (`fail`)."""
        at = _utc(now)
        return self._write(lambda one: working.stalled(one, at, after))

    # --- what is known -----------------------------------------------------------------------

    def targets(self) -> list[Known]:
        """All there ever were, by id."""
        return self._read(reading.told_targets)

    def observations(
        self, targets: Collection[str] | None = None
    ) -> Iterator[tuple[str, Observation]]:
        """Target and record: what the last good look at each saw. They are not all held at once."""
        with self._streaming() as connection:
            yield from reading.told_observations(connection, targets)

    def left(self, target: str) -> dict[str, str]:
        """What the last look at a target left for the next one."""
        return self._read(lambda one: reading.told_left(one, target))

    def shared(self) -> Iterator[tuple[str, Keys | None]]:
        """Target, and what of its records others may share. None where an older version has looked: then the records
        tell."""
        with self._streaming() as connection:
            yield from reading.told_keys(connection)

    def findings(
        self,
        states: Collection[Standing] | None = None,
        target: str | None = None,
        ids: Collection[str] | None = None,
    ) -> Iterator[Stored]:
        """By target and id. One that is accepted in some places and open in others comes in parts, one after the other."""
        with self._streaming() as connection:
            yield from reading.told_findings(connection, states, target, ids)

    def stands_for(self) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
        """Findings of the join, and those of targets that each stands for, or stood for before it was resolved."""
        return self._read(reading.told_stands_for)

    def troubles(self) -> Iterator[tuple[str, Trouble]]:
        """Target and what could not be seen of it: by its last look, and why there was no later one. What could not be
        listed is of no target."""
        with self._streaming() as connection:
            for trouble in reading.unlisted(connection):
                yield "", trouble
            yield from reading.failures(connection)
            for id, _, frame in reading.told_frames(connection):
                for trouble in frame.troubles if frame.mode != JOIN else ():
                    yield id, trouble

    def coverage(self) -> Iterator[tuple[str, Coverage]]:
        """Target and what came of each policy in it, where a service was asked."""
        with self._streaming() as connection:
            for id, _, frame in reading.told_frames(connection):
                for one in frame.coverage:
                    yield id, one

    def trend(self, days: int, now: datetime) -> list[Day]:
        """How many findings were open at the end of each of the last days, today last; none before the first finding. As in a
        report, what several targets have is one."""
        at = _utc(now)
        return self._read(lambda one: trend.trend(one, days, at))

    def report(self, now: datetime) -> Report:
        """The whole estate as one report: all findings that are not resolved, with their targets' names before their
        paths, and all that could not be seen."""
        at = _utc(now)
        return self._read(lambda one: whole.report(one, at))

    def texts(self) -> tuple[dict[str, RuleText], dict[str, Framework]]:
        """Of rules and frameworks by their ids, as the latest look has them."""
        return self._read(whole.told_texts)

    def history(self, id: str) -> list[tuple[int, Event]]:
        """What became of a finding, in all targets, under this id and those that it had before."""
        return self._read(lambda one: reading.told_history(one, id))

    def ids(self, beginning: str) -> list[str]:
        """Of findings, those that begin so."""
        return self._read(lambda one: reading.told_ids(one, beginning))

    def changes(self, runs: Collection[int]) -> dict[int, dict[State, int]]:
        """How many findings came to which state in each of these runs."""
        return self._read(lambda one: reading.told_changes(one, runs))

    def purge(self, retention: Retention, now: datetime, *, dry_run: bool = False) -> Purged:
        """Let go of what is older than it has to be, or only say what that would be."""
        at = _utc(now)
        if dry_run:
            return self._read(lambda one: purging.purge(one, retention, at, dry_run=True))
        found = self._write(lambda one: purging.purge(one, retention, at, dry_run=False))
        if self._engine.dialect.name == "sqlite":
            opening.shrink(self._engine)
        return found

    def counts(self, now: datetime) -> Counts:
        """How many findings, targets and open ones there are, and what the last run took."""
        at = _utc(now)
        return self._read(lambda one: counting.counted(one, at))

    def state(self) -> str:
        """A text that is another one whenever something has changed that reports and counts tell of."""
        return self._read(counting.state_of_all)

    # --- telling -----------------------------------------------------------------------------

    def events(self, since_id: int = 0) -> Iterator[tuple[int, Event]]:
        """Id and event, in the order in which they were written. Ids grow; one that is told now comes before all that
        will be told later."""
        with self._streaming() as connection:
            yield from reading.told_events(connection, since_id)

    def pending(self, name: str) -> int:
        """How many events a channel has not been told of."""
        return self._read(lambda one: counting.pending(one, name))

    def notified(self, name: str, up_to_id: int | None = None) -> int:
        """Up to which event a channel has been told; with an id, that it has been told up to there. It never goes back."""
        if up_to_id is None:
            asked = select(cursors.c.event).where(cursors.c.name == name)
            return self._read(lambda one: one.execute(asked).scalar()) or 0
        id = up_to_id

        def move(connection: Connection) -> int:
            made = upsert(connection, cursors).values(name=name, event=0)
            connection.execute(made.on_conflict_do_nothing())
            asked = select(cursors.c.event).where(cursors.c.name == name).with_for_update()
            found = int(connection.execute(asked).scalar_one())
            if found < id:
                connection.execute(update(cursors).where(cursors.c.name == name).values(event=id))
            return max(found, id)

        return self._write(move)

    @contextmanager
    def alone(self, name: str, patience: float = 0) -> Iterator[bool]:
        """Whether no other process is at this work, after so many seconds of waiting for that. Others are kept from it until the
        end."""
        try:
            with holding.held(self._engine, name, patience) as is_alone:
                yield is_alone
        except SQLAlchemyError as error:
            raise failing.explained(error, self._engine.url) from None

    # --- transactions ------------------------------------------------------------------------

    def _write(self, work: Callable[[Connection], T]) -> T:
        def once() -> T:
            with self._writer.connect() as connection, connection.begin():
                return work(connection)

        return self._again(once)

    def _read(self, question: Callable[[Connection], T]) -> T:
        def once() -> T:
            with self._reader.connect() as connection, connection.begin():
                found = question(connection)
                _insist(connection)
                return found

        return self._again(once)

    @contextmanager
    def _streaming(self) -> Iterator[Connection]:
        """Once the first row is there it is too late to ask again."""
        connection = self._again(self._reader.connect)
        try:
            with connection, connection.begin():
                yield connection
                _insist(connection)
        except SQLAlchemyError as error:
            raise failing.explained(error, self._engine.url) from None

    def _again(self, once: Callable[[], T]) -> T:
        """Until it works, the problem is one that stays, or patience ends."""
        end = time.monotonic() + self._patience
        pause = 0.1
        while True:
            try:
                return once()
            except SQLAlchemyError as error:
                if not failing.is_passing(error) or time.monotonic() + pause > end:
                    raise failing.explained(error, self._engine.url) from None
            time.sleep(pause)
            pause = min(2 * pause, 2.0)


def _insist(connection: Connection) -> None:
    """What was read without locks may be nonsense if it was written meanwhile."""
    raw = connection.connection.driver_connection
    if isinstance(raw, Unmoved) and raw.has_moved():
        raise Unreachable(
            f"the store {raw.file} was written while it was read, by somebody who cannot be waited for",
            "Run it again.",
        )


def _utc(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("a time without a zone")
    return now.astimezone(UTC)
