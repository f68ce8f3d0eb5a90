"""`keymuster estate purge`: let go of what estate.yaml says is old enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._store import opened
from keymuster.report.base import readable

if TYPE_CHECKING:
    from keymuster.estate.definition import Retention
    from keymuster.estate.store.purging import Purged


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@estate_option
@store_option
def command(dry_run: bool, estate: str, url: str) -> int:
    """Delete from the store what is old enough by estate.yaml.

    `retention` says for how many days are kept: findings that are resolved, events, runs, and targets that no run
    names any more. What is open in a target that is looked at always stays.

    \b
    Examples:
      keymuster estate purge --dry-run
      keymuster estate purge

    Exit codes: 0 done; 2 could not run.
    """
    with opened(estate, url) as (said, store):
        gone = store.purge(said.retention, datetime.now(UTC), dry_run=dry_run)
    for line in _lines(gone, said.retention):
        click.echo(line)
    if dry_run:
        click.echo("Nothing was deleted: --dry-run.", err=True)
    return 0


def _lines(gone: Purged, kept: Retention) -> Iterator[str]:
    yield _line("findings", gone.resolved, "resolved", kept.resolved_days)
    yield _line("events", gone.events, "told", kept.events_days)
    yield _line("runs", gone.runs, "ended", kept.runs_days)
    what = "last named by a run"
    yield _line("targets", len(gone.targets), what, kept.targets_days)
    for id in gone.targets:
        yield f"    {readable(id)}"
    if gone.targets:
        yield f"{gone.with_targets:>9,} findings of these targets"


def _line(name: str, count: int, what: str, days: int) -> str:
    when = f"{what} more than {days} days ago" if days else "kept for ever"
    return f"{count:>9,} {name:<8} {when}"
