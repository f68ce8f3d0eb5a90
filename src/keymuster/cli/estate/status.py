"""`keymuster estate status`: how far the last run is, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._runs import among, is_join, spoken
from keymuster.cli.estate._store import opened
from keymuster.cli.output import stdout
from keymuster.report.base import readable

if TYPE_CHECKING:
    from keymuster.estate.store.rows import Item


class ItemV1(Struct, frozen=True, kw_only=True):
    """A target that is looked at, waits or was given up, and why."""

    target: str
    attempts: int
    worker: str
    started: datetime | None
    again_at: datetime | None = None
    message: str = ""
    advice: str = ""


class StatusV1(Struct, frozen=True, kw_only=True):
    version: int
    run: int
    scheduled: str
    started: datetime
    ended: datetime | None
    targets: dict[str, int]
    running: list[ItemV1]
    waiting: list[ItemV1]
    given_up: list[ItemV1]
    seconds: float
    cpu_seconds: float
    left_seconds: float | None
    not_told: dict[str, int] = {}
    joined: bool = False
    left: list[str] = []
    unattended: list[str] = []
    join: str = ""


@click.command("status")
@click.option("--run", "number", type=int, metavar="N", help="This run instead of the last one.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for other programs.",
)
@estate_option
@store_option
def command(number: int | None, format_: str, estate: str, url: str) -> int:
    """Say how far the last run is: what is looked at, what failed and when it is tried again, what was given up and why,
    and what is left by what it took before; and which channels and logs were not told of all yet.

    \b
    Examples:
      keymuster estate status
      keymuster estate status --format json

    Exit codes: 0; 2 if there is no such run.
    """
    from keymuster.estate.telling import not_told

    with opened(estate, url) as (said, store):
        found = replace(_status(store, number), not_told=not_told(store, said))
    with stdout() as out:
        if format_ == "json":
            out.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        else:
            for line in _lines(found, datetime.now(UTC)):
                out.write(readable(line) + "\n")
    return 0


def _status(store: object, number: int | None) -> StatusV1:
    from keymuster.errors import SettingsError
    from keymuster.estate.attempts import JOIN
    from keymuster.estate.base import Work
    from keymuster.estate.running import expected_seconds, left_seconds
    from keymuster.estate.store.store import Store
    from keymuster.estate.waiting import unattended

    assert isinstance(store, Store)
    run = store.run(number) if number is not None else next(iter(store.runs(limit=1)), None)
    if run is None:
        raise SettingsError(
            "there is no such run" if number is not None else "there was no run yet",
            "`keymuster estate run` begins one.",
        )
    items = store.work(run.id)
    running = [one for one in items if one.work is Work.RUNNING]
    left = [one.target for one in items if one.work in (Work.QUEUED, Work.WAITING)]
    seconds = expected_seconds(store) if run.ended is None else {}
    done = [one for one in items if one.work is Work.DONE]
    return StatusV1(
        version=1, run=run.id, scheduled=run.scheduled, started=run.started, ended=run.ended,
        targets={work.value: count for work, count in run.counts.items()},
        running=[_item(one) for one in running],
        waiting=[_item(one) for one in items if one.work is Work.WAITING],
        given_up=[_item(one) for one in items if one.work is Work.DEAD],
        join=store.left(JOIN.id).get("size", ""),
        unattended=[*unattended(store, run.id, datetime.now(UTC))] if run.ended is None else [],
        seconds=sum(one.cost.seconds for one in done), cpu_seconds=sum(one.cost.cpu for one in done),
        left=[one.target.id for one in store.targets() if one.has_left],
        joined=any(is_join(one.target) for one in items),
        left_seconds=left_seconds(seconds, left, len(running), len(running)) if running or left else None,
    )  # fmt: skip


def _item(one: Item) -> ItemV1:
    return ItemV1(
        target=one.target, attempts=one.attempts, worker=one.worker, started=one.started,
        again_at=one.not_before, message=one.trouble.message if one.trouble else "",
        advice=one.trouble.advice if one.trouble else "",
    )  # fmt: skip


def _lines(found: StatusV1, now: datetime) -> Iterator[str]:
    when = f"since {_time(found.started)}" if found.ended is None else f"ended {_time(found.ended)}"
    by = f", by schedule {found.scheduled}" if found.scheduled else ""
    yield f"run {found.run}: {when}{by}"
    counts = [
        f"{count} {'given up' if work == 'dead' else work}" for work, count in found.targets.items()
    ]
    yield f"targets: {', '.join(counts) or 'none'}{among(found.joined)}"
    yield f"took:    {spoken(found.seconds)} by the clock of each, {spoken(found.cpu_seconds)} of CPU"
    if found.join:
        yield f"join:    {found.join}, when it last looked"
    if found.left_seconds is not None and found.ended is None:
        yield f"left:    about {spoken(found.left_seconds)}, by what it took before"
    for one in found.running:
        since = spoken((now - one.started).total_seconds()) if one.started else "?"
        tries = f", try {one.attempts}" if one.attempts > 1 else ""
        yield f"running:  {one.target} for {since}{tries} ({one.worker})"
    for one in found.waiting:
        again = f" again at {_time(one.again_at)}" if one.again_at else ""
        yield f"waiting:  {one.target}{again}, after {one.attempts} tries: {one.message}"
    for words in found.unattended:
        yield f"waiting:  {words}"
    for one in found.given_up:
        yield f"given up: {one.target}: {one.message}"
        if one.advice:
            yield f"  {one.advice}"
    for id in found.left:
        yield f"left the estate: {id}; its findings are not observed, until `keymuster estate purge` drops them"
    for name, count in found.not_told.items():
        events = "event" if count == 1 else "events"
        yield f"not told: {count:,} {events} to {name}; `keymuster estate notify` tries again"


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
