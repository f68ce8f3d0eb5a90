"""`keymuster estate schedule`: when estate.yaml says to look, and looking then."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import Struct

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._runs import Teller, jobs_option, notified, opened, stoppable
from keymuster.cli.output import stdout
from keymuster.report.base import readable

if TYPE_CHECKING:
    from keymuster.estate.definition import Estate
    from keymuster.estate.schedule import Due


class PlannedV1(Struct, frozen=True, kw_only=True):
    name: str
    cron: str
    zone: str
    targets: list[str]
    next: list[datetime]


class PlanV1(Struct, frozen=True, kw_only=True):
    version: int
    schedules: list[PlannedV1]


@click.group("schedule")
def command() -> None:
    """When estate.yaml says to look.

    \b
    Examples:
      keymuster estate schedule list
      keymuster estate schedule run
    """


@command.command("list")
@click.option(
    "--count", type=click.IntRange(1, 1000), default=3, show_default=True, help="Times to show of each."
)  # fmt: skip
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for other programs.",
)
@estate_option
def list_(count: int, format_: str, estate: str) -> int:
    """Say when each schedule comes next, in its own time zone.

    \b
    Examples:
      keymuster estate schedule list
      keymuster estate schedule list --count 10 --format json
    """
    from zoneinfo import ZoneInfo

    from keymuster.estate import config
    from keymuster.estate.schedule import times

    now = datetime.now(UTC)
    plan = [
        PlannedV1(
            name=name, cron=one.cron, zone=one.zone, targets=list(one.targets),
            next=[at.astimezone(ZoneInfo(one.zone)) for at in islice(times(one.cron, one.zone, now), count)],
        )
        for name, one in config.load(estate).schedules.items()
    ]  # fmt: skip
    with stdout() as out:
        if format_ == "json":
            encoded = msgspec.json.encode(PlanV1(version=1, schedules=plan))
            out.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
        for planned in plan if format_ == "text" else ():
            targets = "" if planned.targets == ["*"] else f", for {', '.join(planned.targets)}"
            out.write(readable(f"{planned.name}: {planned.cron} ({planned.zone}){targets}") + "\n")
            for at in planned.next:
                out.write(f"  {at:%a %Y-%m-%d %H:%M %Z}\n")
        if not plan and format_ == "text":
            out.write(f"{readable(estate)} has no schedule.\n")
    return 0


@command.command("run")
@jobs_option
@estate_option
@store_option
def run(jobs: int, estate: str, url: str) -> int:
    """Begin each run at its time, until it is stopped. Several may watch the clock of one store: each time is kept once. Times
    that nobody has kept are made up for by one run.

    With a store in PostgreSQL, workers do so: `keymuster estate worker --schedule`.

    \b
    Examples:
      keymuster estate schedule run

    Exit codes: 0 when it was stopped; 2 could not run.
    """
    from keymuster.errors import SettingsError
    from keymuster.estate import config, local, schedule
    from keymuster.estate.alone import Taken

    tell = Teller()

    def say(words: str) -> None:
        tell.clear()
        click.echo(readable(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {words}"), err=True)

    with opened(estate, url) as (said, address, store), stoppable() as stop:
        if not store.file:
            raise SettingsError(
                f"{store.url} is a server",
                "`keymuster estate worker --schedule` watches the clock there.",
            )
        if not said.schedules:
            raise SettingsError(
                f"{estate} has no schedule", "Write one: `schedule: {nightly: 0 2 * * *}`."
            )

        def begin(now_said: Estate, one: Due) -> bool:
            only = schedule.targets_of(now_said, one)
            options: dict[str, Any] = {"jobs": jobs, "stop": stop, "tell": tell, "waiting": say}
            try:
                ran = local.run(now_said, address, store, only=only, scheduled=one.mark, **options)
                if ran.went_on:  # first what was not finished, then what is due
                    return begin(now_said, one) if ran.complete else True
            except Taken:
                return False
            for trouble in notified(store, now_said) if ran.complete else ():
                say(f"could not be told: {trouble.scope}: {trouble.message}")
            return True

        say(f"watching the clock for {', '.join(said.schedules)}")
        schedule.watch(lambda: config.load(estate), store, begin=begin, stop=stop, tell=say)
    return 0
