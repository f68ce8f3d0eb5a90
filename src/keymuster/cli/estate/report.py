"""`keymuster estate report`: the whole estate in every format that a scan has."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._store import opened
from keymuster.cli.writing import check_formats, format_options, output, write_all


@click.command("report")
@format_options()
@click.option("-q", "--quiet", is_flag=True, help="With -o: nothing on standard output.")
@click.option("-v", "--verbose", is_flag=True, help="Accepted findings, ids and evidence too.")
@estate_option
@store_option
def command(
    format_: str, outputs: tuple[str, ...], quiet: bool, verbose: bool, estate: str, url: str
) -> int:  # fmt: skip
    """Tell all that is known of the estate now, as one report.

    These are all findings that are not resolved, with the names of their targets before their paths, and all that could
    not be seen. Nobody is asked, nothing is scanned.

    \b
    Examples:
      keymuster estate report
      keymuster estate report -q -o html=estate.html -o sarif=estate.sarif

    Exit codes: 0 written; 2 could not run.
    """
    files = [output(word) for word in outputs]
    check_formats({format_, *(format for format, _ in files)})
    with opened(estate, url) as (_, store):
        found = store.report(datetime.now(UTC))
    write_all(found, files, format_, verbose=verbose, quiet=quiet)
    return 0
