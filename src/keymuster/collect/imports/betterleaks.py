"""Reports of betterleaks: JSON and JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from msgspec import Raw, Struct

from keymuster.collect.imports import _rows
from keymuster.collect.imports.base import ReportReader, Row, Told, Verdict
from keymuster.model import Confidence


class Betterleaks(ReportReader):
    """What `betterleaks ... --output FILE.json` and `.jsonl` write. A secret that it has taken out is known
    by its plain hash."""

    name: ClassVar[str] = "betterleaks"

    def recognizes(self, data: bytes, path: str) -> bool:
        head = data[:4096]
        return b'"schema_version"' in head and data.lstrip()[:1] == b"{" and (
            b'"rule_hash"' in head or b'"rule_id"' in head or b'"findings"' in head
        )  # fmt: skip

    def read(self, data: bytes) -> Iterator[Told]:
        if b'"findings"' in data[:4096]:
            return _rows.rows(_rows.document(data, _Report).findings, _Finding, _told)
        return _of_lines(data)


def _of_lines(data: bytes) -> Iterator[Told]:
    for name, line in _rows.lines(data):
        yield from _rows.row(line, _Line, lambda one: _told(one.finding), name)


class _Match(Struct, frozen=True):
    full: str = ""
    value: str = ""
    fingerprint: str = ""


class _Location(Struct, frozen=True):
    path: str = ""
    start_line: int = 1
    end_line: int = 1
    start_column: int = 1
    end_column: int = 1


class _Analysis(Struct, frozen=True):
    status: str = ""


class _Finding(Struct, frozen=True, kw_only=True):
    rule_id: str
    match: _Match
    location: _Location
    confidence: str = ""
    attributes: dict[str, str] = {}
    analysis: _Analysis = _Analysis()
    validation: _Analysis = _Analysis()


class _Line(Struct, frozen=True):
    finding: _Finding


class _Report(Struct, frozen=True):
    findings: list[Raw]


_VERDICTS = {
    "valid": Verdict.LIVE,
    "needs_validation": Verdict.NONE,
    "invalid": Verdict.DEAD,
    "revoked": Verdict.DEAD,
}


def _told(one: _Finding) -> Iterator[Told]:
    about, place = one.attributes, one.location
    status = one.analysis.status or one.validation.status
    # With a key of its user's own the fingerprint is no hash of the secret: then nothing is like it.
    known = (f"sha256:{one.match.fingerprint}",) if len(one.match.fingerprint) == 64 else ()
    yield Row(
        tool="betterleaks", rule=one.rule_id, path=place.path, line=place.start_line,
        end_line=place.end_line, column=place.start_column, end_column=place.end_column + 1,
        commit=_rows.commit(
            about.get("git.sha", ""), about.get("git.author_name", ""),
            about.get("git.author_email", ""), about.get("git.date", ""),
        ),
        secret=_rows.secret(one.match.value), around=_rows.secret(one.match.full), digests=known,
        verdict=_VERDICTS.get(status, Verdict.NONE), confidence=_CONFIDENCES.get(one.confidence),
    )  # fmt: skip


_CONFIDENCES = {one.value: one for one in Confidence}
