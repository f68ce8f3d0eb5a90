"""Security reports of GitLab, by its security-report-schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO
from uuid import NAMESPACE_URL, uuid5

import msgspec

from keymuster import __version__
from keymuster.model import FileLocation, Finding, Location, Report, RuleText
from keymuster.report._alike import cut_short, opens_nothing, told_at, unseen, where, words
from keymuster.report._markdown import code, prose
from keymuster.report._people import acceptance, ownership
from keymuster.report.base import readable

VERSION = "15.2.1"
"""Every GitLab since 2024 has this one. One that lacks a version warns of each report that claims it."""
MOST_VULNERABILITIES = 25_000
"""GitLab takes a file of 100 MB, unless it was told otherwise; these have some 65."""
MOST_NAME = 255
MOST_SOLUTION = 7000
MOST_IDENTIFIERS = 20
"""GitLab reads no more."""
MOST_PLACES = 20
"""Each place is a vulnerability of its own, and names so many of the others."""
NO_COMMIT = "0000000"
"""What GitLab's own analyzer writes where there is no commit."""

_HOME = "https://github.com/keymuster/keymuster"
_TOOL = {
    "id": "keymuster", "name": "keymuster", "url": _HOME, "version": __version__, "vendor": {"name": "keymuster"},
}  # fmt: skip


def write(
    report: Report, kind: str, findings: Iterable[Finding], messages: Iterable[str], out: TextIO
) -> None:
    """A report of a `kind`: `secret_detection` or `sast`. The messages say what is not in it."""
    titles = words(report)
    frameworks = {
        (framework.id, entry.id): entry.url
        for framework in report.frameworks
        for entry in framework.entries
    }
    every = [(finding, place) for finding in findings for place in told_at(finding.places)]
    told = _gravest(every)
    made = [
        {
            **_vulnerability(finding, place, titles.get(finding.rule), frameworks),
            "location": _location(place, report, kind),
        }
        for finding, place in told
    ]
    document = {
        "version": VERSION,
        "schema": "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"
        f"v{VERSION}/dist/{kind.replace('_', '-')}-report-format.json",
        "scan": {
            "type": kind,
            "analyzer": _TOOL,
            "scanner": _TOOL,
            "start_time": _time(report.started_at),
            "end_time": _time(report.ended_at or report.started_at),
            "status": "success" if report.complete else "failure",
            "messages": [*_messages(report, messages), *_left_out(len(every) - len(told))],
        },
        "vulnerabilities": made,
    }
    out.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def _gravest(every: Sequence[tuple[Finding, Location]]) -> Sequence[tuple[Finding, Location]]:
    """As many as GitLab takes."""
    if len(every) <= MOST_VULNERABILITIES:
        return every
    return sorted(every, key=lambda one: -one[0].severity.rank)[:MOST_VULNERABILITIES]


def _left_out(number: int) -> Iterator[dict[str, str]]:
    if number:
        what = "place is" if number == 1 else "places are"
        said = f"{number:,} {what} left out of this report, of the mildest findings; the JSON report has all."
        yield {"level": "warn", "value": said}


def accepted(findings: Iterable[Finding]) -> Iterator[str]:
    """What to say of those that somebody has accepted: GitLab would show them as open and ask once more."""
    if number := sum(one.is_accepted for one in findings):
        what = "finding is" if number == 1 else "findings are"
        yield f"{number} accepted {what} not in this report, but in the JSON report."


def _messages(report: Report, others: Iterable[str]) -> Iterator[dict[str, str]]:
    if message := cut_short(report):
        yield {"level": "fatal", "value": message}
    for one in report.troubles:
        yield {"level": "warn", "value": f"{one.part}: {unseen(one)}"}
    for other in others:
        yield {"level": "info", "value": other}


def _vulnerability(
    finding: Finding, place: Location, rule: RuleText | None, frameworks: dict[tuple[str, str], str]
) -> dict[str, Any]:
    why = rule.why if rule else ""
    made: dict[str, Any] = {
        "id": str(uuid5(NAMESPACE_URL, f"keymuster:{finding.id}:{_exactly(place)}")),
        "name": (rule.title if rule else finding.rule)[:MOST_NAME],
        # GitLab reads a description as Markdown, and a message has names that somebody else chose.
        "description": f"{code(finding.message)}\n\n{prose(why)}".rstrip(),
        "severity": finding.severity.value.capitalize(),
        "solution": finding.remediation[:MOST_SOLUTION],
        "identifiers": list(_identifiers(finding, rule, frameworks))[:MOST_IDENTIFIERS],
        "details": dict(_details(finding, place)),
    }
    if links := [{"url": one} for one in (rule.links if rule else ()) if one.startswith("http")]:
        made["links"] = links
    if opens_nothing(finding):
        made["flags"] = [
            {
                "type": "flagged-as-likely-false-positive", "origin": "keymuster",
                "description": rule.title if rule else finding.rule,
            }
        ]  # fmt: skip
    return made


