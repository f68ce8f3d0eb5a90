"""`keymuster baseline`: what is known, so that a scan tells only what is new."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from keymuster.cli.baseline_file import known
from keymuster.cli.common_options import config_option
from keymuster.cli.judging import judged, report_option
from keymuster.cli.output import replacing
from keymuster.evaluate.baseline import compared, text
from keymuster.model import Trouble
from keymuster.report.base import readable

FILE = ".keymuster/baseline"

_file = click.option(
    "--file",
    default=FILE,
    show_default=True,
    metavar="FILE",
    type=click.Path(),
    help="The baseline.",
)


@click.group("baseline")
def command() -> None:
    """Write down what is known, so that a scan tells only what is new.

    A baseline has one sorted line for each finding, without positions, times and absolute paths: it is
    made to be kept in a repository and to be merged. It knows a finding by its rule and by what it is
    about, so it stays known when files are moved or reformatted, and another secret on the same line is new.

    \b
    Examples:
      keymuster baseline write                      all that is found here
      keymuster scan --baseline .keymuster/baseline   only what is new
      keymuster baseline show                       what of it is still there
    """


@command.command("write")
@click.argument("paths", nargs=-1, type=click.Path())
@_file
@report_option
@config_option
def write(paths: tuple[str, ...], file: str, report: str | None, config: str | None) -> int:
    """Write all open findings of PATHS (default: the folder you are in), or of a report, to a baseline.

    Exit codes: 0 written; 2 could not run; 3 written, but a part could not be looked at: what is found
    there later is new; or not written, as the scan was cut short.

    \b
    Examples:
      keymuster scan --history -o json=all.json
      keymuster baseline write --report all.json
    """
    found = judged(paths, report, config)
    if not found.complete:
        click.echo(f"{file}: not written, as the scan was cut short", err=True)
        _tell(found.troubles)
        return 3
    folder = os.path.dirname(file)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with replacing(file) as out:
        out.write(text(found.findings, found.configured.fingerprint_key()))
    count = sum(not one.is_accepted for one in found.findings)
    click.echo(f"{file}: {count} finding{'' if count == 1 else 's'}", err=True)
    _tell(found.troubles)
    return 3 if found.troubles else 0


@command.command("show")
@click.argument("paths", nargs=-1, type=click.Path())
@_file
@report_option
@config_option
def show(paths: tuple[str, ...], file: str, report: str | None, config: str | None) -> int:
    """Hold a baseline against what is found now: what is new, and how much of it is still there.

    Exit codes: 0 nothing is new; 1 something is; 2 could not run; 3 nothing is, but a part could not be
    looked at.

    \b
    Examples:
      keymuster baseline show --report all.json
    """
    found = judged(paths, report, config)
    baseline = known(file, found.configured.fingerprint_key()) or []
    result = compared(found.findings, baseline)
    new = [one for one in result.new if not one.is_accepted]
    for one in new:
        click.echo(
            f"new  {one.id[:12]}  {readable(str(one.location))}  {readable(one.message)}  {one.rule}"
        )
    click.echo(f"{len(new)} new, {result.known} known, {result.gone} gone")
    _tell(found.troubles)
    return 1 if new else 3 if found.troubles else 0


def _tell(troubles: Iterable[Trouble]) -> None:
    for one in troubles:
        click.echo(f"not seen: {readable(one.scope)}: {readable(one.message)}", err=True)
