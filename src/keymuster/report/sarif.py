"""SARIF 2.1.0, as code-scanning services read it: OASIS standard, and GitHub's page "SARIF support
for code scanning" for what it requires and where it cuts."""

from __future__ import annotations

import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TextIO

import msgspec

from keymuster import __version__
from keymuster.model import (
    Confidence,
    FileLocation,
    Finding,
    Framework,
    Location,
    Report,
    RuleText,
    ServiceLocation,
    Severity,
    Step,
    Suppression,
    Trouble,
)
from keymuster.model.secret import MASK
from keymuster.report._alike import short, unseen
from keymuster.report._inventories import Inventories
from keymuster.report._steps import in_words
from keymuster.report.base import Reporter, Style, readable

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/keymuster/keymuster"
MOST_RESULTS = 25_000
"""GitHub refuses a run with more."""
MOST_BYTES = 10 * 1024 * 1024
"""GitHub refuses a file that is larger than this when packed."""
MOST_TAGS = 20
MOST_NAME = 255
MOST_TEXT = 1024

_LEVELS = {
    Severity.INFO: "note",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
_SECURITY_SEVERITIES = {
    Severity.INFO: "1.0",
    Severity.LOW: "2.5",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
"""Inside GitHub's bands, away from their borders."""
_PRECISIONS = {Confidence.LOW: "low", Confidence.MEDIUM: "medium", Confidence.HIGH: "very-high"}
_TAGGED = ("owasp-nhi", "cwe", "owasp-asi", "attack")
"""Frameworks whose ids are worth one of the few tags; all of them are in the relationships."""


class Sarif(Reporter):
    """One run, one result per place, the frameworks as taxonomies."""

    name: ClassVar[str] = "sarif"

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        results = [
            (finding, place) for finding in report.findings for place in _told_at(finding.places)
        ]
        encoded = _encoded(report, results, MOST_RESULTS)
        most = min(len(results), MOST_RESULTS)
        while len(encoded) > MOST_BYTES and len(zlib.compress(encoded, 6)) > MOST_BYTES:
            most = most * 3 // 4
            encoded = _encoded(report, results, most)
        decoder = getincrementaldecoder("utf-8")()
        for start in range(0, len(encoded), _PIECE):  # a large report need not be there twice
            out.write(decoder.decode(encoded[start : start + _PIECE]))
        out.write("\n")


def _named(finding: Finding, place: Location) -> Iterator[Location]:
    """Every place that a result names: its own, and those of the steps to it."""
    yield place
    yield from (step.place for path in finding.paths for step in path if step.place is not None)
    if finding.paths:
        yield finding.location


def _told_at(places: Sequence[Location]) -> Sequence[Location]:
    """The places that have a result: where it is in files, what services call it stands beside that."""
    return [one for one in places if isinstance(one, FileLocation)] or places


def _encoded(report: Report, results: Sequence[tuple[Finding, Location]], most: int) -> bytes:
    kept = _gravest(results, most)
    troubles = list(report.troubles)
    if cut := len(results) - len(kept):
        troubles.append(
            Trouble(
                part="sarif",
                scope="results",
                message=f"{cut:,} of {len(results):,} results are left out of this file, the mildest first",
                advice="Code scanning takes no more. The JSON report holds all of them.",
            )
        )
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, kept, troubles)]}
    encoded = msgspec.json.encode(document)
    del document
    return msgspec.json.format(encoded, indent=2)


_PIECE = 1 << 20


def _gravest(
    results: Sequence[tuple[Finding, Location]], most: int
) -> Sequence[tuple[Finding, Location]]:
    """As many as fit, in their old order."""
    if len(results) <= most:
        return results
    order = sorted(range(len(results)), key=lambda at: (-results[at][0].severity.rank, at))
    return [results[at] for at in sorted(order[:most])]


