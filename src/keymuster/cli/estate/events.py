"""`keymuster estate events`: what became of findings, one event on each line."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._store import opened
from keymuster.cli.output import stdout


@click.command("events")
@click.option(
    "--since",
    metavar="WHEN",
    default="",
    help="Events after this number, or from this day or time on (UTC).",
)
@click.option(
    "--format", "format_", type=click.Choice(["json", "ocsf"]), default="json", show_default=True,
    help="JSON of ours, or OCSF 1.8.0.",
)  # fmt: skip
@click.option(
    "--cursor", metavar="NAME", default="", help="Only what was not printed under this name yet."
)
@click.option(
    "--write", is_flag=True, help="Instead of printing, bring the logs of estate.yaml up to date."
)
@estate_option
@store_option
def command(since: str, format_: str, cursor: str, write: bool, estate: str, url: str) -> int:
    """Print what became of findings: new, changed, reopened, resolved, not observed any more. Each event has a number, which grows.

    With --cursor, the next call under the same name goes on where this one has ended. Logs that estate.yaml names under
    `events` are written by each run; --write is for what could not be written then.

    \b
    Examples:
      keymuster estate events --since 2026-11-01
      keymuster estate events --format ocsf --cursor siem | ship-somewhere
      keymuster estate events --write

    Exit codes: 0 all was written; 2 could not run; 3 a log could not be written.
    """
    from keymuster.estate.events.writing import cursor_of, line_for, written

    if write and (since or cursor):
        raise click.UsageError("--write goes on by itself where each log has ended")
    if since and cursor:
        raise click.UsageError("--since and --cursor exclude each other")
    first, begins = _begin(since)
    with opened(estate, url) as (said, store):
        if write:
            troubles = written(store, said.events)
            for one in troubles:
                click.echo(f"{one.scope}: {one.message}", err=True)
            return 3 if troubles else 0
        line = line_for("ocsf" if format_ == "ocsf" else "json", store)
        name = cursor_of(f"print-{cursor}")
        last = store.notified(name) if cursor else first
        is_through = False
        with stdout() as out:
            for number, event in store.events(last):
                if begins is None or event.at >= begins:
                    out.write(line(number, event) + "\n")
                last = number
            out.flush()
            is_through = True
        if cursor and is_through:  # not if the reader left early
            store.notified(name, last)
    return 0


def _begin(text: str) -> tuple[int, datetime | None]:
    """The number after which, or the time from which on events are told."""
    if text.isascii() and text.isdigit():
        return int(text), None
    if not text:
        return 0, None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is neither a number nor a day or time, as in 2026-11-23",
            param_hint="--since",
        ) from None
    return 0, found if found.tzinfo else found.replace(tzinfo=UTC)
