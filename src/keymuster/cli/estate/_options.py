"""The options that commands of an estate share: the file that says what it is, and the store."""

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

store_option = click.option(
    "--db",
    "url",
    metavar="URL",
    envvar="KEYMUSTER_DB",
    default="",
    help="The store, instead of the one that the file names. Others see a password here: put an address with one into KEYMUSTER_DB.",
)
