"""`keymuster scan`: its options."""

from __future__ import annotations

from typing import Any

import click

from keymuster.cli.options import options as options_of
from keymuster.cli.scan_options import HOW, WHAT
from keymuster.cli.scanning import scan
from keymuster.cli.service_options import chosen, service_options


@click.command("scan")
@click.argument("paths", nargs=-1, type=click.Path())
@options_of(*WHAT)
@service_options
@options_of(*HOW)
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Find secrets in PATHS (default: the folder you are in).

    In a git repository these are the tracked files and those not ignored; elsewhere, all files.

    \b
    Examples:
      keymuster scan src deploy.env               some folders and files
      keymuster scan --staged                     before a commit
      keymuster scan --history --since v1.2       what came after a release
      keymuster scan --history --range main..HEAD what a branch brings in
      git show HEAD | keymuster scan --stdin      anything else
      keymuster scan --machine                    your own agents: settings, tokens, transcripts
      keymuster scan --service aws --profile audit   an account, as it is
      keymuster scan infra --service aws          the same, beside its code
      keymuster scan . -o sarif=out.sarif -o json=out.json --fail-on high
      keymuster scan . --import gitleaks.json     with what another scanner found
      keymuster scan --rule NHI2 --skip-rule generic-secret

    Exit codes: 0 clean; 1 findings at or above --fail-on and --fail-confidence; 2 could not run; 3 incomplete: the
    scan was cut short, whatever it had found, or --strict is given, there is no such finding, and something could
    not be looked at.
    """
    if options["profile"] and not options["services"]:  # `scan --profile PATH`
        paths = (options["profile"], *paths)
    if options["profile"] is None and not options["timings"]:
        return scan(paths, options, chosen(options))
    if options["profile"] and options["services"] and not options["timings"]:
        return scan(paths, options, chosen(options))
    from keymuster import profile

    with profile.measuring() as spent:
        code = scan(paths, options, chosen(options))
    click.echo(spent.table(), err=True)
    return code
