"""A worker: takes targets of runs from the queue, and with the others keeps every run going to its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from keymuster.errors import Unreachable
from keymuster.estate.attempts import JOIN, Came, Ended, Looking
from keymuster.estate.queue.database import connection_arguments, prepare
from keymuster.estate.queue.jobs import (
    BEAT_SECONDS,
    JOINS,
    LOOK,
    LOST_SECONDS,
    SWEEP,
    TARGETS,
    UPKEEP,
    Jobs,
)
from keymuster.estate.running import beating
from keymuster.estate.store.rows import Takes

_SWEEPS = "* * * * * */5"
"""The last of six fields is the seconds."""
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 900.0
"""Seconds for which a machine takes nothing new on that failed itself."""

_QUEUES = {
    Takes.ANY: (TARGETS, JOINS), Takes.TARGETS: (TARGETS,), Takes.JOIN: (JOINS,),
}  # fmt: skip

Tell = Callable[[str, Came | None], None]


class Worker:
    """It `takes` targets, the join over them, or both. `tell` gets what happens to it, and what comes of each target, from several threads. `ended` is called, in one of its own,
    when a run has come to its end here."""

    def __init__(
        self, looking: Looking, *, concurrency: int, stop: threading.Event, tell: Tell, ended: Callable[[], None] | None = None,
        takes: Takes = Takes.ANY,
    ) -> None:  # fmt: skip
        self._looking, self._concurrency, self._stop, self._takes = (
            looking,
            concurrency,
            stop,
            takes,
        )
        self._tell, self._ended = tell, ended
        self._pause = 0.0
        self._unwell = asyncio.Event()

    def run(self) -> None:
        """Until it is stopped. A database that is away is waited for."""
        for name in ("procrastinate", "psycopg.pool"):  # they say what `tell` says, with traces
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._prepare()
        with (
            ThreadPoolExecutor(self._concurrency, thread_name_prefix="target") as self._targets,
            ThreadPoolExecutor(2, thread_name_prefix="upkeep") as self._upkeep,
            ThreadPoolExecutor(1, thread_name_prefix="telling") as self._telling,
            Jobs(self._looking.url) as self._jobs,
            beating(self._looking, BEAT_SECONDS, self._takes),
        ):
            asyncio.run(self._serve())

    def _prepare(self) -> None:
        while not self._stop.is_set():
            try:
                prepare(self._looking.url)
                return
            except Unreachable as error:
                self._tell(f"{error}; waiting for it", None)
                self._stop.wait(2)

    async def _serve(self) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        both = [
            asyncio.create_task(self._again(self._take_targets)),
            asyncio.create_task(self._again(self._keep_going)),
        ]
        while not self._stop.is_set():
            await asyncio.sleep(0.1)
        for one in both:
            one.cancel()
        await asyncio.gather(*both, return_exceptions=True)

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Whatever ends it but a request to stop, begin again: the database was away."""
        import psycopg
        from procrastinate.exceptions import ConnectorException

        while True:
            try:
                await work()
            except (ConnectorException, psycopg.Error, OSError):
                self._tell("the database does not answer; waiting for it", None)
            await asyncio.sleep(1)

    async def _take_targets(self) -> None:
        if self._unwell.is_set():
            self._tell(f"this machine failed; nothing new for {self._pause:.0f} s", None)
            await asyncio.sleep(self._pause)
            self._unwell.clear()
        app = self._app()
        taken = asyncio.create_task(self._work(app, _QUEUES[self._takes], self._concurrency))
        unwell = asyncio.create_task(self._unwell.wait())
        try:
            await asyncio.wait([taken, unwell], return_when=asyncio.FIRST_COMPLETED)
        finally:
            unwell.cancel()
            taken.cancel()  # it waits for what is under way
            with contextlib.suppress(asyncio.CancelledError):
                await taken

    async def _keep_going(self) -> None:
        await self._work(self._app(), (UPKEEP,), 1)

    async def _work(self, app: Any, queues: Sequence[str], concurrency: int) -> None:
        async with app.open_async():
            await app.run_worker_async(
                queues=[*queues], name=f"{self._looking.worker} {' '.join(queues)}", concurrency=concurrency,
                install_signal_handlers=False, update_heartbeat_interval=BEAT_SECONDS,
                stalled_worker_timeout=LOST_SECONDS, delete_jobs="always", fetch_job_polling_interval=2,
            )  # fmt: skip

    def _app(self) -> Any:
        from procrastinate import App, PsycopgConnector

        arguments = connection_arguments(self._looking.url)
        app = App(connector=PsycopgConnector(**arguments, min_size=1, max_size=4, timeout=10))

        @app.task(name=LOOK, queue=TARGETS)
        async def look(run: int, target: str) -> None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._targets, self._look, loop, run, target)

        @app.periodic(cron=_SWEEPS)
        @app.task(name=SWEEP, queue=UPKEEP, queueing_lock=SWEEP, priority=100)
        async def sweep(timestamp: int) -> None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._upkeep, self._sweep)

        return app

    def _look(self, loop: asyncio.AbstractEventLoop, run: int, target: str) -> None:
        """What the queue loses here, as the database may be away, the next sweep makes again."""
        came = self._looking.at(run, target, self._stop)
        if came.failure is not None and came.failure.here:
            self._pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, 2 * self._pause))
            loop.call_soon_threadsafe(self._unwell.set)
        elif came.how is Ended.DONE:
            self._pause = 0.0
        if came.how is not Ended.NOT_OURS:
            self._tell("", came)
        with contextlib.suppress(Unreachable):
            match came.how:
                case Ended.WAITING:
                    self._jobs.defer(run, [target], came.retry_at, again=True)
                case Ended.STOPPED:
                    self._jobs.defer(run, [target], again=True)
                case Ended.DONE | Ended.DEAD:
                    self._after(self._jobs.end(self._looking, run))
                case Ended.NOT_OURS if target == JOIN.id:
                    self._after(self._jobs.end(self._looking, run))

    def _sweep(self) -> None:
        with contextlib.suppress(Unreachable):
            self._after(self._jobs.keep_going(self._looking))

    def _after(self, has_ended: bool) -> None:
        """Whoever began the run may be gone. Of several who tell, each tells what is left to tell."""
        if has_ended and self._ended is not None:
            self._telling.submit(self._ended)