def _exactly(place: Location) -> str:
    """The place as nothing else is called: one file may have several versions, one line several secrets."""
    if not isinstance(place, FileLocation):
        return readable(str(place))
    version = place.commit.id if place.commit else place.object or ""
    return readable(f"{place}:{place.column}:{version}")


def _identifiers(
    finding: Finding, rule: RuleText | None, frameworks: dict[tuple[str, str], str]
) -> Iterator[dict[str, str]]:
    """GitLab knows a finding again by the first, and where it is."""
    yield {
        "type": "keymuster_rule_id", "name": f"keymuster rule {finding.rule}", "value": finding.rule,
        "url": f"{_HOME}/blob/main/docs/rules.md#{finding.policy}",
    }  # fmt: skip
    for one in rule.references if rule else ():
        if one.framework == "cwe":
            number = one.id.removeprefix("CWE-")
            yield {
                "type": "cwe", "name": one.id, "value": number,
                "url": f"https://cwe.mitre.org/data/definitions/{number}.html",
            }  # fmt: skip
        elif one.framework == "owasp-nhi":
            url = frameworks.get((one.framework, one.id), "")
            made = {"type": "owasp_nhi", "name": f"OWASP {one.id}", "value": one.id}
            yield {**made, "url": url} if url.startswith("http") else made


def _details(finding: Finding, place: Location) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is shown below a vulnerability. The texts are no markup there."""
    texts = {"confidence": finding.confidence.value, "subject": readable(finding.subject)}
    for key, text in texts.items():
        yield key, _text(key.capitalize(), text)
    for said in ownership(finding):
        yield "owner", _text("Owner", said.removeprefix("owner: "))
    for said in acceptance(finding):
        yield "acceptance", _text("Acceptance", said)
    if finding.evidence:
        yield "evidence", {
            "name": "Evidence", "type": "table",
            "rows": [[_value(readable(key)), _value(readable(text))] for key, text in sorted(finding.evidence.items())],
        }  # fmt: skip
    if others := [one for one in finding.places if one != place]:
        items = [_elsewhere(one) for one in others[:MOST_PLACES]]
        if left := len(others) - len(items):
            items.append(_value(f"and {left:,} more"))
        yield "places", {"name": "Other places", "type": "list", "items": items}
    yield "finding", _text("Finding", finding.id)
    if finding.fingerprint:
        yield "fingerprint", _text("Fingerprint", finding.fingerprint)


def _elsewhere(place: Location) -> dict[str, Any]:
    """With a link, if there is something to link to."""
    if isinstance(place, FileLocation) and not (place.commit or place.member):
        return {
            "type": "file-location",
            "file_name": readable(place.path),
            "line_start": place.line,
        }
    return _value(where(place))


def _text(name: str, value: str) -> dict[str, Any]:
    return {"name": name, **_value(value)}


def _value(value: str) -> dict[str, Any]:
    return {"type": "text", "value": value}


def _location(place: Location, report: Report, kind: str) -> dict[str, Any]:
    """What is in no file has its name in the place of one, and what is in a container that of the member: what
    has none would be one with all others of its rule."""
    made: dict[str, Any] = {"file": readable(str(place))}
    if isinstance(place, FileLocation):
        made = {
            "file": readable(place.name),
            "start_line": place.line,
            "end_line": max(place.line, place.end_line),
        }
    if kind == "secret_detection":
        made["commit"] = _commit(place, report)
    return made


def _commit(place: Location, report: Report) -> dict[str, str]:
    """The commit that brought it in, or else the one that was looked at."""
    commit = place.commit if isinstance(place, FileLocation) else None
    if commit is None:
        return {"sha": report.provenance.revision or NO_COMMIT}
    made = {"sha": commit.id, "author": readable(commit.author)}
    return {**made, "date": commit.date.isoformat()} if commit.date else made


def _time(one: datetime | None) -> str:
    """In UTC; of a report that has no time, the beginning of 1970."""
    known = one or datetime.fromtimestamp(0, UTC)
    return known.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def open_of(findings: Iterable[Finding]) -> list[Finding]:
    """Those that nobody has accepted."""
    return [one for one in findings if not one.is_accepted]
