"""`keymuster estate history`: the runs of an estate, what became of findings, and the life of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from keymuster.cli.common_options import format_option
from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._store import opened
from keymuster.cli.output import stdout
from keymuster.errors import SettingsError
from keymuster.report.base import readable

if TYPE_CHECKING:
    from keymuster.estate.base import Event
    from keymuster.estate.store.rows import Day, Run, Stored
    from keymuster.estate.store.store import Store
    from keymuster.evaluate.states import State


@click.command("history")
@click.argument("finding", required=False)
@click.option(
    "--runs",
    "limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many runs, the latest first.",
)
@click.option(
    "--days",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    metavar="N",
    help="For how many days to say what was open at their end.",
)
@format_option
@estate_option
@store_option
def command(
    finding: str | None, limit: int, days: int, format_: str, estate: str, url: str
) -> int:  # fmt: skip
    """Say what became of findings, run by run and day by day.

    With FINDING, an id or the beginning of it, all that became of this one.

    \b
    Examples:
      keymuster estate history
      keymuster estate history --days 365 --format json
      keymuster estate history 4be2a09c

    Exit codes: 0 told; 2 could not run, or there is no such finding.
    """
    now = datetime.now(UTC)
    with opened(estate, url) as (_, store), stdout() as out:
        if finding:
            id = _the_one(store, finding)
            stored = list(store.findings(ids=[id]))
            life = [event for _, event in store.history(id)]
            told = _life_json(stored, life) if format_ == "json" else _life(stored, life)
        else:
            runs = store.runs(limit)
            changes = store.changes([one.id for one in runs])
            trend = store.trend(days, now)
            told = (
                _json(runs, changes, trend) if format_ == "json" else _lines(runs, changes, trend)
            )
        for line in told:
            out.write(line + "\n")
    return 0


def _the_one(store: Store, beginning: str) -> str:
    found = store.ids(beginning)
    if not found:
        raise SettingsError(
            f"the store knows no finding {readable(beginning)}",
            "`keymuster estate report -v` shows their ids. Those that were resolved long ago are purged.",
        )
    if len(found) > 1:
        raise SettingsError(
            f"{len(found)} findings begin with {beginning}", "Write more of the id."
        )
    return found[0]


# --- runs and days -----------------------------------------------------------------------------


def _lines(
    runs: Sequence[Run], changes: dict[int, dict[State, int]], trend: Sequence[Day]
) -> Iterator[str]:
    from keymuster.evaluate.states import State

    if not runs:
        yield "nothing has run yet"
        return
    shown = [one for one in State if one is not State.SAME]
    yield "  ".join(
        [f"{'run':>6}", f"{'started':<16}", f"{'took':>8}", f"{'targets':>8}", f"{'done':>7}", f"{'dead':>5}"]
        + [f"{one.value:>{_width(one)}}" for one in shown]
    )  # fmt: skip
    for run in runs:
        counts = [f"{changes[run.id].get(one, 0):>{_width(one)},}" for one in shown]
        yield "  ".join([*_run(run), *counts]) + (f"  {run.scheduled}" if run.scheduled else "")
    yield ""
    yield "Changes are counted in each target. What is open is counted as the report does: what several targets have is one."
    yield ""
    yield f"{'day':<10}  {'open':>8}  by category"
    for day in trend:
        parts = ", ".join(f"{name} {count:,}" for name, count in day.by_nhi.items() if count)
        yield f"{day.day.isoformat()}  {day.open:>8,}  {parts}".rstrip()


def _width(state: State) -> int:
    return max(len(state.value), 7)


def _run(run: Run) -> list[str]:
    from keymuster.estate.base import Work

    counts = run.counts
    took = "running" if run.ended is None else _took((run.ended - run.started).total_seconds())
    return [
        f"{run.id:>6}", _time(run.started), f"{took:>8}", f"{sum(counts.values()):>8,}",
        f"{counts.get(Work.DONE, 0):>7,}", f"{counts.get(Work.DEAD, 0):>5,}",
    ]  # fmt: skip


def _took(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _json(
    runs: Iterable[Run], changes: dict[int, dict[State, int]], trend: Iterable[Day]
) -> Iterator[str]:
    told = {
        "runs": [
            {
                "id": one.id, "started": one.started, "ended": one.ended, "scheduled": one.scheduled,
                "targets": one.counts, "findings": changes[one.id],
            }
            for one in runs
        ],
        "days": list(trend),
    }  # fmt: skip
    yield _printed(told)


def _printed(told: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


# --- one finding -------------------------------------------------------------------------------


def _life(stored: Sequence[Stored], life: Iterable[Event]) -> Iterator[str]:
    first = stored[0].finding
    yield f"{first.id}  {first.severity.value}  {first.rule}"
    yield readable(first.message)
    for one in stored:
        yield ""
        yield f"{readable(one.target)}: {_standing(one)}"
        for place in one.finding.places:
            yield f"    {readable(str(place))}"
    yield ""
    for event in life:
        name = "" if event.finding.id == first.id else f" as {event.finding.id}"
        why = f": {readable(event.why)}" if event.why else ""
        yield f"{_time(event.at)}  run {event.run:>5}  {event.state.value:<12}  {readable(event.target)}{name}{why}"


def _standing(one: Stored) -> str:
    parts = [
        one.state.value,
        f"first seen {_time(one.first_seen)}",
        f"last seen {_time(one.last_seen)}",
    ]
    if one.resolved_at is not None:
        parts.append(f"resolved {_time(one.resolved_at)}")
    if one.finding.is_accepted and one.accepted_until is not None:
        parts.append(f"accepted until {one.accepted_until}")
    if one.why:
        parts.append(readable(one.why))
    return ", ".join(parts)


def _life_json(stored: Iterable[Stored], life: Iterable[Event]) -> Iterator[str]:
    targets = [
        {
            "target": readable(one.target), "state": one.state, "why": readable(one.why), "rule": one.finding.rule,
            "severity": one.finding.severity, "message": readable(one.finding.message),
            "places": [readable(str(place)) for place in one.finding.places],
            "first_seen": one.first_seen, "last_seen": one.last_seen, "resolved_at": one.resolved_at,
            "accepted_until": one.accepted_until, "was": one.was,
        }
        for one in stored
    ]  # fmt: skip
    events = [
        {
            "at": one.at, "run": one.run, "target": readable(one.target), "id": one.finding.id,
            "state": one.state, "why": readable(one.why),
        }
        for one in life
    ]  # fmt: skip
    yield _printed({"targets": targets, "events": events})
