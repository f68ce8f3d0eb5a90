"""`keymuster exceptions`: what a team has decided to live with, for a time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import click

from keymuster import pipeline
from keymuster.cli.common_options import config_option
from keymuster.cli.judging import judged, report_option
from keymuster.cli.output import replacing
from keymuster.cli.selection import project_of
from keymuster.collect.exceptions import (
    FOLDER,
    Covers,
    ExceptionFile,
    refusal,
    standing,
    written,
)
from keymuster.errors import SettingsError
from keymuster.model import FileLocation, Finding, RiskException, Scope, Trouble
from keymuster.redaction import Redactor
from keymuster.report.base import readable
from keymuster.settings import ExceptionSettings

_POLICIES = "exception-"
_ALLOWS = "inline-allow-"


@click.group("exceptions")
def command() -> None:
    """Accept findings for a time, each with a reason, an owner and somebody who approves it.

    An exception is a file in `.keymuster/exceptions`. It holds until it ends, and no longer than what it
    accepts stays as it is: when rights or trust grow, when a condition is dropped or the secret is
    another one, the finding is reported again.

    \b
    Examples:
      keymuster exceptions add 4f2a --reason "vendor rotates in May" --owner platform --approver jane
      keymuster exceptions list
      keymuster exceptions check     in CI: expired, unused, too broad, self-approved ones
    """


@command.command("add")
@click.argument("finding")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--reason", required=True, help="Why it is acceptable.")
@click.option("--owner", required=True, help="Who answers for it until then.")
@click.option("--approver", required=True, help="Who has decided it; somebody else than the owner.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@click.option("--days", type=click.IntRange(1), help="The same, counted from today.  [default: 90]")
@click.option("--control", default="", help="What limits the damage meanwhile.")
@report_option
@config_option
def add(
    finding: str, paths: tuple[str, ...], reason: str, owner: str, approver: str,
    expires: datetime | None, days: int | None, control: str, report: str | None, config: str | None,
) -> int:  # fmt: skip
    """Write an exception for FINDING, the id that a report gives it, or the beginning of that.

    Exit codes: 0 written; 2 could not run.

    \b
    Examples:
      keymuster exceptions add 4f2a --report out.json --days 30 --reason "..." --owner platform --approver jane
    """
    if expires is not None and days is not None:
        raise SettingsError("--expires and --days exclude each other", "Choose one.")
    found = judged(paths, report, config)
    one = _the_one(finding, found.findings)
    today = datetime.now(UTC).date()
    until = expires.date() if expires is not None else today + timedelta(days=days or 90)
    _check_end(until, today, found.configured.limits.exception_days)
    said = ExceptionFile(
        covers=Covers(finding=one.id, fingerprint=one.fingerprint), reason=reason, owner=owner,
        approver=approver, created=today, expires=until, bound_to=one.bounds,
        seen_in=_seen_in(one, found.scope), compensating_control=control,
    )  # fmt: skip
    _check(said, found.configured.exceptions)
    folder = os.path.relpath(os.path.join(project_of(paths), FOLDER))
    path = f"{folder}/{re.sub(r'[^a-z0-9]+', '-', one.policy)}-{one.id[:8]}.yaml"
    if os.path.exists(path):
        raise SettingsError(f"{path} is there already", "Delete it first, or change it.")
    os.makedirs(folder, exist_ok=True)
    with replacing(path) as out:
        out.write(written(said))
    click.echo(f"{path}: {one.rule} until {until}", err=True)
    return 0


def _check(said: ExceptionFile, allowed: ExceptionSettings) -> None:
    """Refuse what would be found wrong as soon as it is there."""
    if said.owner.strip().casefold() == said.approver.strip().casefold():
        raise SettingsError(
            f"{said.owner} cannot approve an exception of their own",
            "Name somebody else: --approver.",
        )
    if problem := refusal(said, allowed):
        raise SettingsError(f"such an exception would accept nothing: {problem}")


def _check_end(until: date, today: date, longest: int) -> None:
    if until < today:
        raise SettingsError(f"{until} is over", "Choose a day to come.")
    if (until - today).days > longest:
        raise SettingsError(
            f"{until} is more than {longest} days away",
            "Choose an earlier day, or have limits.exception_days changed.",
        )


def _the_one(beginning: str, findings: tuple[Finding, ...]) -> Finding:
    ids = {one.id: one for one in findings if one.id.startswith(beginning)}
    if not ids:
        raise SettingsError(
            f"no finding is called {beginning}", "`keymuster scan -v` shows their ids."
        )
    if len(ids) > 1:
        raise SettingsError(f"{len(ids)} findings begin with {beginning}", "Write more of the id.")
    return ids.popitem()[1]


def _seen_in(finding: Finding, scope: Scope) -> str:
    """What must be looked at to see it: where it is, and all else that was looked at, which may have told of it."""
    place = finding.location
    if not isinstance(place, FileLocation):
        here = place.service
    else:
        here = "history" if place.commit is not None else "code"
    beside = (*scope.services, *(["imports"] if scope.imports else []))
    return ", ".join(dict.fromkeys((here, *beside)))


@command.command("list")
@click.argument("folder", default=os.curdir, type=click.Path(exists=True, file_okay=False))
def list_(folder: str) -> int:
    """All exceptions of a project (default: the folder you are in), those that end first at the top.

    One that is wrong is listed with what is wrong about it; `check` ends with 1 for that.

    Exit codes: 0 all could be read; 3 one could not.

    \b
    Examples:
      keymuster exceptions list
    """
    redactor = Redactor(pipeline.load_rules())  # reasons are free text
    found = [redactor.struct(one) for one in standing(project_of((folder,)))]
    for one in sorted(_exceptions(found), key=lambda one: (one.expires or date.min, one.id)):
        what = one.problem or f"until {one.expires}, owner {one.owner}, approved by {one.approver}"
        click.echo(f"{one.location.path}: {readable(what)}")
        if not one.problem:
            covers = one.finding[:12] if one.finding else f"{one.rule} of {one.identity}"
            click.echo(f"    {readable(covers)}: {readable(one.reason)}")
    troubles = [one for one in found if isinstance(one, Trouble)]
    for trouble in troubles:
        click.echo(f"not seen: {readable(trouble.scope)}: {trouble.message}", err=True)
    return 3 if troubles else 0


def _exceptions(found: list[RiskException | Trouble]) -> Iterator[RiskException]:
    return (one for one in found if isinstance(one, RiskException))


@command.command("check")
@click.argument("paths", nargs=-1, type=click.Path())
@report_option
@config_option
def check(paths: tuple[str, ...], report: str | None, config: str | None) -> int:
    """What is wrong with the exceptions of PATHS (default: the folder you are in): refused, expired,
    outgrown, unused, too broad, too long or self-approved ones; comments that accept nothing, too.

    Exit codes: 0 nothing; 1 something; 2 could not run; 3 a part could not be looked at.

    \b
    Examples:
      keymuster exceptions check --report out.json
    """
    found = judged(paths, report, config)
    wrong = [one for one in found.findings if one.policy.startswith((_POLICIES, _ALLOWS))]
    for one in wrong:
        click.echo(f"{one.location}: {readable(one.message)}  {one.rule}")
    for trouble in found.troubles:
        click.echo(f"not seen: {readable(trouble.scope)}: {readable(trouble.message)}", err=True)
    return 1 if wrong else 3 if found.troubles else 0
