"""A run on one machine: a pool of processes, each for one target, until every target is done or given up."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from keymuster.errors import Unreachable
from keymuster.estate.attempts import JOIN, Came, Ended, Looking
from keymuster.estate.base import Work

if TYPE_CHECKING:
    from keymuster.estate.store.rows import Takes
    from keymuster.estate.store.store import Store

BEAT_SECONDS = 10.0
_FOR_EVER = timedelta(days=36500)
_SETTLED = (Work.DONE, Work.DEAD)
_LOOK_SECONDS = 0.5
_ASK_AGAIN_SECONDS = 5.0


class Progress(Struct):
    """How far a run is, of all its `targets`. `left_seconds` is what is left by what such looks took; None if nobody knows."""

    run: int
    targets: int
    done: int = 0
    dead: int = 0
    running: int = 0
    waiting: int = 0
    left_seconds: float | None = None


def worker_name() -> str:
    """Of this process, and of no other one ever."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def carry_out(
    looking: Looking, run: int, *, jobs: int, stop: threading.Event, tell: Callable[[Progress, Came | None], None],
    others: bool = False,
) -> bool:  # fmt: skip
    """Look at all that is left of a run. False if it was stopped before. If no `others` work on the store, whatever
    stands as being looked at was left by somebody who is gone, whatever the clock says of when."""
    with beating(looking):
        now = looking.now()
        lost = looking.store.stalled(now) if others else looking.store.stalled(now + _FOR_EVER)
        for attempt in lost:
            looking.give_up_lost(attempt)
        return _Pool(looking, run, jobs, stop, tell).carry_out()


@contextlib.contextmanager
def beating(
    looking: Looking, seconds: float = BEAT_SECONDS, takes: Takes | None = None
) -> Iterator[None]:
    """Say again and again that this engine lives, and what it takes if that is not all."""
    from keymuster.estate.store.rows import Takes

    what = takes or Takes.ANY
    end = threading.Event()

    def beat() -> None:
        while True:
            with contextlib.suppress(Unreachable):  # the next one may get through
                looking.store.heartbeat(looking.worker, looking.now(), what)
            if end.wait(seconds):
                return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


class _Pool:
    def __init__(
        self, looking: Looking, run: int, jobs: int, stop: threading.Event,
        tell: Callable[[Progress, Came | None], None],
    ) -> None:  # fmt: skip
        self._looking, self._run, self._jobs, self._stop, self._tell = (
            looking,
            run,
            jobs,
            stop,
            tell,
        )
        items = looking.store.work(run)
        self._seconds = expected_seconds(looking.store)
        left = [one for one in items if one.work not in _SETTLED]
        self._join = next((one.target for one in left if one.target == JOIN.id), "")
        # The longest first: one that begins last and takes an hour keeps everybody waiting.
        self._queue: list[tuple[float, int, str]] = []
        self._numbers = itertools.count()
        self._later: list[tuple[datetime, int, str]] = []
        for one in left:
            if one.target == self._join:
                continue
            if one.work is Work.WAITING and one.not_before is not None:
                self._wait(one.target, one.not_before)
            else:
                self._add(one.target)
        counted = {work: sum(one.work is work for one in items) for work in _SETTLED}
        self._progress = Progress(
            run=run, targets=len(items), done=counted[Work.DONE], dead=counted[Work.DEAD]
        )

    def _add(self, target: str) -> None:
        heapq.heappush(self._queue, (-self._seconds.get(target, 0.0), next(self._numbers), target))

    def _wait(self, target: str, until: datetime) -> None:
        heapq.heappush(self._later, (until, next(self._numbers), target))

    def carry_out(self) -> bool:
        futures: set[Future[Came]] = set()
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="target") as pool:
            try:
                while self._go_on(futures):
                    self._wake()
                    while self._queue and len(futures) < self._jobs and not self._stop.is_set():
                        target = heapq.heappop(self._queue)[2]
                        look = self._looking.at
                        futures.add(pool.submit(look, self._run, target, self._stop))
                    self._say(None, futures)
                    done = self._next(futures)
                    for one in done:
                        futures.remove(one)
                        self._came(one.result(), futures)
            except BaseException:
                self._stop.set()  # nobody waits for what others look at
                raise
        if self._stop.is_set():
            return False
        self._looking.insist(
            lambda: self._looking.store.end_run(self._run, self._looking.now()), self._stop
        )
        return True

    def _go_on(self, futures: set[Future[Came]]) -> bool:
        if futures:
            return True
        if self._stop.is_set():
            return False
        if not self._queue and not self._later and self._join:
            self._add(self._join)
            self._join = ""
        return bool(self._queue or self._later)

    def _wake(self) -> None:
        now = self._looking.now()
        while self._later and self._later[0][0] <= now:
            self._add(heapq.heappop(self._later)[2])

    def _next(self, futures: set[Future[Came]]) -> set[Future[Came]]:
        """Those that have ended; after a while, none."""
        if futures:
            return wait(futures, _LOOK_SECONDS, FIRST_COMPLETED).done
        if not self._queue and self._later:
            pause = (self._later[0][0] - self._looking.now()).total_seconds()
            self._stop.wait(max(0.0, min(pause, _LOOK_SECONDS)))
        return set()

    def _came(self, came: Came, futures: set[Future[Came]]) -> None:
        match came.how:
            case Ended.DONE:
                self._progress.done += 1
            case Ended.DEAD:
                self._progress.dead += 1
            case Ended.WAITING:
                assert came.retry_at is not None
                self._wait(came.target, came.retry_at)
            case Ended.NOT_OURS:
                self._look_again(came.target)
            case Ended.STOPPED:
                pass
        self._say(came, futures)

    def _look_again(self, target: str) -> None:
        """Somebody else took it."""
        item = next(one for one in self._looking.store.work(self._run) if one.target == target)
        if item.work is Work.DONE:
            self._progress.done += 1
        elif item.work is Work.DEAD:
            self._progress.dead += 1
        else:
            soon = self._looking.now() + timedelta(seconds=_ASK_AGAIN_SECONDS)
            self._wait(target, item.not_before or soon)

    def _say(self, came: Came | None, futures: set[Future[Came]]) -> None:
        progress = self._progress
        progress.running, progress.waiting = len(futures), len(self._later)
        left = [*(one[2] for one in self._queue), *(one[2] for one in self._later)]
        progress.left_seconds = left_seconds(self._seconds, left, len(futures), self._jobs)
        self._tell(progress, came)


def expected_seconds(store: Store) -> dict[str, float]:
    """What looking at a target took in one of the last runs. What did not change says nothing of what
    it takes when it has."""
    found: dict[str, float] = {}
    for one in store.runs(limit=4):
        for item in store.work(one.id):
            if item.work is Work.DONE:
                found.setdefault(item.target, item.cost.seconds)
    return found


def left_seconds(
    seconds: dict[str, float], left: list[str], running: int, jobs: int
) -> float | None:
    """What is left, by what it took before; of what was never looked at, by what others take."""
    if not seconds:
        return None
    usual = sum(seconds.values()) / len(seconds)
    total = sum(seconds.get(one, usual) for one in left) + running * usual / 2
    return total / max(1, jobs)