def _run(
    report: Report, results: Sequence[tuple[Finding, Location]], troubles: Sequence[Trouble]
) -> dict[str, Any]:
    frameworks = {one.id: (index, one) for index, one in enumerate(report.frameworks)}
    rules = {rule.id: index for index, rule in enumerate(report.rules)}
    inventories = Inventories(one for finding, place in results for one in _named(finding, place))
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "keymuster",
                "fullName": f"keymuster {__version__}",
                "organization": "keymuster",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": HOME,
                "language": "en-US",
                "rules": [_rule(rule, frameworks) for rule in report.rules],
                "notifications": [_NOT_SEEN],
                "supportedTaxonomies": [
                    {"name": one.name, "guid": one.guid, "index": index}
                    for index, one in frameworks.values()
                ],
            }
        },
        "automationDetails": {"id": f"keymuster/{report.mode or 'scan'}/"},
        "taxonomies": [_taxonomy(framework) for framework in report.frameworks],
        "invocations": [_invocation(report, troubles)],
        "originalUriBaseIds": {
            "SRCROOT": {"description": {"text": "The root of what was scanned."}}
        },
        "columnKind": "unicodeCodePoints",
        "defaultEncoding": "utf-8",
        "redactionTokens": [MASK],
        # Each is encoded at once: as text it takes a fraction of what its dictionaries take.
        "results": [
            msgspec.Raw(msgspec.json.encode(_result(finding, place, rules, inventories)))
            for finding, place in results
        ],
    }
    if provenance := _provenance(report):
        run["versionControlProvenance"] = [provenance]
    if artifacts := inventories.artifacts():
        run["artifacts"] = artifacts
    if report.undecided:
        run["properties"] = {"undecided": len(report.undecided)}
    return run


_NOT_SEEN = {
    "id": "not-seen",
    "name": "NotSeen",
    "shortDescription": {"text": "A part of the estate could not be looked at."},
    "fullDescription": {
        "text": "The scan could not look at something, so the absence of findings there means nothing."
    },
    "help": {"text": "Follow the advice in the message, then scan again."},
    "helpUri": f"{HOME}#what-could-not-be-seen",
    "defaultConfiguration": {"level": "warning"},
}


def _rule(rule: RuleText, frameworks: dict[str, tuple[int, Framework]]) -> dict[str, Any]:
    why = rule.why or _sentence(rule.title)
    links = "".join(f"\n- <{link}>" for link in rule.links)
    descriptor: dict[str, Any] = {
        "id": rule.id,
        "name": _pascal(rule.id)[:MOST_NAME],
        "shortDescription": {"text": _cut(_sentence(rule.title))},
        "fullDescription": {"text": _cut(why)},
        "help": {
            "text": f"{why}\n\n{rule.remediation}".rstrip(),
            "markdown": f"**Why it matters:** {why}\n\n**What to do:** {rule.remediation}\n{links}".rstrip(),
        },
        "helpUri": f"{HOME}/blob/main/docs/rules.md#{rule.id.partition('/')[0]}",
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": list(_tags(rule)),
            "precision": _PRECISIONS[rule.confidence],
            "problem.severity": {"note": "recommendation"}.get(
                _LEVELS[rule.severity], _LEVELS[rule.severity]
            ),
            "security-severity": _SECURITY_SEVERITIES[rule.severity],
        },
    }
    if relationships := list(_relationships(rule, frameworks)):
        descriptor["relationships"] = relationships
    return descriptor


def _tags(rule: RuleText) -> Iterator[str]:
    """`security` first, then the framework ids, as many as are shown."""
    tags = ["security", *(f"owasp-nhi/{category.value.lower()}" for category in rule.nhi)]
    for wanted in _TAGGED[1:]:
        form = "external/cwe/{}" if wanted == "cwe" else wanted + "/{}"
        tags += [form.format(one.id.lower()) for one in rule.references if one.framework == wanted]
    yield from list(dict.fromkeys(tags))[:MOST_TAGS]


