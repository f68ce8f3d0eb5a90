"""What a page knows: a report in plain values, short where there are thousands of a thing.

Whatever comes from outside is made printable here, and what could end the block of data is escaped, so that a browser
never takes any of it for markup. The script puts it into the page as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from keymuster import __version__
from keymuster.model import (
    Confidence,
    Coverage,
    FileLocation,
    Finding,
    Framework,
    Location,
    Nhi,
    Report,
    Roll,
    RuleText,
    Severity,
    Suppression,
)
from keymuster.report._alike import at, short, without_middle
from keymuster.report._page.layout import layouts
from keymuster.report._steps import of_path
from keymuster.report.base import readable

_SEVERITIES = [*reversed(Severity)]
_CONFIDENCES = [*reversed(Confidence)]
_NHI = [*Nhi]

MOST_TEXT = 20_000
"""Characters of one text that are shown: a browser takes minutes for one line of millions."""

_ESCAPED = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"))
"""What would mean something in HTML. In JSON it only stands in texts."""

_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]+")
"""Escaped, too: then the page is the same in whatever encoding it is written."""


def encoded(report: Report) -> str:
    """The data as JSON that may stand in a `script` element. Each thing that has an id begins a line with it: a scanner
    of the page, ours too, would else take the id for what is named before it. In a text, the quotes would be escaped."""
    content = msgspec.json.encode(_document(report))
    content = content.replace(b'{"id":', b'\n{"id":')
    for char, escape in _ESCAPED:
        content = content.replace(char, escape)
    return _OUTSIDE_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], content.decode())


def _document(report: Report) -> dict[str, Any]:
    rules = _Rules(report)
    subjects = _Subjects(report.roll or Roll())
    return {
        "about": _about(report),
        "nhi": [[one.value, one.called] for one in _NHI],
        "severities": [one.value for one in _SEVERITIES],
        "confidences": [one.value for one in _CONFIDENCES],
        "findings": [_finding(one, rules, subjects.of(one)) for one in report.findings],
        "rules": rules.told,
        "troubles": [
            _short({"part": one.part, "scope": one.scope, "message": one.message, "advice": one.advice})
            for one in report.troubles
        ],
        "undecided": [
            [one.policy, readable(one.subject), at(one.location), readable(one.unknown)]
            for one in report.undecided
        ],
        "coverage": _coverage(report.coverage),
        "counts": report.counts,
        "places": [_of_record(one) for one in report.places],
        "roll": None if report.roll is None else _roll(report.roll),
        "layouts": {} if report.roll is None or not report.roll.nodes else _layouts(report.roll),
        "trend": None
        if report.trend is None
        else [[one.day, one.open, one.counts] for one in report.trend.days],
    }  # fmt: skip


def _about(report: Report) -> dict[str, Any]:
    scope, from_ = report.scope, report.provenance
    return _short({
        "version": __version__, "mode": report.mode, "complete": report.complete, "targets": report.targets or None,
        "started_at": report.started_at, "ended_at": report.ended_at,
        "repository": from_.repository, "revision": from_.revision, "branch": from_.branch,
        "signed_in_as": report.signed_in_as, "paths": scope.paths, "exclude": scope.exclude,
        "since": scope.since, "range": scope.range, "services": scope.services, "imports": scope.imports,
        "only": scope.only, "skip": scope.skip, "confidence": scope.confidence.value,
    })  # fmt: skip


# --- findings ------------------------------------------------------------------------------------


class _Rules:
    """The words of each rule once, and the number by which findings name it."""

    def __init__(self, report: Report) -> None:
        self._words = {one.id: one for one in report.rules}
        self._entries = {(one.id, entry.id): _entry(one, entry.id) for one in report.frameworks for entry in one.entries}  # fmt: skip
        self._numbers: dict[str, int] = {}
        self.told: list[dict[str, Any]] = []

    def number(self, one: Finding) -> int:
        number = self._numbers.setdefault(one.rule, len(self.told))
        if number == len(self.told):
            words = self._words.get(one.rule)
            self.told.append(_short({"id": one.rule, **({} if words is None else self._said(words))}))  # fmt: skip
        return number

    def remediation(self, one: Finding) -> str:
        """What is to be done about this finding, if that is not what its rule says."""
        words = self._words.get(one.rule)
        is_same = words is not None and words.remediation == one.remediation
        return "" if is_same else _flowing(one.remediation)

    def _said(self, words: RuleText) -> dict[str, Any]:
        references = ((one.framework, one.id) for one in words.references)
        return {
            "title": words.title, "why": _flowing(words.why), "remediation": _flowing(words.remediation),
            "references": [self._entries[one] for one in references if one in self._entries],
            "links": [one for one in words.links if _is_page(one)],
        }  # fmt: skip


def _flowing(text: str) -> str:
    """Without the ends of lines that a rule has."""
    return " ".join(text.split())


def _entry(framework: Framework, id: str) -> list[str]:
    [entry] = [one for one in framework.entries if one.id == id]
    url = entry.url if _is_page(entry.url) else ""
    return [f"{framework.name} {entry.id} {entry.name}", url]


def _is_page(url: str) -> bool:
    """Whether a link may lead there: rules of a repository may say anything."""
    try:
        return urlsplit(url).scheme in ("https", "http")
    except ValueError:
        return False


def _finding(one: Finding, rules: _Rules, about: Iterable[tuple[int, int]]) -> dict[str, Any]:
    identities, credentials = (
        [each for each in dict.fromkeys(sort) if each >= 0] for sort in zip(*about, strict=True)
    )
    owner = one.owner
    return _short({
        "id": one.id, "rule": rules.number(one), "severity": _SEVERITIES.index(one.severity),
        "confidence": _CONFIDENCES.index(one.confidence), "nhi": [_NHI.index(each) for each in one.nhi],
        "message": one.message, "subject": one.subject,
        "places": [_place(each) for each in one.places],
        "evidence": one.evidence, "told_by": one.told_by,
        "steps": [list(of_path(path)) for path in one.paths],
        "owner": "" if owner is None else owner.name, "owner_source": "" if owner is None else owner.source,
        "owner_left": owner is not None and owner.status == "left",
        "remediation": rules.remediation(one),
        "accepted": None if one.suppression is None else _suppression(one.suppression),
        "identities": identities, "credentials": credentials,
    })  # fmt: skip


def _suppression(one: Suppression) -> dict[str, Any]:
    return {
        "holds": one.status == "accepted", "because": one.justification, "by": one.by,
        "until": one.until, "at": "" if one.location is None else at(one.location),
    }  # fmt: skip


class _Subjects:
    """What findings may be about -> the number of the identity, and of the credential, that it belongs to; -1 if there
    is none. The declaration of a thing is about that thing."""

    def __init__(self, roll: Roll) -> None:
        self._about = roll.about
        self._numbers: dict[str, tuple[int, int]] = {}
        for number, one in enumerate(roll.credentials):
            whose = -1 if one.identity is None else one.identity
            self._add((*(use.id for use in one.uses), *one.same, one.id), (whose, number))
        for number, identity in enumerate(roll.identities):
            self._add((use.id for use in identity.uses), (number, -1))
            self._add((grant.id for grant in identity.grants), (number, -1))
            self._add((trust.id for trust in identity.trusts), (number, -1))
            self._add((identity.id,), (number, -1))

    def _add(self, ids: Iterable[str], about: tuple[int, int]) -> None:
        for id in map(readable, ids):
            self._numbers[id] = self._numbers[f"resource:{id}"] = about

    def of(self, one: Finding) -> list[tuple[int, int]]:
        subjects = self._about.get(one.id, (one.subject,))
        return [self._numbers.get(readable(id), _NOTHING) for id in subjects]


_NOTHING = (-1, -1)


def _place(one: Location) -> dict[str, Any]:
    said: dict[str, Any] = {"at": at(one)}
    if isinstance(one, FileLocation):
        said["file"] = True
        said["context"] = one.context
        if one.commit is not None:
            date = f"{one.commit.date:%Y-%m-%d}" if one.commit.date else "unknown date"
            said["commit"] = f"{short(one.commit.id)} by {one.commit.author}, {date}"
            said["in_head"] = one.in_head
    return said


# --- what could be seen --------------------------------------------------------------------------


def _coverage(coverage: Iterable[Coverage]) -> list[dict[str, Any]]:
    """By account: which policies found something, which are clean, and which could not see, for each reason."""
    accounts: dict[tuple[str, str], dict[str, Any]] = {}
    for one in coverage:
        said = accounts.setdefault(
            (one.service, one.account),
            {"service": one.service, "account": one.account, "found": [], "clean": [], "unseen": [], "why": {}},
        )  # fmt: skip
        said[one.status].append(one.policy)
        if one.as_of is not None:
            said["as_of"] = min(said.get("as_of", one.as_of), one.as_of)
        for reason in one.unseen:
            said["why"].setdefault(reason, []).append(one.policy)
    return [_short(said) for _, said in sorted(accounts.items())]


# --- who there is --------------------------------------------------------------------------------


def _roll(roll: Roll) -> dict[str, Any]:
    return {
        "identities": [_of_record(one) for one in roll.identities],
        "credentials": [_of_record(one) for one in roll.credentials],
        "nodes": [_of_record(one) for one in roll.nodes],
        "sorts": [[one.id, readable(one.says), readable(one.cut)] for one in roll.sorts],
        "edges": [_ended([one.start, one.to, one.sort, readable(one.way), readable(one.assumed)]) for one in roll.edges],
        "exceptions": [_of_record(one) for one in roll.exceptions],
        "left_out": roll.left_out,
    }  # fmt: skip


def _of_record(one: msgspec.Struct) -> dict[str, Any]:
    return _short({name: getattr(one, name) for name in one.__struct_fields__})


def _ended(values: list[Any]) -> list[Any]:
    """Without the empty texts at its end."""
    while values and values[-1] == "":
        values.pop()
    return values


def _layouts(roll: Roll) -> dict[str, Any]:
    return {
        name: {
            "groups": [[readable(one.name), one.parent, one.size, one.x, one.y, one.r, one.scale] for one in layout.groups],
            "at": layout.at,
        }
        for name, layout in layouts(roll).items()
    }  # fmt: skip


def _short(values: dict[str, Any]) -> dict[str, Any]:
    """What is known, in printable texts."""
    made = {name: _plain(value) for name, value in values.items()}
    return {name: value for name, value in made.items() if value not in ("", None, [], {})}


def _plain(value: Any) -> Any:
    if type(value) is str:
        return without_middle(readable(value), MOST_TEXT)
    match value:
        case dict():
            return {readable(str(name)): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case msgspec.Struct():
            return _of_record(value)
        case datetime():
            return value.isoformat(timespec="seconds")
        case _:
            return value
