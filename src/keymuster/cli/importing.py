"""`keymuster import`: what other scanners report, beside what is found here."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import click
import msgspec

from keymuster import pipeline
from keymuster.cli.common_options import config_option
from keymuster.cli.gathering import Looked, gathered
from keymuster.cli.output import replacing, stdout
from keymuster.cli.selection import project_of
from keymuster.collect.exceptions import FOLDER, Covers, ExceptionFile, standing, written
from keymuster.collect.imported import AUTO, FORMS, imported
from keymuster.collect.imports.base import Import, Verdict
from keymuster.collect.joining import Joined
from keymuster.errors import SettingsError
from keymuster.evaluate.choice import Choice
from keymuster.model import (
    Confidence,
    FileLocation,
    Finding,
    Location,
    RiskException,
    Severity,
)
from keymuster.report._imports import (
    ImportedFindingV1,
    ImportedPlaceV1,
    ImportedReportV1,
    ImportsV1,
    ImportTroubleV1,
)
from keymuster.report.base import readable


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice([AUTO, *FORMS]),
    default=AUTO,
    show_default=True,
    help="The form of the reports.",
)
@click.option(
    "--root",
    metavar="DIR",
    help="The folder that paths in the reports begin with, where they were made.  [default: what they have in common and this folder has not]",
)
@click.option(
    "--in",
    "here",
    metavar="DIR",
    default=os.curdir,
    type=click.Path(),
    help="The folder that the reports are about.  [default: the one you are in]",
)
@click.option("--history", is_flag=True, help="Look for it in the history of the repository, too.")
@click.option(
    "--accepted",
    is_flag=True,
    help="All that the reports tell is known and accepted, as in a baseline of gitleaks.",
)
@click.option(
    "--write-exceptions",
    "write",
    is_flag=True,
    help=f"Write a draft into {FOLDER} for each finding here that is accepted there.",
)
@click.option(
    "--days",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="How long a draft holds once somebody has approved it.",
)
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@config_option
def command(
    files: tuple[str, ...], form: str, root: str | None, here: str, history: bool, accepted: bool,
    write: bool, days: int, as_json: bool, config: str | None,
) -> int:  # fmt: skip
    """Say what reports of other scanners tell, and what of it keymuster finds here as well.

    Reads JSON of gitleaks, betterleaks, TruffleHog and Kingfisher, baselines of detect-secrets and
    Kingfisher, `.gitleaksignore`, and SARIF of any scanner. Secrets in them are known by their
    fingerprints from then on; their text is kept nowhere. `keymuster scan --import FILE` takes them
    into a scan.

    Exit codes: 0 all was read; 2 could not run; 3 a row could not be read, or a part not be looked at.

    \b
    Examples:
      keymuster import gitleaks.json trufflehog.json
      keymuster import .gitleaksignore .secrets.baseline --write-exceptions
      keymuster import report.json --root /builds/acme/shop --history
    """
    looked = gathered(
        (here,), config, history=history,
        imports=lambda context: imported(files, context, form=form, root=root, accepted=accepted),
    )  # fmt: skip
    findings = _findings(looked, "history" if history else "worktree")
    drafts = _drafts(looked, findings, here, days) if write else []
    document = _document(looked, findings, [path for path, _ in drafts])
    for path, draft in drafts:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with replacing(path) as out:
            out.write(written(draft))
    if write and not drafts:
        click.echo("no draft written: nothing accepted there is found here and undecided", err=True)
    with stdout() as out:
        if as_json:
            encoded = msgspec.json.encode(document)
            out.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
        else:
            for line in _lines(document):
                out.write(line + "\n")
    return looked.tell_troubles()


import_option = click.option(
    "--import",
    "imports",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="A report of another scanner, as `keymuster import` reads them: what it tells joins the inventory; repeatable.",
)


def _findings(looked: Looked, source: str) -> dict[str, list[Finding]]:
    """What is found here, by the credential that it is about."""
    configured = looked.configured
    choice = Choice(
        only=configured.rules.only, skip=configured.rules.skip,
        confidence=Confidence(configured.confidence),
    )  # fmt: skip
    report = pipeline.judged(
        looked.seen, looked.context, source, choice=choice, configured=configured,
        now=datetime.now(UTC),
    )  # fmt: skip
    found: dict[str, list[Finding]] = defaultdict(list)
    for one in report.findings:
        found[one.subject].append(one)
    return found


# --- drafts of exceptions ------------------------------------------------------------------------


def _drafts(
    looked: Looked, findings: dict[str, list[Finding]], here: str, days: int
) -> list[tuple[str, ExceptionFile]]:
    """One for each finding that is accepted there and confirmed by nobody, and that nobody has decided
    about here."""
    longest = looked.configured.limits.exception_days
    if days > longest:
        raise SettingsError(
            f"{days} days are more than the {longest} that exceptions may hold",
            "Choose fewer, or have limits.exception_days changed.",
        )
    root = project_of((here,))
    decided = {one.finding for one in standing(root) if isinstance(one, RiskException)}
    today = datetime.now(UTC).date()
    told: dict[str, list[Joined]] = defaultdict(list)
    for one in looked.seen.joined:
        if one.by:
            told[one.credential].append(one)
    return [
        (f"{root}/{FOLDER}/import-{_word(finding.policy)}-{finding.id[:8]}.yaml",
         _draft(looked, finding, several, today, days))
        for credential, several in told.items()
        if any(one.finding.accepted is not None for one in several)
        and not any(one.finding.verdict.confirms for one in several)
        for finding in findings.get(credential, ())
        if finding.id not in decided and not finding.is_accepted and finding.severity is not Severity.INFO
    ]  # fmt: skip


def _draft(
    looked: Looked, finding: Finding, several: Sequence[Joined], today: date, days: int
) -> ExceptionFile:
    cleaned = [looked.cleaned(one.finding) for one in several if one.finding.accepted is not None]
    reasons = dict.fromkeys(f"{one.tool}: {one.accepted}" for one in cleaned)
    place = finding.location
    in_code = isinstance(place, FileLocation) and place.commit is None
    return ExceptionFile(
        covers=Covers(finding=finding.id, fingerprint=finding.fingerprint),
        reason=f"Taken over, to be reviewed. {'; '.join(reasons)}", owner="", approver="",
        created=today, expires=today + timedelta(days=days), status="review", bound_to=finding.bounds,
        seen_in="code" if in_code else "history",
    )  # fmt: skip


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text)


# --- what is told --------------------------------------------------------------------------------


def _document(looked: Looked, findings: dict[str, list[Finding]], drafts: list[str]) -> ImportsV1:
    pairs = iter(looked.seen.joined)
    reports, told = [], []
    for one in looked.context.imports:
        several = [next(pairs) for _ in one.findings]
        reports.append(_counted(one, several))
        told += [_told(looked, each, one, findings) for each in several]
    told.sort(key=lambda one: (one.report, _place_text(one.place), one.scanner, one.rule))
    return ImportsV1(
        version=1, reports=reports, findings=told,
        troubles=[
            ImportTroubleV1(scope=readable(one.scope), message=readable(one.message))
            for one in map(looked.cleaned, looked.seen.troubles)
        ],
        exceptions=[readable(os.path.relpath(path)) for path in drafts],
    )  # fmt: skip


def _counted(one: Import, several: Sequence[Joined]) -> ImportedReportV1:
    return ImportedReportV1(
        file=readable(one.file), form=one.form, findings=len(several),
        unreadable=len(one.troubles), found=sum(each.by != "" for each in several),
        verified_live=sum(each.finding.verdict is Verdict.LIVE for each in several),
        accepted=sum(each.finding.accepted is not None for each in several),
    )  # fmt: skip


def _told(
    looked: Looked, one: Joined, report: Import, findings: dict[str, list[Finding]]
) -> ImportedFindingV1:
    finding = looked.cleaned(one.finding)
    return ImportedFindingV1(
        report=readable(report.file), scanner=finding.tool, rule=readable(finding.rule),
        name=readable(finding.title), format=finding.format, preview=readable(finding.preview),
        place=_place(finding.location), verdict=finding.verdict.value,
        accepted=None if finding.accepted is None else readable(finding.accepted),
        record=readable(one.credential), found_by=one.by or None,
        findings=[each.id for each in findings.get(one.credential, ())] if one.by else [],
    )  # fmt: skip


def _place(place: Location) -> ImportedPlaceV1:
    if not isinstance(place, FileLocation):
        return ImportedPlaceV1(
            service=place.service, account=readable(place.account), resource=readable(place.resource)
        )  # fmt: skip
    return ImportedPlaceV1(
        path=readable(place.path), member=readable(place.member) or None, line=place.line,
        commit=place.commit.id if place.commit else None,
    )  # fmt: skip


def _place_text(place: ImportedPlaceV1) -> str:
    if place.service is not None:
        return f"{place.service}://{place.account}/{place.resource}"
    member = f"!/{place.member}" if place.member else ""
    commit = f" in {place.commit[:10]}" if place.commit else ""
    return f"{place.path}{member}:{place.line}{commit}"


def _lines(document: ImportsV1) -> Iterator[str]:
    for one in document.reports:
        yield f"{one.file}: {one.form}, {one.findings} finding{'' if one.findings == 1 else 's'}"
        yield f"  found here, too  {one.found}"
        yield f"  only there       {one.findings - one.found}"
        for word, number in (
            ("verified live   ", one.verified_live), ("accepted there  ", one.accepted),
            ("not readable    ", one.unreadable),
        ):  # fmt: skip
            if number:
                yield f"  {word} {number}"
    told = document.findings
    live = [one for one in told if one.verdict == "verified live"]
    yield from _section("Verified live", live)
    yield from _section("Only there", [one for one in told if not one.found_by and one not in live])
    yield from _section("Accepted there, found here", [
        one for one in told if one.accepted is not None and one.found_by
    ])  # fmt: skip
    if document.exceptions:
        yield ""
        yield "Drafts, which accept nothing until somebody has decided:"
        yield from (f"  {path}" for path in document.exceptions)


def _section(title: str, several: Iterable[ImportedFindingV1]) -> Iterator[str]:
    listed = list(several)
    if not listed:
        return
    yield ""
    yield title
    for one in listed:
        yield f"  {_place_text(one.place)}  {one.name} {one.preview}".rstrip()
        said = [f"{one.scanner} {one.rule}", one.verdict, one.accepted or ""]
        yield f"      {', '.join(filter(None, said))}"