def _relationships(
    rule: RuleText, frameworks: dict[str, tuple[int, Framework]]
) -> Iterator[dict[str, Any]]:
    """The rule is a case of its NHI categories, and relevant to everything else."""
    for reference in rule.references:
        if reference.framework not in frameworks:
            continue
        index, framework = frameworks[reference.framework]
        place = next(
            (at for at, one in enumerate(framework.entries) if one.id == reference.id), None
        )
        if place is not None:
            yield {
                "target": {
                    "id": reference.id,
                    "index": place,
                    "toolComponent": {
                        "name": framework.name,
                        "guid": framework.guid,
                        "index": index,
                    },
                },
                "kinds": ["superset" if reference.framework == "owasp-nhi" else "relevant"],
            }


def _taxonomy(framework: Framework) -> dict[str, Any]:
    return {
        "name": framework.name,
        "guid": framework.guid,
        "version": framework.version,
        "organization": framework.publisher,
        "informationUri": framework.url,
        "shortDescription": {"text": f"{framework.name}, {framework.version}."},
        "isComprehensive": False,
        "taxa": [
            {
                "id": entry.id,
                "name": entry.name,
                "shortDescription": {"text": _sentence(entry.name)},
                "helpUri": entry.url or framework.url,
            }
            for entry in framework.entries
        ],
    }


def _invocation(report: Report, troubles: Sequence[Trouble]) -> dict[str, Any]:
    invocation: dict[str, Any] = {
        "executionSuccessful": report.complete,
        "toolExecutionNotifications": [_notification(trouble) for trouble in troubles],
    }
    if report.started_at and report.ended_at:
        invocation["startTimeUtc"] = _utc(report.started_at)
        invocation["endTimeUtc"] = _utc(report.ended_at)
    return invocation


def _notification(trouble: Trouble) -> dict[str, Any]:
    return {
        "level": "warning",
        "message": {"text": unseen(trouble)},
        "descriptor": {"id": "not-seen", "index": 0},
        "properties": {"part": trouble.part},
    }


def _provenance(report: Report) -> dict[str, Any] | None:
    known = report.provenance
    if not known.repository:
        return None
    provenance: dict[str, Any] = {
        "repositoryUri": _uri(known.repository),
        "mappedTo": {"uriBaseId": "SRCROOT"},
    }
    if known.revision:
        provenance["revisionId"] = known.revision
    if known.branch:
        provenance["branch"] = readable(known.branch)
    return provenance


def _result(
    finding: Finding, place: Location, rules: dict[str, int], inventories: Inventories
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rules[finding.rule],
        "kind": "fail",
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding, place)},
        "locations": [_location(finding, place, inventories)],
        "partialFingerprints": {"keymuster/v1": finding.id},
        "properties": _properties(finding, place),
    }
    if finding.fingerprint:
        result["partialFingerprints"]["keymusterMoved/v1"] = finding.fingerprint
    if isinstance(place, FileLocation) and place.line_hash:
        result["partialFingerprints"]["primaryLocationLineHash"] = place.line_hash
    if flows := list(_flows(finding, inventories)):
        result["codeFlows"] = flows
    if finding.suppression is not None:
        result["suppressions"] = [_suppression(finding.suppression)]
    return result


def _suppression(one: Suppression) -> dict[str, Any]:
    """`inSource` is a comment at the place itself; what somebody had to approve stands apart."""
    by = f", approved by {one.by}" if one.by else ""
    return {
        "kind": "external" if one.by else "inSource",
        "status": one.status,
        "justification": readable(f"{one.justification} (until {one.until}{by})"),
    }


def _flows(finding: Finding, inventories: Inventories) -> Iterator[dict[str, Any]]:
    """Each path with its steps: who takes it, by which way, as whom. The JSON report has their statements."""
    for path in finding.paths:
        if all(step.way for step in path):
            yield {
                "threadFlows": [
                    {"locations": [_flow_step(finding, step, inventories) for step in path]}
                ]
            }


