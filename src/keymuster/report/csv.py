"""The findings as a table: RFC 4180, one row for each."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from typing import ClassVar, TextIO

from keymuster.model import FileLocation, Finding, Location, Report, Trouble, Undecided
from keymuster.report._alike import cut_short, short, where, words
from keymuster.report._cells import defused
from keymuster.report.base import Reporter, Style, readable


class Csv(Reporter):
    """For spreadsheets and scripts. `record` says what a row is: a `finding`; `not-seen`, what could not be looked
    at; `undecided`, what a policy could not decide about; and first, if the scan did not end, `incomplete`. A cell
    that begins like a formula begins with `'`; a cell with several values has one on each line."""

    name: ClassVar[str] = "csv"

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        rows = csv.writer(out, lineterminator="\r\n")
        rows.writerow(COLUMNS)
        for row in _rows(report):
            rows.writerow([defused(row.get(name, "")) for name in COLUMNS])


COLUMNS = (
    "record", "severity", "confidence", "status", "id", "fingerprint", "subject", "rule", "title", "nhi", "message",
    "path", "line", "column", "service", "account", "resource", "places", "commit", "commit_author", "commit_date",
    "in_head", "owner", "owner_status", "owner_source", "remediation", "accepted_until", "accepted_by",
    "justification", "also_found", "evidence", "part", "repository", "revision", "branch",
)  # fmt: skip
"""New ones come last, so that a script that counts columns goes on working. Ids stand before titles: behind the name of
a vendor, scanners take them for tokens of that vendor."""


def _rows(report: Report) -> Iterator[Mapping[str, str]]:
    known = report.provenance
    said = {
        "repository": readable(known.repository), "revision": short(known.revision), "branch": readable(known.branch),
    }  # fmt: skip
    titles = {id: one.title for id, one in words(report).items()}
    if message := cut_short(report):
        yield {"record": "incomplete", "message": message, **said}
    for finding in report.findings:
        yield {**_finding(finding), "title": titles.get(finding.rule, ""), **said}
    for trouble in report.troubles:
        yield {**_trouble(trouble), **said}
    for undecided in report.undecided:
        yield {**_undecided(undecided), **said}


def _finding(one: Finding) -> dict[str, str]:
    evidence = {
        readable(key): readable(text)
        for key, text in sorted(one.evidence.items())
        if key != "also_found"
    }
    row = {
        "record": "finding", "severity": one.severity.value, "confidence": one.confidence.value,
        "status": _status(one), "rule": one.rule, "nhi": "\n".join(category.value for category in one.nhi),
        "message": readable(one.message), "subject": readable(one.subject), "remediation": one.remediation,
        "places": "\n".join(map(where, one.places)), "id": one.id, "fingerprint": one.fingerprint,
        "also_found": readable(one.evidence.get("also_found", "")).replace(", ", "\n"),
        "evidence": json.dumps(evidence, ensure_ascii=False) if evidence else "",
        **_place(one.location),
    }  # fmt: skip
    if one.owner is not None:
        row["owner"], row["owner_source"] = readable(one.owner.name), readable(one.owner.source)
        row["owner_status"] = one.owner.status
    if one.suppression is not None:
        row["accepted_until"] = str(one.suppression.until or "")
        row["accepted_by"] = readable(one.suppression.by)
        row["justification"] = readable(one.suppression.justification)
    return row


def _status(one: Finding) -> str:
    if one.suppression is None:
        return "open"
    return "accepted" if one.is_accepted else "no longer accepted"


def _place(place: Location) -> dict[str, str]:
    if not isinstance(place, FileLocation):
        return {
            "service": place.service, "account": readable(place.account), "resource": readable(place.resource),
        }  # fmt: skip
    row = {"path": readable(place.name), "line": str(place.line), "column": str(place.column)}
    if place.in_head is not None:
        row["in_head"] = "true" if place.in_head else "false"
    if place.commit is not None:
        row["commit"], row["commit_author"] = short(place.commit.id), readable(place.commit.author)
        row["commit_date"] = place.commit.date.isoformat() if place.commit.date else ""
    return row


def _trouble(one: Trouble) -> dict[str, str]:
    return {
        "record": "not-seen", "part": one.part, "subject": readable(one.scope), "message": readable(one.message),
        "remediation": readable(one.advice),
    }  # fmt: skip


def _undecided(one: Undecided) -> dict[str, str]:
    return {
        "record": "undecided", "rule": one.policy, "subject": readable(one.subject),
        "message": readable(f"{one.unknown} is not known here"), **_place(one.location),
    }  # fmt: skip
