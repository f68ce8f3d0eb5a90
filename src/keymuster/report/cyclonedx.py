"""The findings as vulnerabilities of CycloneDX 1.7, with what they affect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, TextIO
from uuid import NAMESPACE_URL, uuid5

import msgspec

from keymuster import __version__
from keymuster.model import FileLocation, Finding, Location, Report, RuleText
from keymuster.report._alike import cut_short, has_text, references, told_at, unseen, where, words
from keymuster.report._people import acceptance
from keymuster.report.base import Reporter, Style, readable


class Cyclonedx(Reporter):
    """A secret is a component of the type `cryptographic-asset`, without its value; who acts, and what else a finding
    is about, is a service. Their `bom-ref` is the id of the record, as in `keymuster inventory export`. If not
    all was seen, a composition says that the vulnerabilities are incomplete, and properties of the metadata why."""

    name: ClassVar[str] = "cyclonedx"

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        rules = words(report)
        about = _by_subject(report.findings)
        bom: dict[str, Any] = {
            "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.7",
            "version": 1,
            "metadata": _metadata(report),
            "components": [_component(id, said) for id, said in about.items() if has_text(said[0])],
            "services": [_service(id, said) for id, said in about.items() if not has_text(said[0])],
            "vulnerabilities": [
                _vulnerability(one, rules.get(one.rule)) for one in report.findings
            ],
        }
        if report.troubles or not report.complete:
            references = [one["bom-ref"] for one in bom["vulnerabilities"]]
            bom["compositions"] = [{"aggregate": "incomplete", "vulnerabilities": references}]
        # The same report has the same number, so that two copies can be told to be one.
        number = uuid5(NAMESPACE_URL, msgspec.json.encode(bom).decode())
        bom = {**dict(list(bom.items())[:3]), "serialNumber": f"urn:uuid:{number}", **bom}
        out.write(msgspec.json.format(msgspec.json.encode(bom), indent=2).decode() + "\n")


def _by_subject(findings: Iterable[Finding]) -> Mapping[str, list[Finding]]:
    about: dict[str, list[Finding]] = {}
    for one in findings:
        about.setdefault(readable(one.subject), []).append(one)
    return about


def _metadata(report: Report) -> dict[str, Any]:
    known = report.provenance
    made: dict[str, Any] = {
        "tools": {
            "components": [{"type": "application", "name": "keymuster", "version": __version__}]
        },
        "properties": _properties(
            {
                "mode": report.mode,
                "complete": report.complete,
                "incomplete": cut_short(report),
                "not-seen": [f"{one.part}: {unseen(one)}" for one in report.troubles],
                "undecided": str(len(report.undecided) or ""),
            }
        ),
    }
    if at := report.ended_at or report.started_at:
        made["timestamp"] = _time(at)
    if known.repository:
        made["component"] = {"type": "application", "name": readable(known.repository)}
        if known.revision:
            made["component"]["version"] = known.revision
    return made


def _component(id: str, findings: list[Finding]) -> dict[str, Any]:
    places = dict.fromkeys(place for one in findings for place in one.places)
    return {
        "type": "cryptographic-asset",
        "bom-ref": id,
        "name": readable(findings[0].message),
        "cryptoProperties": {
            "assetType": "related-crypto-material",
            "relatedCryptoMaterialProperties": {"type": "credential", "id": id},
        },
        "evidence": {"occurrences": [_occurrence(one) for one in places]},
    }


def _occurrence(place: Location) -> dict[str, Any]:
    if not isinstance(place, FileLocation):
        return {"location": readable(str(place))}
    made: dict[str, Any] = {"location": readable(place.name), "line": place.line}
    if place.commit is not None:
        made["additionalContext"] = f"commit {place.commit.id}"
    return made


def _service(id: str, findings: list[Finding]) -> dict[str, Any]:
    made: dict[str, Any] = {"bom-ref": id, "name": id}
    places = {where(place): None for one in findings for place in one.places}
    owners = {readable(one.owner.name): None for one in findings if one.owner is not None}
    made["properties"] = _properties({"place": list(places), "owner": list(owners)})
    return made


def _vulnerability(finding: Finding, rule: RuleText | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "bom-ref": f"finding:{finding.id}",
        "id": finding.rule,
        "source": {"name": "keymuster"},
        "ratings": [
            {
                "source": {"name": "keymuster"}, "severity": finding.severity.value, "method": "other",
            }
        ],
        "description": readable(finding.message),
        "affects": [{"ref": readable(finding.subject)}],
    }  # fmt: skip
    if rule is not None:
        made |= dict(_texts(rule))
    if finding.remediation:
        made["recommendation"] = finding.remediation
    if finding.suppression is not None:
        made["analysis"] = _analysis(finding)
    made["properties"] = _properties({
        "confidence": finding.confidence.value, "policy": finding.policy, "fingerprint": finding.fingerprint,
        "owasp-nhi": [f"{one.value}:2025" for one in finding.nhi], "attack": references(rule, "attack"), "place": [where(one) for one in told_at(finding.places)],
        "owner": finding.owner.name if finding.owner else "",
        **{f"evidence:{key}": text for key, text in finding.evidence.items()},
    })  # fmt: skip
    return made


def _texts(rule: RuleText) -> Iterator[tuple[str, Any]]:
    if rule.why:
        yield "detail", rule.why
    if weaknesses := references(rule, "cwe"):
        yield "cwes", [int(one.removeprefix("CWE-")) for one in weaknesses]
    if links := [{"url": one} for one in rule.links]:
        yield "advisories", links


def _analysis(finding: Finding) -> dict[str, Any]:
    """What somebody decided: it is there, and stays for a while. A decision whose time is over leaves it open."""
    said = {"detail": " ".join(acceptance(finding))}
    if finding.is_accepted:
        return {"state": "exploitable", "response": ["will_not_fix"], **said}
    return {"state": "in_triage", **said}


def _properties(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """A property for each value; a list has one for each of its items."""
    return [
        {"name": readable(f"keymuster:{name}"), "value": readable(text)}
        for name, value in sorted(values.items())
        for text in _all(value)
        if text
    ]


def _all(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return value if isinstance(value, list) else [value]


def _time(one: datetime) -> str:
    return str(msgspec.to_builtins(one))
