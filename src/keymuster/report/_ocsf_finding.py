"""A finding as an event of OCSF 1.8.0: a leaked secret is a Detection Finding, and what a policy says of an identity
or of how something is set up a Compliance Finding that failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256
from typing import Any

from msgspec import Struct

from keymuster import __version__
from keymuster.model import (
    Confidence,
    FileLocation,
    Finding,
    Location,
    Provenance,
    Report,
    RuleText,
    Severity,
)
from keymuster.report._alike import is_leak, references, where, words
from keymuster.report._people import acceptance
from keymuster.report.base import readable

VERSION = "1.8.0"


class Status(IntEnum):
    """Where a finding stands. The numbers are those of OCSF."""

    NEW = 1
    IN_PROGRESS = 2
    SUPPRESSED = 3
    RESOLVED = 4

    @property
    def caption(self) -> str:
        return self.name.replace("_", " ").title()


def status_of(finding: Finding) -> Status:
    """Where it stands for somebody who knows no former scan."""
    return Status.SUPPRESSED if finding.is_accepted else Status.NEW


class Known(Struct, frozen=True, kw_only=True):
    """What there is to say of findings besides themselves: the texts of rules by their ids, the names of what
    they refer to by framework and id, and where it was found."""

    rules: Mapping[str, RuleText] = {}
    names: Mapping[tuple[str, str], str] = {}
    provenance: Provenance = Provenance()


_NOTHING = Known()


def known(report: Report) -> Known:
    """What a report says."""
    names = {(one.id, entry.id): entry.name for one in report.frameworks for entry in one.entries}
    return Known(rules=words(report), names=names, provenance=report.provenance)


def event(
    finding: Finding, status: Status, at: datetime | None, about: Known = _NOTHING
) -> dict[str, Any]:
    """What happened to a finding `at` a time: it was seen, is worked on, was accepted or is gone. The same finding has
    the same `finding_info.uid` in all its events. OCSF demands a time: without one, it is the beginning of 1970."""
    rule = about.rules.get(finding.rule)
    activity, doing = _ACTIVITIES[status]
    number, kind = _DETECTION if is_leak(finding) else _COMPLIANCE
    made: dict[str, Any] = {
        # Ids stand away from words: behind the name of a vendor, scanners take them for tokens of that vendor.
        "metadata": metadata(f"{finding.id}:{status.value}:{milliseconds(at)}"),
        "resources": [_resource(finding)],
        "activity_id": activity, "activity_name": doing,
        "category_uid": 2, "category_name": "Findings", "class_uid": number, "class_name": kind,
        "type_uid": number * 100 + activity, "type_name": f"{kind}: {doing}",
        "severity_id": SEVERITIES[finding.severity][0], "severity": SEVERITIES[finding.severity][1],
        "confidence_id": finding.confidence.rank + 1, "confidence": finding.confidence.value.capitalize(),
        "status_id": status.value, "status": status.caption, "time": milliseconds(at),
        "finding_info": _info(finding, rule, about.names),
        "message": readable(finding.message),
        "unmapped": _unmapped(finding, about.provenance),
    }  # fmt: skip
    if said := " ".join(acceptance(finding)):
        made["status_detail"] = said
    if finding.remediation:
        made["remediation"] = _remediation(finding, rule)
    if number == _DETECTION[0]:
        made["is_alert"] = status is Status.NEW and finding.severity is not Severity.INFO
        made["evidences"] = [_evidence(place) for place in finding.places[:MOST_PLACES]]
    else:
        made["compliance"] = _compliance(finding, rule, status)
    return made


MOST_PLACES = 100
"""So many are in an event; `unmapped.places` says how many there are."""

_DETECTION = (2004, "Detection Finding")
_COMPLIANCE = (2003, "Compliance Finding")

_ACTIVITIES = {
    Status.NEW: (1, "Create"),
    Status.IN_PROGRESS: (2, "Update"),
    Status.SUPPRESSED: (2, "Update"),
    Status.RESOLVED: (3, "Close"),
}

SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}

_STANDARD = "OWASP Non-Human Identities Top 10 (2025)"


def metadata(about: str) -> dict[str, Any]:
    """Who says so, in which version of OCSF. What is said twice `about` one thing has one `uid`."""
    return {
        "version": VERSION, "uid": f"sha256:{sha256(about.encode()).hexdigest()}",
        "product": {"name": "keymuster", "vendor_name": "keymuster", "version": __version__},
    }  # fmt: skip


def milliseconds(one: datetime | None) -> int:
    return int((one or datetime.fromtimestamp(0, UTC)).timestamp() * 1000)


def _info(
    finding: Finding, rule: RuleText | None, names: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    title = rule.title if rule else finding.rule
    made: dict[str, Any] = {"uid": finding.id}
    if finding.fingerprint:
        made["uid_alt"] = finding.fingerprint
    made |= {
        "title": title, "types": [finding.policy],
        "analytic": {"type_id": 1, "type": "Rule", "uid": finding.rule, "name": title},
        "tags": list(_tags(finding, rule)),
    }  # fmt: skip
    if rule and rule.why:
        made["desc"] = rule.why
    if techniques := references(rule, "attack"):
        made["attacks"] = [
            {"technique": {"uid": one, "name": names.get(("attack", one), one)}}
            for one in techniques
        ]
    return made


def _tags(finding: Finding, rule: RuleText | None) -> Iterable[dict[str, Any]]:
    yield {"name": "owasp-nhi", "values": [f"{one.value}:2025" for one in finding.nhi]}
    if weaknesses := references(rule, "cwe"):
        yield {"name": "cwe", "values": weaknesses}


def _remediation(finding: Finding, rule: RuleText | None) -> dict[str, Any]:
    made: dict[str, Any] = {"desc": finding.remediation}
    if rule and rule.links:
        made["references"] = list(rule.links)
    return made


def _resource(finding: Finding) -> dict[str, Any]:
    """What it is about, by the id that it has in the inventory."""
    made: dict[str, Any] = {"uid": readable(finding.subject), "name": readable(finding.subject)}
    if finding.owner is not None:
        made["owner"] = {"name": readable(finding.owner.name)}
    made["data"] = {"places": [_place(one) for one in finding.places[:MOST_PLACES]]}
    return made


def _place(place: Location) -> dict[str, Any]:
    if not isinstance(place, FileLocation):
        return {
            "service": place.service, "account": readable(place.account), "resource": readable(place.resource),
        }  # fmt: skip
    made: dict[str, Any] = {
        "path": readable(place.name), "line": place.line, "end_line": place.end_line,
        "column": place.column, "end_column": place.end_column,
    }  # fmt: skip
    if place.commit is not None:
        made["commit"], made["author"] = place.commit.id, readable(place.commit.author)
        if place.commit.date:
            made["date"] = place.commit.date.isoformat()
    if place.in_head is not None:
        made["in_head"] = place.in_head
    return made


def _evidence(place: Location) -> dict[str, Any]:
    made: dict[str, Any] = {"name": where(place), "data": _place(place)}
    if isinstance(place, FileLocation):
        name = readable(place.name)
        made["file"] = {"name": name.rpartition("/")[2] or name, "path": name, "type_id": 1, "type": "Regular File"}  # fmt: skip
    return made


_FAIL, _PASS = (3, "Fail"), (1, "Pass")


def _compliance(finding: Finding, rule: RuleText | None, status: Status) -> dict[str, Any]:
    number, said = _PASS if status is Status.RESOLVED else _FAIL
    made: dict[str, Any] = {
        "control": finding.policy, "standards": [_STANDARD],
        "requirements": [f"{one.value}:2025" for one in finding.nhi], "status_id": number, "status": said,
    }  # fmt: skip
    if rule:
        made["desc"] = rule.title
    return made


def _unmapped(finding: Finding, provenance: Provenance) -> dict[str, Any]:
    """What OCSF has no field for."""
    made: Mapping[str, Any] = {
        "places": len(finding.places),
        "evidence": {
            readable(key): readable(text) for key, text in sorted(finding.evidence.items())
        },
        "owner": _owner(finding),
        "told_by": list(finding.told_by),
        "repository": readable(provenance.repository),
        "revision": provenance.revision,
        "branch": readable(provenance.branch),
    }
    return {name: value for name, value in made.items() if value not in ("", [], {})}


def _owner(finding: Finding) -> dict[str, str]:
    one = finding.owner
    if one is None:
        return {}
    said = {"source": readable(one.source), "status": one.status}
    return {**said, "confidence": Confidence(one.confidence).value} if one.confidence else said
