"""Jobs for the targets of runs: made, made again where one is missing, and taken from workers that died."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keymuster.errors import Unreachable
from keymuster.estate.attempts import JOIN, Looking
from keymuster.estate.base import Work
from keymuster.estate.queue.database import connection_arguments

if TYPE_CHECKING:
    from keymuster.estate.store.rows import Item, Run

TARGETS, JOINS, UPKEEP = "targets", "joins", "upkeep"
"""The queues: of what is looked at, of the join over it, and of what keeps that going, which never waits behind it."""
LOOK, SWEEP = "keymuster.look", "keymuster.sweep"

BEAT_SECONDS = 5.0
LOST_SECONDS = 25.0
"""After which a worker that does not beat is not waited for."""

_AT_ONCE = 1000
_AGAIN = 10
_LEFT = (Work.QUEUED, Work.WAITING)
_SETTLED = (Work.DONE, Work.DEAD)


class Jobs:
    """Asked from threads, while the workers themselves are asynchronous."""

    def __init__(self, url: str) -> None:
        from procrastinate import App, SyncPsycopgConnector

        arguments = connection_arguments(url)
        self._app = App(
            connector=SyncPsycopgConnector(**arguments, min_size=1, max_size=4, timeout=20)
        )

    def __enter__(self) -> Jobs:
        with _reached():
            self._app.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._app.close()

    def defer(
        self, run: int, targets: Iterable[str], at: datetime | None = None, *, again: bool = False
    ) -> None:
        """One for each, unless one waits already. What is done `again` does not wait behind what was never begun."""
        from procrastinate.exceptions import AlreadyEnqueued

        several = list(targets)
        with _reached():
            for first in range(0, len(several), _AT_ONCE):
                some = several[first : first + _AT_ONCE]
                try:
                    self._defer(run, some, at, again)
                except AlreadyEnqueued:
                    for one in some:
                        with contextlib.suppress(AlreadyEnqueued):
                            self._defer(run, [one], at, again)

    def _defer(self, run: int, targets: Sequence[str], at: datetime | None, again: bool) -> None:
        from procrastinate.jobs import Job

        jobs = [
            Job(
                id=None, queue=JOINS if one == JOIN.id else TARGETS, lock=None, queueing_lock=f"{run}:{one}", task_name=LOOK,
                task_kwargs={"run": run, "target": one}, scheduled_at=at, priority=_AGAIN if again else 0,
            )
            for one in targets
        ]  # fmt: skip
        self._app.job_manager.batch_defer_jobs(jobs)

    def workers(self) -> int:
        """How many live."""
        asked = "SELECT count(*) AS count FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 s'"
        return int(self._one(asked)["count"])

    def keep_going(self, looking: Looking) -> bool:
        """What has to be done again and again so that every run comes to its end, whoever dies. Whether one has."""
        now = looking.now()
        for attempt in looking.store.stalled(now, timedelta(seconds=LOST_SECONDS)):
            looking.give_up_lost(attempt)
        self._forget_lost()
        have_ended = False
        for run in looking.store.unfinished_runs():
            waiting = self._one(
                "SELECT count(*) AS count FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock LIKE %(run)s",
                run=f"{run.id}:%",
            )["count"]
            left = sum(run.counts.get(work, 0) for work in _LEFT)
            if int(waiting) < left or self.ends(looking, run):
                have_ended |= self._complete(looking, run)
        return have_ended

    def _forget_lost(self) -> None:
        """Jobs that died with their workers. What they were for, the store says."""
        gone = (
            "UPDATE procrastinate_jobs SET status = 'failed' FROM (SELECT job.id FROM procrastinate_jobs job "
            "LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id WHERE job.status = 'doing' "
            "AND (worker.id IS NULL OR worker.last_heartbeat < now() - %(seconds)s * interval '1 s')) lost "
            "WHERE procrastinate_jobs.id = lost.id"
        )
        with _reached():
            connector = self._app.connector.get_sync_connector()
            connector.execute_query(gone, seconds=LOST_SECONDS)
            connector.execute_query(
                "DELETE FROM procrastinate_jobs WHERE status IN ('failed', 'succeeded', 'aborted', 'cancelled')"
            )

    def _complete(self, looking: Looking, run: Run) -> bool:
        items = looking.store.work(run.id)
        waiting = {
            row["queueing_lock"]
            for row in self._every(
                "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock LIKE %(run)s",
                run=f"{run.id}:%",
            )
        }
        for at, targets in _missing(items, run.id, waiting):
            self.defer(run.id, targets, at, again=True)
        return self.end(looking, run.id)

    def ends(self, looking: Looking, run: Run) -> bool:
        """Whether nothing is left of a run but the join, or not even that."""
        return sum(run.counts.get(work, 0) for work in Work if work not in _SETTLED) <= 1

    def end(self, looking: Looking, number: int) -> bool:
        """End a run of which nothing is left, or begin its join if only that is left. Whether it has ended."""
        run = looking.store.run(number)
        if run is None or not self.ends(looking, run):
            return False
        left = [one for one in looking.store.work(number) if one.work not in _SETTLED]
        if not left:
            looking.store.end_run(number, looking.now())
            return True
        if left[0].target == JOIN.id and left[0].work in _LEFT:
            self.defer(number, [JOIN.id], left[0].not_before)
        return False

    def _one(self, query: Any, **arguments: Any) -> dict[str, Any]:
        with _reached():
            return self._app.connector.get_sync_connector().execute_query_one(query, **arguments)

    def _every(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        with _reached():
            return self._app.connector.get_sync_connector().execute_query_all(query, **arguments)


def _missing(
    items: Sequence[Item], run: int, waiting: set[str]
) -> Iterator[tuple[datetime | None, list[str]]]:
    """Targets that nobody will come to, by the time from when on they may be looked at."""
    at: dict[datetime | None, list[str]] = {}
    for one in items:
        if one.work in _LEFT and one.target != JOIN.id and f"{run}:{one.target}" not in waiting:
            at.setdefault(one.not_before, []).append(one.target)
    yield from at.items()


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """What a database says that is away, in our words; its own may quote the address."""
    from procrastinate.exceptions import ConnectorException
    from psycopg import Error

    try:
        yield
    except (ConnectorException, Error) as error:
        from procrastinate.exceptions import UniqueViolation

        if isinstance(error, UniqueViolation):
            raise
        raise Unreachable(
            "the database of the queue does not answer", "Look whether it runs and can be reached from here."
        ) from None  # fmt: skip
