"""`keymuster estate resume`: go on with a run that did not come to its end."""

from __future__ import annotations

from typing import Any

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._runs import (
    carried_out,
    ending_options,
    jobs_option,
    opened,
)


@click.command("resume")
@jobs_option
@ending_options
@estate_option
@store_option
def command(jobs: int, estate: str, url: str, **options: Any) -> int:
    """Go on with a run that was stopped, killed or cut off. What it had looked at is not looked at again.

    \b
    Examples:
      keymuster estate resume

    Exit codes: as those of `keymuster estate run`; 0 if there is nothing to go on with.
    """
    with opened(estate, url) as (said, address, store):
        if not store.unfinished_runs():
            click.echo("keymuster: every run came to its end", err=True)
            return 0
        return carried_out(said, address, store, (), jobs, True, options)
