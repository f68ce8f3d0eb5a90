"""What commands that run an estate share: they end on Ctrl-C, say how far they are, and what came of it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import Struct

from keymuster import settings
from keymuster.cli.output import stdout
from keymuster.model import Confidence, Severity, Trouble
from keymuster.report.base import readable

if TYPE_CHECKING:
    from keymuster.estate.attempts import Came
    from keymuster.estate.definition import Estate
    from keymuster.estate.running import Progress
    from keymuster.estate.store.store import Store

only_option = click.option(
    "--only",
    metavar="GLOB",
    multiple=True,
    help="Only targets whose id or name is like this; repeatable.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Targets to look at at a time.  [default: one per processor]",
)


def ending_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how it ends and in what form it tells."""
    for option in (
        click.option("--strict", is_flag=True, help="Exit code 3 if anything could not be looked at."),
        click.option(
            "--fail-confidence",
            type=click.Choice([one.value for one in Confidence]),
            help="The least sure open findings that end with exit code 1.  [default: high]",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(settings.FAIL_ON),
            help="The mildest severity of an open finding that ends with exit code 1.  [default: medium]",
        ),
        click.option(
            "--format",
            "format_",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="For people, or for other programs.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@contextlib.contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Set on Ctrl-C and when the system asks to end; the second time ends at once. Nothing is lost either way: what was not
    looked at to its end is looked at again."""
    stop = threading.Event()

    def ask(number: int, frame: object) -> None:
        if stop.is_set():
            os._exit(3)
        stop.set()
        with contextlib.suppress(OSError):  # not through buffers, which may be in use right now
            os.write(2, b"\nkeymuster: stopping; once more to end at once\n")

    before = {one: signal.signal(one, ask) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class Teller:
    """Says on standard error how far a run is: for a person, one line that changes; else what fails."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._next = 0.0
        self._width = 0

    def __call__(self, progress: Progress, came: Came | None) -> None:
        if came is not None and came.failure is not None:
            again = f"; again at {came.retry_at:%H:%M:%S} UTC" if came.retry_at else "; given up"
            said = came.failure.trouble
            self.clear()
            click.echo(readable(f"keymuster: {said.scope}: {said.message}{again}"), err=True)
        if self._shows and (now := time.monotonic()) >= self._next:
            self._next = now + 0.2
            line = _progress(progress)
            click.echo(f"\r{line:<{self._width}}", err=True, nl=False)
            self._width = len(line)

    def waiting(self, words: str) -> None:
        self.clear()
        click.echo(readable(f"keymuster: {words}"), err=True)

    def clear(self) -> None:
        if self._width:
            click.echo(f"\r{'':<{self._width}}\r", err=True, nl=False)
            self._width = 0


def _progress(one: Progress) -> str:
    words = [f"run {one.run}: {one.done} of {one.targets} done"]
    words += [
        f"{count} {name}"
        for count, name in ((one.running, "running"), (one.waiting, "waiting"), (one.dead, "given up"))
        if count
    ]  # fmt: skip
    if one.left_seconds is not None and one.done < one.targets:
        words.append(f"about {spoken(one.left_seconds)} left")
    return ", ".join(words)


def spoken(seconds: float) -> str:
    """A time that is not known exactly."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


# --- what came of it -----------------------------------------------------------------------------


class GivenUpV1(Struct, frozen=True, kw_only=True):
    target: str
    message: str
    advice: str


class RanV1(Struct, frozen=True, kw_only=True):
    """What `run`, `resume` and the like tell other programs: how many targets came to what, the join of all
    (`joined`) among them; how many findings stand how after it, each counted in every target that has it; how many are `open` in
    the estate, as its report and its trend count them: what several targets have, once; and what could not be looked at."""

    version: int
    run: int
    complete: bool
    started: datetime
    ended: datetime | None
    targets: dict[str, int]
    findings: dict[str, int]
    open: dict[str, int]
    joined: bool
    given_up: list[GivenUpV1]
    not_listed: list[GivenUpV1]
    not_told: list[GivenUpV1]
    troubles: int


def told(
    store: Store, said: Estate, run: int, *, complete: bool, troubles: tuple[Trouble, ...], not_told: list[Trouble],
    options: dict[str, Any],
) -> int:  # fmt: skip
    """Say what came of a run; the exit code."""
    from keymuster.estate.base import Work
    from keymuster.estate.leaving import has_left

    found = store.run(run)
    assert found is not None
    items = store.work(run)
    given_up = [
        GivenUpV1(target=one.target, message=one.trouble.message, advice=one.trouble.advice)
        for one in items
        if one.work is Work.DEAD and one.trouble is not None
    ]
    standing: dict[str, int] = {}
    configured = settings.load(said.config, "")[0] if said.config else settings.Settings()
    fail_on = options["fail_on"] or configured.fail_on
    sure = Confidence(options["fail_confidence"] or configured.fail_confidence).rank
    fails = False
    left = {one.target.id for one in store.targets() if one.has_left}
    for one in store.findings():
        standing[one.state.value] = standing.get(one.state.value, 0) + 1
        finding = one.finding
        fails |= (
            fail_on != "never" and one.state.is_open and one.target not in left and finding.confidence.rank >= sure
            and finding.severity.rank >= Severity(fail_on).rank
        )  # fmt: skip
    unseen = sum(
        not has_left(one) for _, one in store.troubles()
    )  # who left, was taken out by somebody
    today = store.trend(1, datetime.now(UTC))
    by_severity = today[-1].by_severity if today else {}
    ran = RanV1(
        version=1, run=run, complete=complete, started=found.started, ended=found.ended,
        targets={work.value: count for work, count in found.counts.items()}, findings=standing,
        open={one.value: by_severity.get(one.value, 0) for one in sorted(Severity, key=lambda one: -one.rank)},
        joined=any(is_join(one.target) for one in items),
        given_up=given_up, not_listed=[_v1(one) for one in troubles],
        not_told=[_v1(one) for one in not_told], troubles=unseen,
    )  # fmt: skip
    with stdout() as out:
        if options["format_"] == "json":
            out.write(msgspec.json.format(msgspec.json.encode(ran), indent=2).decode() + "\n")
        else:
            for line in _lines(ran):
                out.write(readable(line) + "\n")
    if not complete:
        return 3
    if fails:
        return 1
    strict = options["strict"] or configured.strict
    return 3 if strict and (given_up or troubles or unseen) else 0


def is_join(target: str) -> bool:
    """Whether it is what all targets together tell, which counts among them."""
    from keymuster.estate.attempts import JOIN

    return target == JOIN.id


def among(joined: bool) -> str:
    return ", their join among them" if joined else ""


def _v1(one: Trouble) -> GivenUpV1:
    return GivenUpV1(target=one.scope, message=one.message, advice=one.advice)


def _lines(ran: RanV1) -> Iterator[str]:
    targets = sum(ran.targets.values())
    done = ran.targets.get("done", 0)
    ending = "" if ran.complete else "; it was stopped: `keymuster estate resume` goes on"
    yield f"run {ran.run}: {done} of {targets} targets looked at{among(ran.joined)}{ending}"
    by_severity = ", ".join(f"{count:,} {name}" for name, count in ran.open.items() if count)
    whole = f"{sum(ran.open.values()):,} ({by_severity})" if by_severity else "none"
    yield f"open findings of the estate: {whole}; what several targets have is one"
    if counts := [f"{count:,} {state}" for state, count in ran.findings.items()]:
        yield f"in its targets, counted in each: {', '.join(counts)}"
    for words, several in (
        ("looked at", ran.given_up), ("listed", ran.not_listed), ("told", ran.not_told),
    ):  # fmt: skip
        for one in several:
            yield f"could not be {words}: {one.target}: {one.message}"
            if one.advice:
                yield f"  {one.advice}"
    if ran.troubles > len(ran.given_up):
        parts = ran.troubles - len(ran.given_up)
        yield f"not seen: {parts} {'part' if parts == 1 else 'parts'} of targets; `keymuster estate report` lists them"


def carried_out(
    said: Estate, url: str, store: Store, only: tuple[str, ...], jobs: int, waits: bool, options: dict[str, Any]
) -> int:  # fmt: skip
    """Begin a run, or go on with the one that was not finished; the exit code."""
    tell = Teller()
    with stoppable() as stop:
        try:
            if store.file:
                from keymuster.estate import local

                ran = local.run(
                    said,
                    url,
                    store,
                    only=only,
                    jobs=jobs,
                    stop=stop,
                    tell=tell,
                    waiting=tell.waiting,
                )
            else:
                from keymuster.estate.queue import remote

                begun = remote.begin(said, url, store, only)
                if not begun.workers:
                    click.echo(
                        "keymuster: no worker is there yet; `keymuster estate worker` is one",
                        err=True,
                    )
                if not waits:
                    click.echo(f"keymuster: run {begun.run} is under way", err=True)
                    return 0
                with _working_too(said, url, store, jobs):
                    ran = remote.follow(store, begun, stop, tell, tell.waiting)
        finally:
            tell.clear()
    if ran.went_on:
        click.echo(
            f"keymuster: went on with run {ran.run}, which had not come to its end", err=True
        )
    not_told = notified(store, said) if ran.complete else []
    return told(
        store, said, ran.run, complete=ran.complete, troubles=ran.troubles, not_told=not_told, options=options
    )  # fmt: skip


@contextlib.contextmanager
def _working_too(said: Estate, url: str, store: Store, jobs: int) -> Iterator[None]:
    """A worker in this process, if somebody asked for so many targets at a time here."""
    if not jobs:
        yield
        return
    from keymuster.estate import local
    from keymuster.estate.queue.worker import Worker

    end = threading.Event()
    with local.engine(said, url, store, lambda words: _tell_failure(words, None)) as looking:
        worker = Worker(looking, concurrency=jobs, stop=end, tell=_tell_failure)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()


def _tell_failure(words: str, came: Came | None) -> None:
    if came is not None and came.failure is not None:
        words = f"{came.target}: {came.failure.trouble.message}"
    if words:
        click.echo(readable(f"keymuster: {words}"), err=True)


# --- the estate and its store --------------------------------------------------------------------


@contextlib.contextmanager
def opened(estate: str, url: str) -> Iterator[tuple[Estate, str, Store]]:
    """What the file says (without one, what holds by default), and the store with its address. SettingsError
    where one is wrong."""
    from keymuster.errors import SettingsError
    from keymuster.estate import config

    said = config.load(estate) if estate else config.default()
    address = url or config.store_url(said)
    try:
        from keymuster.estate.store.store import Store
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"an estate needs {error.name}, which is not installed", "Install it: pip install 'keymuster[estate]'"
        ) from None  # fmt: skip
    store = Store.open(address)
    try:
        yield said, address, store
    finally:
        store.close()


def notified(store: Store, said: Estate) -> list[Trouble]:
    """Tell the channels of the estate; what did not arrive."""
    from keymuster.estate.telling import tell

    return tell(store, said, datetime.now(UTC))
