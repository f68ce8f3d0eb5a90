"""`keymuster estate worker`: look at what runs on a server's store want looked at, with others."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._runs import notified, opened, stoppable
from keymuster.errors import KeymusterError, SettingsError
from keymuster.report.base import readable

if TYPE_CHECKING:
    from keymuster.estate.attempts import Came
    from keymuster.estate.store.store import Store

    Tell: TypeAlias = Callable[[str, Came | None], None]


@click.command("worker")
@click.option(
    "--concurrency",
    type=click.IntRange(1),
    default=None,
    metavar="N",
    help="Targets to look at at a time.  [default: one per processor]",
)
@click.option(
    "--takes",
    type=click.Choice(["any", "targets", "join"]),
    default="any",
    show_default=True,
    help="What to look at: the join over all targets needs more memory than any of them.",
)
@click.option(
    "--schedule",
    "watches",
    is_flag=True,
    help="Watch the clock, too, and begin the runs that estate.yaml has times for. Several workers may.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say only what fails.")
@estate_option
@store_option
def command(
    concurrency: int | None, takes: str, watches: bool, quiet: bool, estate: str, url: str
) -> int:
    """Look at the targets of all runs on a store in PostgreSQL, beside other workers, until it is stopped.

    What estate.yaml says here of the cache, of tries and of settings holds for what is looked at here; without the file,
    --db or KEYMUSTER_DB names the store. The worker that ends a run tells the channels and logs of its file. It listens
    nowhere. One that dies loses nothing: others take its targets after half a minute.

    \b
    Examples:
      keymuster estate worker --db postgresql://keymuster@db.acme.test/estate
      KEYMUSTER_DB=postgresql://... keymuster estate worker --concurrency 8 --schedule
      KEYMUSTER_DB=postgresql://... keymuster estate worker --takes join

    Exit codes: 0 when it was stopped; 2 could not run.
    """
    from keymuster import work
    from keymuster.estate import local

    def tell(words: str, came: Came | None) -> None:
        if words or (came is not None and (came.failure is not None or not quiet)):
            line = words if came is None else _line(came)
            click.echo(readable(f"{datetime.now(UTC):%H:%M:%S} {line}"), err=True)

    without_file = bool(url) and not watches and not os.path.exists(estate)
    with opened("" if without_file else estate, url) as (said, address, store), stoppable() as stop:
        if store.file:
            raise SettingsError(
                f"{store.url} is a file, which only one machine can work on",
                "Use `keymuster estate run`, or keep the store in PostgreSQL.",
            )
        from keymuster.estate.queue.worker import Worker
        from keymuster.estate.store.rows import Takes

        with local.engine(said, address, store, lambda words: tell(words, None)) as looking:
            many = concurrency or said.defaults.jobs or work.default_jobs()
            if not quiet:
                words = (
                    f"worker {looking.worker} takes {_WHAT[takes].format(many)} from {store.url}"
                )
                tell(words, None)
            ended = None if without_file else partial(_tell_people, store, estate, tell)
            with _watching(estate, address, store, stop, tell) if watches else nullcontext():
                try:
                    Worker(
                        looking, concurrency=many, stop=stop, tell=tell, ended=ended, takes=Takes(takes)
                    ).run()  # fmt: skip
                finally:
                    stop.set()
    return 0


_WHAT = {
    "any": "{} targets at a time",
    "targets": "{} targets at a time, but no join,",
    "join": "the join over targets",
}


def _tell_people(store: Store, estate: str, tell: Tell) -> None:
    """As the file says it by now: a worker lives for long."""
    from keymuster.estate import config

    try:
        missing = notified(store, config.load(estate))
    except KeymusterError as error:
        tell(f"could not be told: {error}", None)
        return
    for one in missing:
        tell(f"could not be told: {one.scope}: {one.message}", None)


@contextmanager
def _watching(
    estate: str, address: str, store: Store, stop: threading.Event, tell: Tell
) -> Iterator[None]:
    """With a thread that watches the clock, until `stop` is set."""
    from keymuster.estate import config
    from keymuster.estate.queue.watching import watch

    said = (lambda: config.load(estate), address, store, stop, lambda words: tell(words, None))
    thread = threading.Thread(target=watch, args=said)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _line(came: Came) -> str:
    if came.failure is not None:
        again = f"again at {came.retry_at:%H:%M:%S}" if came.retry_at else "given up"
        return f"{came.target}: {came.failure.trouble.message}; {again}"
    new = f", {len(came.events)} changes" if came.events else ""
    return f"{came.target}: {'unchanged' if came.unchanged else came.how.value}{new}"