def _flow_step(finding: Finding, step: Step, inventories: Inventories) -> dict[str, Any]:
    place = finding.location if step.place is None else step.place
    return {
        "location": {
            **_location(finding, place, inventories),
            "message": {"text": _sentence(readable(in_words(step)))},
        },
        "importance": "essential" if step.proved else "important",
    }


def _message(finding: Finding, place: Location) -> str:
    said = readable(finding.message)
    if isinstance(place, FileLocation) and place.commit is not None:
        return f"{said}, first in commit {short(place.commit.id)} of {readable(place.name)}."
    if isinstance(place, FileLocation) and place.member:
        return f"{said}, in {readable(str(place))}."
    return _sentence(said)


def _location(finding: Finding, place: Location, inventories: Inventories) -> dict[str, Any]:
    if not isinstance(place, FileLocation):
        return {"physicalLocation": inventories.physical(place), **_logical([place])}
    services = [one for one in finding.places if isinstance(one, ServiceLocation)]
    if place.member:
        return _inside_container(place)
    physical: dict[str, Any] = {
        "artifactLocation": _artifact(place.path),
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        },
    }
    if place.context:
        physical["region"]["snippet"] = {"text": MASK}
        physical["contextRegion"] = {
            "startLine": place.line,
            "endLine": place.end_line,
            "snippet": {"text": readable(place.context)},
        }
    return {"physicalLocation": physical, **_logical(services)}


def _logical(places: Sequence[ServiceLocation]) -> dict[str, Any]:
    """What services call it."""
    listed = [
        {
            "name": readable(one.resource), "fullyQualifiedName": readable(str(one)),
            "kind": "resource",
        }
        for one in places
    ]  # fmt: skip
    return {"logicalLocations": listed} if listed else {}


def _inside_container(place: FileLocation) -> dict[str, Any]:
    """The file that holds the member, because services show no other; its first line, because they
    ask for one; and the member as a logical location. SARIF's nested artifacts (3.24.3) have URIs
    that begin at their parent, which services take for paths in the repository."""
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(place.path),
            "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
        },
        "logicalLocations": [
            {
                "name": readable(place.member),
                "fullyQualifiedName": readable(str(place)),
                "kind": "member",
            }
        ],
    }


def _artifact(path: str) -> dict[str, str]:
    """Relative paths hang on the root; absolute ones, which only arise from roots far apart, do not."""
    uri = _quoted(path, "/~!$&'()*+,;=@-._")
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "SRCROOT"}


def _uri(text: str) -> str:
    """A URI that somebody wrote by hand, with escapes for what no URI may hold."""
    return _quoted(text, "%/:?#[]~!$&'()*+,;=@-._")


def _quoted(text: str, safe: str) -> str:
    if _LETTERS.union(safe).issuperset(text):  # as nearly all are
        return text
    from urllib.parse import quote  # slow to import

    return quote(_bytes(text), safe=safe)


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def _bytes(text: str) -> bytes:
    """Those that a path was made of."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, which stands for no byte
        return readable(text).encode()


def _properties(finding: Finding, place: Location) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "confidence": finding.confidence.value,
        "severity": finding.severity.value,
        "subject": readable(finding.subject),
        "places": len(finding.places),
    }
    if finding.evidence:
        properties["evidence"] = {
            readable(key): readable(value) for key, value in finding.evidence.items()
        }
    if finding.owner is not None:
        properties["owner"] = readable(finding.owner.name)
        properties["ownerStatus"] = finding.owner.status
    if isinstance(place, FileLocation) and place.commit is not None:
        properties["commit"] = place.commit.id
        properties["inHead"] = bool(place.in_head)
        properties["author"] = readable(place.commit.author)
        if place.commit.date:
            properties["date"] = place.commit.date.isoformat()
    return properties


def _pascal(id: str) -> str:
    return "".join(word.capitalize() for word in id.replace("/", "-").split("-"))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _utc(moment: datetime) -> str:
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )
