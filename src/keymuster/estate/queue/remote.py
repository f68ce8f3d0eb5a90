"""Runs that workers carry out: begun from anywhere, and followed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from keymuster.errors import Unreachable
from keymuster.estate.attempts import JOIN
from keymuster.estate.base import Work
from keymuster.estate.definition import Estate
from keymuster.estate.local import Ran, Tell
from keymuster.estate.queue.database import Starting, prepare
from keymuster.estate.queue.jobs import Jobs
from keymuster.estate.running import Progress, expected_seconds, left_seconds
from keymuster.estate.starting import start
from keymuster.model import Trouble

if TYPE_CHECKING:
    from keymuster.estate.store.store import Store

_LOOK_SECONDS = 1.0


class Begun(Struct, frozen=True, kw_only=True):
    """A run, whether it had been begun before, how many `workers` there are for it, and what could not be listed."""

    run: int
    went_on: bool
    workers: int
    troubles: tuple[Trouble, ...] = ()


def begin(
    said: Estate, url: str, store: Store, only: Sequence[str] = (), *, scheduled: str = ""
) -> Begun:
    """A run with a job for each target; the one that is under way, if there is one."""
    prepare(url)
    now = datetime.now(UTC)
    troubles: tuple[Trouble, ...] = ()
    with Starting(url), Jobs(url) as jobs:
        if left := store.unfinished_runs():
            number, went_on = left[-1].id, True
        else:
            begun = start(said, store, now, only, scheduled=scheduled)
            number, went_on, troubles = begun.run, False, begun.troubles
        defer(store, jobs, number)
        return Begun(run=number, went_on=went_on, workers=jobs.workers(), troubles=troubles)


def defer(store: Store, jobs: Jobs, run: int) -> None:
    """A job for each target that has none; the longest is begun first."""
    seconds = expected_seconds(store)
    left = [
        one.target for one in store.work(run) if one.work is Work.QUEUED and one.target != JOIN.id
    ]
    jobs.defer(run, sorted(left, key=lambda one: -seconds.get(one, 0.0)))
    if not left:  # there is only the join to do, or even that is done
        jobs.defer(run, [JOIN.id])


def follow(
    store: Store, begun: Begun, stop: threading.Event, tell: Tell, waiting: Callable[[str], None]
) -> Ran:  # fmt: skip
    """Until it has ended, or until nobody wants to wait any more; the workers go on. While the store is away, so do
    we: `waiting` is told once why."""
    is_away, ended = False, False
    seconds: dict[str, float] | None = None
    while not ended:
        try:
            if seconds is None:
                seconds = expected_seconds(store)
            progress = _progress(store, begun.run, seconds)
        except Unreachable as error:
            if not is_away:
                waiting(f"{error.message}; the run is followed again when it does")
            is_away = True
        else:
            is_away, ended = False, progress is None
            if progress is not None:
                tell(progress, None)
        if not ended and stop.wait(_LOOK_SECONDS):
            break
    return Ran(
        run=begun.run, complete=ended, went_on=begun.went_on, troubles=begun.troubles
    )  # fmt: skip


def _progress(store: Store, number: int, seconds: dict[str, float]) -> Progress | None:
    """How far a run is; None if it has ended."""
    run = store.run(number)
    assert run is not None
    if run.ended is not None:
        return None
    left = [one.target for one in store.work(run.id) if one.work in (Work.QUEUED, Work.WAITING)]
    counts = run.counts
    running = counts.get(Work.RUNNING, 0)
    return Progress(
        run=run.id, targets=sum(counts.values()), done=counts.get(Work.DONE, 0),
        dead=counts.get(Work.DEAD, 0), running=running, waiting=counts.get(Work.WAITING, 0),
        left_seconds=left_seconds(seconds, left, running, running),
    )  # fmt: skip
