"""`keymuster estate check`: what estate.yaml says, and what is wrong with it."""

from __future__ import annotations

import click

from keymuster.cli.estate._options import estate_option
from keymuster.estate import config


@click.command("check")
@estate_option
def command(estate: str) -> int:
    """Say what estate.yaml says, and what is wrong with it. Nothing is asked or scanned.

    \b
    Examples:
      keymuster estate check
      keymuster estate check --estate infra/estate.yaml
    """
    said = config.load(estate)
    click.echo(f"{estate}: {len(said.targets.repositories)} repositories")
    return 0
