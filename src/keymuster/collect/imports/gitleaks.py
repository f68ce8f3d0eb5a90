"""Reports and baselines of gitleaks: an array of findings in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from msgspec import Raw, Struct

from keymuster.collect.imports import _rows
from keymuster.collect.imports.base import ReportReader, Row, Told


class Gitleaks(ReportReader):
    """What `gitleaks ... --report-format json` writes. Its baseline is such a report, too."""

    name: ClassVar[str] = "gitleaks"

    def recognizes(self, data: bytes, path: str) -> bool:
        if data.strip() == b"[]":  # what it writes when it has found nothing
            return True
        return data.lstrip()[:1] == b"[" and {"RuleID", "StartLine"} <= _rows.first(data).keys()

    def read(self, data: bytes) -> Iterator[Told]:
        return _rows.rows(_rows.document(data, list[Raw]), _Finding, _told)


_NAMES = {
    "rule": "RuleID", "file": "File", "line": "StartLine", "end_line": "EndLine",
    "column": "StartColumn", "end_column": "EndColumn", "match": "Match", "secret": "Secret",
    "commit": "Commit", "author": "Author", "email": "Email", "date": "Date",
}  # fmt: skip


class _Finding(Struct, frozen=True, rename=_NAMES, kw_only=True):
    rule: str
    file: str
    line: int = 1
    end_line: int = 1
    column: int = 1
    end_column: int = 1
    match: str = ""
    secret: str = ""
    commit: str = ""
    author: str = ""
    email: str = ""
    date: str = ""


def _told(one: _Finding) -> Iterator[Told]:
    yield Row(
        tool="gitleaks", rule=one.rule, path=one.file, line=one.line,
        end_line=one.end_line, column=one.column, end_column=one.end_column + 1,
        commit=_rows.commit(one.commit, one.author, one.email, one.date),
        secret=_rows.secret(one.secret), around=_rows.secret(one.match),
    )  # fmt: skip
