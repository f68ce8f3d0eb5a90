"""`keymuster estate run`: look at all targets, and tell what has changed."""

from __future__ import annotations

from typing import Any

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._runs import (
    carried_out,
    ending_options,
    jobs_option,
    only_option,
    opened,
)


@click.command("run")
@only_option
@jobs_option
@click.option(
    "--no-wait",
    "waits",
    is_flag=True,
    flag_value=False,
    default=True,
    help="On a server's store: leave it to the workers, and do not wait for its end.",
)
@ending_options
@estate_option
@store_option
def command(
    only: tuple[str, ...], jobs: int, waits: bool, estate: str, url: str, **options: Any
) -> int:
    """Look at all targets of estate.yaml, write down what is there, and tell what has changed.

    Each target is looked at in a process of its own, within its limits. One that fails is tried again later, and given up
    after some tries; the others go on. Ctrl-C stops; whatever ended a run, the next one goes on where it was.

    With a store in PostgreSQL, `keymuster estate worker` looks at the targets, on as many machines as there are;
    this command begins the run and waits for its end. With --jobs it is a worker itself meanwhile.

    \b
    Examples:
      keymuster estate run
      keymuster estate run --only 'repository:github.com/acme/*' --jobs 4
      keymuster estate run --format json --fail-on high

    Exit codes: 0 clean; 1 open findings at or above --fail-on and --fail-confidence; 2 could not run; 3 it was stopped, or
    --strict is given, there is no such finding, and something could not be looked at.
    """
    with opened(estate, url) as (said, address, store):
        return carried_out(said, address, store, only, jobs, waits, options)
