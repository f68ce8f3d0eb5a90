"""Reports in our own JSON, read again."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from keymuster.model import (
    Commit,
    Confidence,
    Coverage,
    Effect,
    FileLocation,
    Finding,
    Location,
    Nhi,
    Owner,
    Report,
    Scope,
    ServiceLocation,
    Severity,
    Statement,
    Step,
    Suppression,
    Trouble,
)
from keymuster.report.json import (
    CoverageV1,
    FindingV1,
    PlaceV1,
    ScopeV1,
    StatementV1,
    StepV1,
    TroubleV1,
)


def findings(data: bytes) -> list[Finding]:
    """Those of a report that was written here, with what they rest on; ValueError for anything else."""
    return list(written(data).findings)


def written(data: bytes) -> Report:
    """A report that was written here, without the words of its rules; ValueError for anything else."""
    try:
        report = msgspec.json.decode(data, type=_Written)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    scope = report.scope
    return Report(
        findings=tuple(map(_found, report.findings)),
        troubles=tuple(
            Trouble(part=one.part, scope=one.scope, message=one.message, advice=one.advice)
            for one in report.troubles
        ),
        coverage=tuple(
            Coverage(
                policy=one.policy, service=one.service, account=one.account, status=one.status,
                unseen=tuple(one.unseen), as_of=one.as_of or None,
            )
            for one in report.coverage
        ),
        mode=report.mode,
        complete=report.complete,
        scope=Scope()
        if scope is None
        else Scope(
            paths=tuple(scope.paths), exclude=tuple(scope.exclude), since=scope.since, range=tuple(scope.range),
            services=tuple(scope.services), imports=tuple(scope.imports), only=tuple(scope.only), skip=tuple(scope.skip),
            confidence=Confidence(scope.confidence),
        ),
    )  # fmt: skip


class _Written(Struct, kw_only=True):
    """Of a report, what is read again."""

    version: Literal[1]
    findings: list[FindingV1]
    mode: str = ""
    complete: bool = True
    troubles: list[TroubleV1] = []
    coverage: list[CoverageV1] = []
    scope: ScopeV1 | None = None


def _found(one: FindingV1) -> Finding:
    return Finding(
        id=one.id, rule=one.rule, policy=one.policy, nhi=tuple(map(Nhi, one.nhi)),
        severity=Severity(one.severity), confidence=Confidence(one.confidence), subject=one.subject,
        message=one.message, places=tuple(map(_location, one.places)), evidence=one.evidence,
        paths=tuple(tuple(map(_as_step, path)) for path in one.paths), told_by=tuple(one.told_by),
        remediation=one.remediation, fingerprint=one.fingerprint, suppression=_as_suppression(one),
        bounds={key: tuple(values) for key, values in one.bounds.items()},
        owner=None if one.owner is None else Owner(
            name=one.owner.name, source=one.owner.source, status=one.owner.status,
            confidence=one.owner.confidence, active=one.owner.active,
        ),
    )  # fmt: skip


def _as_suppression(one: FindingV1) -> Suppression | None:
    said = one.suppression
    if said is None:
        return None
    return Suppression(
        justification=said.justification, until=said.until, status=said.status, by=said.by,
        location=None if said.place is None else _location(said.place),
    )  # fmt: skip


def _as_step(one: StepV1) -> Step:
    return Step(
        start=one.start, way=one.way, does=one.does, to=one.to, to_name=one.to_name,
        others=one.others, proved=one.proved, actions=tuple(one.actions), records=tuple(one.records),
        statements=tuple(map(_as_statement, one.statements)),
    )  # fmt: skip


def _as_statement(one: StatementV1) -> Statement:
    return Statement(
        record=one.record, effect=Effect(one.effect), place=_location(one.place),
        principal=one.principal, actions=tuple(one.actions), not_actions=tuple(one.not_actions),
        resources=tuple(one.resources), not_resources=tuple(one.not_resources),
        conditions=tuple(one.conditions), via=one.via,
    )  # fmt: skip


def _location(one: PlaceV1) -> Location:
    if one.service is not None:
        return ServiceLocation(
            service=one.service, account=one.account or "", resource=one.resource or ""
        )
    said = one.commit
    commit = None if said is None else Commit(id=said.id, author=said.author, date=said.date)
    return FileLocation(
        path=one.path or "", member=one.member or "", line=one.line or 1, column=one.column or 1,
        end_line=one.end_line or 1, end_column=one.end_column or 1, commit=commit,
        object=one.object, in_head=one.in_head,
    )  # fmt: skip
