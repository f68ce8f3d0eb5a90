"""`keymuster estate targets`: what there is to look at, where that is from, and when it was looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from keymuster.cli.common_options import format_option
from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._store import known
from keymuster.cli.output import stdout
from keymuster.report.base import readable

if TYPE_CHECKING:
    from keymuster.estate.base import Target
    from keymuster.estate.store.rows import Known
    from keymuster.model import Trouble


@click.command("targets")
@click.argument("globs", nargs=-1)
@click.option(
    "--no-asking", is_flag=True, help="Make no connection: leave out what an API would list."
)
@format_option
@estate_option
@store_option
def command(
    globs: tuple[str, ...], no_asking: bool, format_: str, estate: str, url: str
) -> int:  # fmt: skip
    """List the targets, with what has listed them and when they were last looked at; those alone whose id or name one
    of the GLOBS is for.

    Listers of the file are asked. Their credentials are not shown, and nothing is scanned.

    \b
    Examples:
      keymuster estate targets
      keymuster estate targets 'repository:*' --no-asking
      keymuster estate targets '*/payments-*' --format json

    Exit codes: 0 all are listed; 2 could not run; 3 a lister did not get to its end.
    """
    from keymuster.estate import config, targets

    said = config.load(estate)
    found = targets.found(said, asking=not no_asking)
    before = known(said, url)
    every = found.with_known(one.target for one in before.values())
    chosen = targets.selected(every, globs or ("*",))
    of_runs = [one.target for one in before.values() if one.target.kind != "join"]
    away = found.gone(of_runs) if not no_asking else ()
    gone = targets.selected([one for one in of_runs if one.id in away], globs or ("*",))
    with stdout() as out:
        if format_ == "json":
            out.write(_json(chosen, before, found.troubles, gone))
        else:
            out.writelines(f"{line}\n" for line in _lines(chosen, before))
            for one in gone:
                out.write(
                    readable(f"{one.id}  {_when(before[one.id])} (no longer in the estate)") + "\n"
                )
    for trouble in found.troubles:
        click.echo(f"not listed: {readable(trouble.scope)}: {readable(trouble.message)}", err=True)
        if trouble.advice:
            click.echo(f"  {readable(trouble.advice)}", err=True)
    return 3 if found.troubles else 0


def _lines(chosen: Iterable[Target], before: dict[str, Known]) -> Iterator[str]:
    for one in chosen:
        was = before.get(one.id)
        at = _when(was)
        failed = ""
        if was and was.failure is not None and not was.has_left:
            failed = " (failed since)" if was.looked_at else " (the last try failed)"
        by = f"  from {one.found_by}" if one.found_by else ""
        yield readable(f"{one.id}  {at}{failed}{by}")


def _when(was: Known | None) -> str:
    return was.looked_at.strftime("%Y-%m-%d %H:%M") if was and was.looked_at else "never looked at"


def _json(
    chosen: Sequence[Target], before: dict[str, Known], troubles: Iterable[Trouble], gone: Sequence[Target]
) -> str:  # fmt: skip
    import msgspec

    rows = []
    for one in (*chosen, *gone):
        was = before.get(one.id)
        rows.append({
            "id": one.id, "kind": one.kind, "name": one.name, "found_by": one.found_by,
            "in_estate": one not in gone,
            "looked_at": was.looked_at if was else None,
            "changed_at": was.changed_at if was else None,
            "complete": was.complete if was and was.looked_at else None,
            "open_findings": was.open if was else None,
            "failure": was.failure.message if was and was.failure else None,
        })  # fmt: skip
    unlisted = [
        {"lister": one.part, "scope": one.scope, "message": one.message, "advice": one.advice}
        for one in troubles
    ]
    said = {"schema": "keymuster-estate-targets-v1", "targets": rows, "not_listed": unlisted}
    return msgspec.json.format(msgspec.json.encode(said), indent=2).decode() + "\n"
