"""The clock, watched by workers: any of them may begin a run whose time has come, and only one does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keymuster.estate import schedule
from keymuster.estate.attempts import JOIN
from keymuster.estate.base import Work
from keymuster.estate.definition import Estate
from keymuster.estate.queue.database import Starting, prepare
from keymuster.estate.queue.jobs import Jobs
from keymuster.estate.queue.remote import defer
from keymuster.estate.schedule import Due
from keymuster.estate.starting import start
from keymuster.estate.targets import selected

if TYPE_CHECKING:
    from keymuster.estate.store.store import Store


def watch(
    load: Callable[[], Estate], url: str, store: Store, stop: threading.Event, tell: Callable[[str], None]
) -> None:  # fmt: skip
    schedule.watch(
        load, store, stop=stop, tell=tell, begin=lambda said, one: begin(said, url, store, one)
    )


def begin(said: Estate, url: str, store: Store, one: Due) -> bool:
    """False if a run is under way that has some of its targets."""
    prepare(url)
    only = schedule.targets_of(said, one)
    with Starting(url), Jobs(url) as jobs:
        if any(run.scheduled == one.mark for run in store.runs(limit=1000)):
            return True
        known = [each.target for each in store.targets() if each.target.kind != JOIN.kind]
        wanted = {each.id for each in selected(known, only)}
        for run in store.unfinished_runs():
            if any(
                item.target in wanted and item.work not in (Work.DONE, Work.DEAD)
                for item in store.work(run.id)
            ):
                return False
        begun = start(said, store, datetime.now(UTC), only, scheduled=one.mark)
        defer(store, jobs, begun.run)
    return True
