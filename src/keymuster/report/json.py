"""Version 1 of the machine-readable output. Its shape is frozen here, not in the model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar, Literal, TextIO

import msgspec
from msgspec import UNSET, Struct, UnsetType

from keymuster.model import (
    Confidence,
    FileLocation,
    Finding,
    Location,
    Owner,
    Report,
    Statement,
    Step,
)
from keymuster.report._owners import OwnerV1
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


class SuppressionV1(Struct, kw_only=True, omit_defaults=True):
    """Why and until when a finding is accepted, by whom, and where that stands. A `rejected` one accepts
    nothing any more."""

    justification: str
    until: date | None
    status: Literal["accepted", "rejected"] = "accepted"
    by: str = ""
    place: PlaceV1 | None = None


class StatementV1(Struct, kw_only=True, omit_defaults=True):
    """What allows or denies something, in its vendor's words: a statement of a policy, a trust in a
    principal, or what hands on another policy (`via`). Long lists end with how many more there are."""

    record: str
    effect: Literal["allow", "deny"]
    place: PlaceV1
    principal: str = ""
    actions: list[str] = []
    not_actions: list[str] = []
    resources: list[str] = []
    not_resources: list[str] = []
    conditions: list[str] = []
    via: str = ""


class StepV1(Struct, kw_only=True, omit_defaults=True):
    """One step of what led to a finding: from whom, by which way, to whom (or to all rights), what that
    takes, and what allows it: statements, and the ids of more. What is not proved was assumed, because
    something is not known."""

    start: str
    proved: bool
    way: str = ""
    does: str = ""
    to: str = ""
    to_name: str = ""
    others: int = 0
    actions: list[str] = []
    statements: list[StatementV1] = []
    records: list[str] = []


class FindingV1(Struct, kw_only=True, omit_defaults=True):
    """One rule held against one subject. The `fingerprint` stays when a file is moved; `bounds` are what
    the subject may do, and what limits it."""

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
    paths: list[list[StepV1]] = []
    told_by: list[str] = []
    suppression: SuppressionV1 | None = None
    fingerprint: str = ""
    bounds: dict[str, list[str]] = {}
    owner: OwnerV1 | None = None


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
    """What came of a policy in one account, and why not all could be seen. `as_of` dates what was told before."""

    policy: str
    service: str
    account: str
    status: Literal["found", "clean", "unseen"]
    unseen: list[str]
    as_of: datetime | UnsetType = UNSET


class ProvenanceV1(Struct, kw_only=True):
    """The repository scanned; empty fields are unknown."""

    repository: str
    revision: str
    branch: str


class ScopeV1(Struct, kw_only=True, omit_defaults=True):
    """What was to be looked at, by which rules. Paths are relative to the root; `.` is all of it."""

    paths: list[str] = []
    exclude: list[str] = []
    since: str = ""
    range: list[str] = []
    services: list[str] = []
    imports: list[str] = []
    only: list[str] = []
    skip: list[str] = []
    confidence: Literal["low", "medium", "high"] = "medium"


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
    signed_in_as: list[str] = []
    scope: ScopeV1 | None = None


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
        findings=[finding_document(finding) for finding in report.findings],
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
                unseen=[readable(why) for why in one.unseen], as_of=one.as_of or UNSET,
            )
            for one in report.coverage
        ],
        signed_in_as=[readable(one) for one in report.signed_in_as],
        scope=ScopeV1(
            paths=_all(report.scope.paths), exclude=_all(report.scope.exclude), since=readable(report.scope.since),
            range=_all(report.scope.range), services=_all(report.scope.services),
            imports=_all(report.scope.imports),
            only=_all(report.scope.only), skip=_all(report.scope.skip),
            confidence=report.scope.confidence.value,
        ),
    )  # fmt: skip


def finding_document(finding: Finding) -> FindingV1:
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
        evidence={readable(key): readable(value) for key, value in finding.evidence.items()},
        paths=[list(map(_step, path)) for path in finding.paths],
        told_by=list(finding.told_by),
        suppression=None
        if suppression is None
        else SuppressionV1(
            justification=readable(suppression.justification),
            until=suppression.until,
            status=suppression.status,
            by=readable(suppression.by),
            place=None if suppression.location is None else _place(suppression.location),
        ),
        fingerprint=finding.fingerprint,
        bounds={key: _all(values) for key, values in finding.bounds.items()},
        owner=_owner(finding.owner),
    )


def _owner(one: Owner | None) -> OwnerV1 | None:
    if one is None:
        return None
    return OwnerV1(
        name=readable(one.name), source=one.source, status="left" if one.status == "left" else "named",
        confidence=Confidence(one.confidence).value if one.confidence else "", active=one.active,
    )  # fmt: skip


def _step(step: Step) -> StepV1:
    return StepV1(
        start=readable(step.start), proved=step.proved, way=step.way, does=step.does,
        to=readable(step.to), to_name=readable(step.to_name), others=step.others, actions=_all(step.actions),
        statements=list(map(_statement, step.statements)), records=_all(step.records),
    )  # fmt: skip


def _statement(one: Statement) -> StatementV1:
    return StatementV1(
        record=readable(one.record), effect=one.effect.value, place=_place(one.place),
        principal=readable(one.principal), actions=_all(one.actions),
        not_actions=_all(one.not_actions), resources=_all(one.resources),
        not_resources=_all(one.not_resources), conditions=_all(one.conditions),
        via=readable(one.via),
    )  # fmt: skip


def _all(several: Iterable[str]) -> list[str]:
    return list(map(readable, several))


def _place(place: Location) -> PlaceV1:
    if not isinstance(place, FileLocation):
        return PlaceV1(
            service=place.service,
            account=readable(place.account),
            resource=readable(place.resource),
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
