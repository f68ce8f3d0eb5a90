"""The option that all commands of an estate have: the file that says what the estate is."""

from __future__ import annotations

import click

estate_option = click.option(
    "--estate",
    metavar="FILE",
    type=click.Path(),
    envvar="KEYMUSTER_ESTATE",
    default="estate.yaml",
    show_default=True,
    help="The file that says what to look at; KEYMUSTER_ESTATE says it, too.",
)
