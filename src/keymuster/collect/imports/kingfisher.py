"""Reports of Kingfisher (JSON, JSON lines) and its baselines (YAML)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from msgspec import Raw, Struct, field

from keymuster.collect.imports import _rows
from keymuster.collect.imports.base import ReportReader, Row, Told, Unread, Verdict
from keymuster.model import Confidence


class Kingfisher(ReportReader):
    """What `kingfisher scan --format json` and `jsonl` write, and what `--manage-baseline` keeps: what a
    baseline has, somebody has accepted."""

    name: ClassVar[str] = "kingfisher"

    def recognizes(self, data: bytes, path: str) -> bool:
        if data.lstrip()[:1] != b"{":
            return _is_baseline(data)
        found = _rows.first(data)
        if {"rule", "finding"} <= found.keys():
            return True
        return b'"kingfisher_version"' in data or data.lstrip()[:30].startswith(
            b'{"findings":[{"rule"'
        )

    def read(self, data: bytes) -> Iterator[Told]:
        if data.lstrip()[:1] != b"{":
            return _of_baseline(data)
        if {"rule", "finding"} <= _rows.first(data).keys():
            return _of_lines(data)
        return _rows.rows(_rows.document(data, _Report).findings, _Finding, _told)


def _of_lines(data: bytes) -> Iterator[Told]:
    for name, line in _rows.lines(data):
        if not line.startswith((b'{"audit"', b'{"metadata"')):
            yield from _rows.row(line, _Finding, _told, name)


class _Rule(Struct, frozen=True):
    id: str


class _Validation(Struct, frozen=True):
    outcome: str = ""
    status: str = ""


class _Person(Struct, frozen=True):
    called: str = field(default="", name="name")
    email: str = ""


class _Commit(Struct, frozen=True):
    id: str = ""
    author: _Person = _Person()


class _Git(Struct, frozen=True):
    commit: _Commit = _Commit()


class _Found(Struct, frozen=True, kw_only=True):
    path: str = ""
    line: int = 1
    column_start: int = 0
    column_end: int = 0
    snippet: str = ""
    confidence: str = ""
    validation: _Validation = _Validation()
    git_metadata: _Git | None = None


class _Finding(Struct, frozen=True):
    rule: _Rule
    finding: _Found


class _Report(Struct, frozen=True):
    findings: list[Raw]


_OUTCOMES = {
    "verified_active": Verdict.LIVE,
    "verified_inactive": Verdict.DEAD,
    "invalid_material": Verdict.DEAD,
}
_STATUSES = {"Active Credential": Verdict.LIVE, "Inactive Credential": Verdict.DEAD}
"""What versions without an outcome say."""

_CONFIDENCES = {one.value: one for one in Confidence}


def _told(one: _Finding) -> Iterator[Told]:
    found, said = one.finding, one.finding.validation
    verdict = _OUTCOMES.get(said.outcome) or _STATUSES.get(said.status) or Verdict.NONE
    made = found.git_metadata.commit if found.git_metadata else _Commit()
    yield Row(
        tool="kingfisher", rule=one.rule.id, path=found.path, line=found.line,
        column=found.column_start + 1, end_column=found.column_end + 1,
        commit=_rows.commit(made.id, made.author.called, made.author.email),
        secret=_rows.secret(found.snippet), verdict=verdict,
        confidence=_CONFIDENCES.get(found.confidence),
    )  # fmt: skip


def _is_baseline(data: bytes) -> bool:
    head = data[:512]
    return b"fingerprint_algorithm: kingfisher" in head or head.startswith(b"ExactFindings:")


def _of_baseline(data: bytes) -> Iterator[Told]:
    """What stands in both forms that a baseline has had."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        read = yaml.load(data, Loader=loader)
    except (yaml.YAMLError, RecursionError):
        raise ValueError("it is no YAML, or ends too early") from None
    if not isinstance(read, dict):
        raise ValueError("it says nothing")
    yield from _accepted(_listed(read))


def _listed(read: dict[str, Any]) -> list[Any]:
    old = read.get("ExactFindings")
    if isinstance(old, dict):
        return old.get("matches") or []
    repositories = read.get("repositories")
    found = []
    for one in repositories if isinstance(repositories, list) else ():
        several = one.get("findings") if isinstance(one, dict) else None
        found += several if isinstance(several, list) else []
    return found


def _accepted(several: list[Any]) -> Iterator[Told]:
    for number, one in enumerate(several, 1):
        path = one.get("path", one.get("filepath")) if isinstance(one, dict) else None
        line = one.get("line", one.get("linenum", 1)) if isinstance(one, dict) else None
        if not isinstance(path, str) or not isinstance(line, int):
            yield Unread(row=f"row {number}", why="it names no file, or no line")
            continue
        yield Row(
            tool="kingfisher", rule=str(one.get("rule_id", "")), path=path, line=line,
            accepted="it is in the baseline of Kingfisher",
        )  # fmt: skip
