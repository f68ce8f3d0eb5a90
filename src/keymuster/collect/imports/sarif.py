"""SARIF 2.1.0 of any scanner. What somebody has suppressed there is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Raw, Struct, field

from keymuster.collect.imports import _rows
from keymuster.collect.imports.base import ReportReader, Row, Told, Unread, Verdict
from keymuster.model import ServiceLocation


class Sarif(ReportReader):
    """Results with a place. Those that cannot be about a secret, such as a wrong setting, are told of by
    their place alone, too."""

    name: ClassVar[str] = "sarif"

    def recognizes(self, data: bytes, path: str) -> bool:
        if data.lstrip()[:1] != b"{" or b'"runs"' not in data:
            return False
        return b"sarif" in data[:4096].lower() or b'"2.1.0"' in data or path.endswith(".sarif")

    def read(self, data: bytes) -> Iterator[Told]:
        for number, raw in enumerate(_rows.document(data, _Log).runs, 1):
            try:
                run = msgspec.json.decode(raw, type=_Run)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield Unread(row=f"run {number}", why="it is no run of a tool")
                continue
            yield from _of_run(run)


class _Log(Struct, frozen=True):
    runs: list[Raw]


class _Driver(Struct, frozen=True):
    called: str = field(default="", name="name")


class _Tool(Struct, frozen=True):
    driver: _Driver = _Driver()


class _Run(Struct, frozen=True):
    tool: _Tool = _Tool()
    results: list[Raw] | None = None


class _Text(Struct, frozen=True):
    text: str = ""


class _Artifact(Struct, frozen=True):
    uri: str = ""


class _Region(Struct, frozen=True, rename="camel"):
    start_line: int = 1
    end_line: int = 0
    start_column: int = 1
    end_column: int = 0
    snippet: _Text = _Text()


class _Physical(Struct, frozen=True, rename="camel"):
    artifact_location: _Artifact = _Artifact()
    region: _Region = _Region()


class _Logical(Struct, frozen=True, rename="camel"):
    fully_qualified_name: str = ""
    called: str = field(default="", name="name")


class _Location(Struct, frozen=True, rename="camel"):
    physical_location: _Physical | None = None
    logical_locations: list[_Logical] = []
    properties: dict[str, Any] = {}


class _Suppression(Struct, frozen=True):
    status: str = "accepted"
    justification: str = ""


class _Rule(Struct, frozen=True):
    id: str = ""


class _Result(Struct, frozen=True, rename="camel", kw_only=True):
    rule_id: str = ""
    rule: _Rule = _Rule()
    locations: list[_Location] = []
    suppressions: list[_Suppression] = []
    partial_fingerprints: dict[str, Any] = {}
    properties: dict[str, Any] = {}


def _of_run(run: _Run) -> Iterator[Told]:
    tool = _tool(run.tool.driver.called)

    def told(one: _Result) -> Iterator[Told]:
        accepted = _accepted(one)
        marks = {name: str(text) for name, text in one.partial_fingerprints.items()}
        for place in one.locations or [_Location()]:
            physical = place.physical_location or _Physical()
            region, path = physical.region, _path(physical.artifact_location.uri)
            row = Row(
                tool=tool, rule=one.rule_id or one.rule.id, path=path,
                line=max(1, region.start_line), end_line=region.end_line,
                column=max(1, region.start_column), end_column=region.end_column,
                commit=_rows.commit(_commit(marks, place), marks.get("author", ""),
                                    marks.get("email", ""), marks.get("date", "")),
                secret=_rows.secret(region.snippet.text) if tool in _EXACT else None,
                around=_rows.secret(region.snippet.text), verdict=_verdict(one, place),
                accepted=accepted,
            )  # fmt: skip
            if not path:
                named = (
                    each.fully_qualified_name or each.called for each in place.logical_locations
                )
                row.service = ServiceLocation(service=tool, account="", resource=next(named, ""))
            yield row

    yield from _rows.rows(run.results or [], _Result, told, "result")


_EXACT = ("gitleaks", "kingfisher")
"""Scanners whose snippet is the secret and nothing else."""

_VERDICTS = {
    "verified_active": Verdict.LIVE, "active credential": Verdict.LIVE, "active": Verdict.LIVE,
    "valid": Verdict.LIVE, "verified_inactive": Verdict.DEAD, "inactive credential": Verdict.DEAD,
    "inactive": Verdict.DEAD, "invalid": Verdict.DEAD, "revoked": Verdict.DEAD,
}  # fmt: skip


def _verdict(one: _Result, place: _Location) -> Verdict:
    for said in (place.properties, one.properties):
        for name in ("validation_outcome", "validation_status", "validity"):
            found = _VERDICTS.get(str(said.get(name, "")).lower())
            if found is not None:
                return found
        if said.get("verified") is True:
            return Verdict.LIVE
    return Verdict.NONE


def _accepted(one: _Result) -> str | None:
    """Why it is suppressed; None if it is not. Of several suppressions all must be accepted."""
    if not one.suppressions or any(each.status != "accepted" for each in one.suppressions):
        return None
    said = next((each.justification for each in one.suppressions if each.justification), "")
    return said or "it is suppressed in the report"


def _commit(marks: dict[str, str], place: _Location) -> str:
    git = place.properties.get("git_metadata")
    commit = git.get("commit") if isinstance(git, dict) else None
    found = commit.get("id") if isinstance(commit, dict) else None
    return marks.get("commitSha", "") or (found if isinstance(found, str) else "")


def _path(uri: str) -> str:
    if uri.startswith("file:"):
        return unquote(urlsplit(uri).path)
    return unquote(uri)


def _tool(name: str) -> str:
    """The name of a scanner, as far as it may stand in a tag."""
    word = "".join(char if char.isalnum() else "-" for char in name.lower()).strip("-")
    return word[:40] or "sarif"
