"""Results of TruffleHog: a line of JSON for each, or an array of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from msgspec import Raw, Struct

from keymuster.collect.imports import _rows
from keymuster.collect.imports.base import ReportReader, Row, Told, Unread, Verdict
from keymuster.model import Secret, ServiceLocation


class Trufflehog(ReportReader):
    """What `trufflehog ... --json` prints. Its log, which has the same form, may stand between."""

    name: ClassVar[str] = "trufflehog"

    def recognizes(self, data: bytes, path: str) -> bool:
        found = _rows.first(data)
        if {"SourceMetadata", "DetectorName"} <= found.keys():
            return True
        return found.get("logger") == "trufflehog"

    def read(self, data: bytes) -> Iterator[Told]:
        if data.lstrip()[:1] == b"[":
            return _rows.rows(_rows.document(data, list[Raw]), _Result, _told)
        return _of_lines(data)


def _of_lines(data: bytes) -> Iterator[Told]:
    for name, line in _rows.lines(data):
        if line.startswith(b'{"level"'):
            if line.startswith((b'{"level":"error', b'{"level":"fatal')):
                yield Unread(
                    row=name, why="TruffleHog logs an error: it did not look at everything"
                )
            continue
        yield from _rows.row(line, _Result, _told, name)


class _Metadata(Struct, frozen=True, rename="pascal"):
    data: dict[str, Any] = {}


class _Result(Struct, frozen=True, rename="pascal", kw_only=True):
    detector_name: str
    source_metadata: _Metadata | None = None
    verified: bool = False
    raw: str = ""
    raw_v2: str = ""


def _told(one: _Result) -> Iterator[Told]:
    source, about = next(iter((one.source_metadata or _Metadata()).data.items()), ("", {}))
    said = about if isinstance(about, dict) else {}
    text = {name: value for name, value in said.items() if isinstance(value, str)}
    line = said.get("line")
    row = Row(
        tool="trufflehog", rule=one.detector_name,
        path=text.get("file") or text.get("path") or text.get("filename") or "",
        line=line if isinstance(line, int) and line > 0 else 1,
        commit=_rows.commit(text.get("commit", ""), text.get("email", ""), date=text.get("timestamp", "")),
        secret=_rows.secret(one.raw or one.raw_v2), also=_other_half(one.raw, one.raw_v2),
        verdict=Verdict.LIVE if one.verified else Verdict.NONE,
    )  # fmt: skip
    if source not in _FILES or not row.path:
        row.service = ServiceLocation(
            service=source.lower(), account=_first(text, _ACCOUNTS),
            resource=_first(text, _THINGS) or row.path,
        )  # fmt: skip
    yield row


_FILES = (
    "Git",
    "Github",
    "Gitlab",
    "Filesystem",
    "Bitbucket",
    "Gerrit",
    "AzureRepos",
    "Huggingface",
    "Test",
)
"""Sources in which things are files with lines. In other ones they have an address of their own."""

_ACCOUNTS = (
    "workspace",
    "workspace_name",
    "bucket",
    "image",
    "project_name",
    "space",
    "org",
    "repository",
    "package",
)
_THINGS = (
    "link",
    "file",
    "path",
    "filename",
    "issue",
    "page",
    "event_id",
    "document_id",
    "channel_name",
)


def _first(text: dict[str, str], names: tuple[str, ...]) -> str:
    return next((text[name] for name in names if text.get(name)), "")


def _other_half(first: str, both: str) -> Secret | None:
    """The secret that belongs to an id, where both stand together."""
    if not first or not both.startswith(first):
        return None
    return _rows.secret(both[len(first) :].lstrip(":"))
