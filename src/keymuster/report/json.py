"""Version 1 of the machine-readable output. Its shape is frozen here, not in the model."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal, TextIO

import msgspec
from msgspec import Struct

from keymuster.model import FileLocation, Finding, Location, Report
from keymuster.report.base import Reporter, Style, readable


class CommitV1(Struct, kw_only=True):
    """The commit that first held the secret at this path."""

    id: str
    author: str
    date: datetime | None


class PlaceV1(Struct, kw_only=True, omit_defaults=True):
    """A file span, or an object of a service."""

    path: str | None = None
    member: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    commit: CommitV1 | None = None
    object: str | None = None
    in_head: bool | None = None
    service: str | None = None
    account: str | None = None
    resource: str | None = None


class SuppressionV1(Struct, kw_only=True):
    """Why and until when a finding is accepted."""

    justification: str
    until: date | None


class FindingV1(Struct, kw_only=True, omit_defaults=True):
    """One rule held against one subject."""

    id: str
    rule: str
    policy: str
    nhi: list[str]
    severity: Literal["info", "low", "medium", "high", "critical"]
    confidence: Literal["low", "medium", "high"]
    subject: str
    message: str
    remediation: str
    places: list[PlaceV1]
    evidence: dict[str, str] = {}
    suppression: SuppressionV1 | None = None


class TroubleV1(Struct, kw_only=True):
    """What could not be looked at, why, and what would help."""

    part: str
    scope: str
    message: str
    advice: str


class UndecidedV1(Struct, kw_only=True):
    """A policy that could not decide about a subject, and what it would have to know."""

    policy: str
    subject: str
    place: PlaceV1
    unknown: str


class CoverageV1(Struct, kw_only=True):
    """What came of a policy in one account of a service, and what could not be seen of it, and why."""

    policy: str
    service: str
    account: str
    status: Literal["found", "clean", "unseen"]
    unseen: list[str]


class ProvenanceV1(Struct, kw_only=True):
    """The repository scanned; empty fields are unknown."""

    repository: str
    revision: str
    branch: str


class ReportV1(Struct, kw_only=True):
    """A whole report."""

    version: Literal[1]
    mode: str
    complete: bool
    started_at: datetime | None
    ended_at: datetime | None
    provenance: ProvenanceV1
    counts: dict[str, int]
    findings: list[FindingV1]
    troubles: list[TroubleV1]
    undecided: list[UndecidedV1]
    coverage: list[CoverageV1] = []


class Json(Reporter):
    """One object; its JSON Schema is in `docs/schemas/`."""

    name: ClassVar[str] = "json"

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        encoded = msgspec.json.encode(document(report))
        out.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def document(report: Report) -> ReportV1:
    """The report in its published shape."""
    return ReportV1(
        version=1,
        mode=report.mode,
        complete=report.complete,
        started_at=report.started_at,
        ended_at=report.ended_at,
        provenance=ProvenanceV1(
            repository=readable(report.provenance.repository),
            revision=readable(report.provenance.revision),
            branch=readable(report.provenance.branch),
        ),
        counts=report.counts,
        findings=[_finding(finding) for finding in report.findings],
        troubles=[
            TroubleV1(
                part=one.part, scope=readable(one.scope), message=readable(one.message),
                advice=readable(one.advice),
            )
            for one in report.troubles
        ],
        undecided=[
            UndecidedV1(
                policy=one.policy, subject=readable(one.subject), place=_place(one.location),
                unknown=readable(one.unknown),
            )
            for one in report.undecided
        ],
        coverage=[
            CoverageV1(
                policy=one.policy, service=one.service, account=one.account, status=one.status,
                unseen=[readable(why) for why in one.unseen],
            )
            for one in report.coverage
        ],
    )  # fmt: skip


def _finding(finding: Finding) -> FindingV1:
    suppression = finding.suppression
    return FindingV1(
        id=finding.id,
        rule=finding.rule,
        policy=finding.policy,
        nhi=[category.value for category in finding.nhi],
        severity=finding.severity.value,
        confidence=finding.confidence.value,
        subject=readable(finding.subject),
        message=readable(finding.message),
        remediation=finding.remediation,
        places=[_place(place) for place in finding.places],
        evidence={key: readable(value) for key, value in finding.evidence.items()},
        suppression=None
        if suppression is None
        else SuppressionV1(
            justification=readable(suppression.justification), until=suppression.until
        ),
    )


def _place(place: Location) -> PlaceV1:
    if not isinstance(place, FileLocation):
        return PlaceV1(
            service=place.service, account=place.account, resource=readable(place.resource)
        )
    commit = place.commit
    return PlaceV1(
        path=readable(place.path),
        member=readable(place.member) or None,
        line=place.line,
        column=place.column,
        end_line=place.end_line,
        end_column=place.end_column,
        object=place.object,
        in_head=place.in_head,
        commit=None
        if commit is None
        else CommitV1(id=commit.id, author=readable(commit.author), date=commit.date),
    )
