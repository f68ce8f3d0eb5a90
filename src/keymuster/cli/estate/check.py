"""`keymuster estate check`: what estate.yaml says, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from keymuster.cli.estate._options import estate_option

if TYPE_CHECKING:
    from keymuster.estate.explaining import Explanation


@click.command("check")
@click.argument("file", required=False, type=click.Path())
@estate_option
def command(file: str | None, estate: str) -> int:
    """Say what FILE (default: estate.yaml) says, and what is wrong with it. Nobody is asked, nothing is scanned, and no credential
    is shown.

    \b
    Examples:
      keymuster estate check
      keymuster estate check infra/estate.yaml

    Exit codes: 0 if all is well; 2 if the file is wrong; 3 if something that it names is not there.
    """
    from keymuster.estate import config
    from keymuster.estate.explaining import explained

    found = explained(config.load(file or estate), datetime.now(UTC))
    for line in _lines(found):
        click.echo(line)
    for sentence in found.wrong:
        click.echo(f"not there: {sentence}", err=True)
    return 3 if found.wrong else 0


def _lines(found: Explanation) -> Iterator[str]:
    yield f"store:       {found.store}"
    yield f"cache:       {found.cache}"
    yield f"settings:    {found.settings or 'as they are by default'}"
    counts = ", ".join(f"{count} of kind {kind}" for kind, count in found.targets.items())
    yield f"targets:     {counts or 'none'}"
    for lister in found.listers:
        yield f"lister:      {lister}"
    for one in found.schedules:
        at = one.next.strftime("%Y-%m-%d %H:%M %Z")
        yield f"schedule:    {one.name}: {one.cron} ({one.zone}), next {at}, {one.targets} of the targets above"
    for named in found.credentials:
        users = ", ".join(named.users[:3]) + (", ..." if len(named.users) > 3 else "")
        yield f"credential:  {named.reference} {named.problem or 'is there'}, for {users}"
