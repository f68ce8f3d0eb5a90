"""Security reports of GitLab, held against what its schemas demand.

Its schemas are MIT-licensed, but in no package. Where a copy lies beside this repository, they are asked, too.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from keymuster.model import Report
from report.reports import written

THEIRS = Path(__file__).parents[3] / "shared/reference/standards/gitlab"

_TEXT = {"type": "string", "minLength": 1}
_URL = {"type": "string", "pattern": "^https?://.+"}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}


def _object(optional: str = "", **fields: Any) -> dict[str, Any]:
    """One that has these fields, and no others; the `optional` ones may be missing."""
    required = [name for name in fields if name not in optional.split()]
    return {
        "type": "object", "properties": fields, "required": required, "additionalProperties": False,
    }  # fmt: skip


_TOOL = _object(id=_TEXT, name=_TEXT, url=_URL, version=_TEXT, vendor=_object(name=_TEXT))
_VALUE = {
    "oneOf": [
        _object("name", name=_TEXT, type={"const": "text"}, value={"type": "string"}),
        _object(
            "name", name=_TEXT, type={"const": "file-location"}, file_name=_TEXT,
            line_start={"type": "integer", "minimum": 1},
        ),
        _object("name", name=_TEXT, type={"const": "list"}, items={"type": "array", "items": {"$ref": "#/$defs/value"}}),
        _object(
            "name", name=_TEXT, type={"const": "table"},
            rows={"type": "array", "items": {"type": "array", "items": {"$ref": "#/$defs/value"}}},
        ),
    ]
}  # fmt: skip
_IDENTIFIER = _object("url", type=_TEXT, name=_TEXT, value=_TEXT, url=_URL)
_FLAG = _object(type={"const": "flagged-as-likely-false-positive"}, origin=_TEXT, description=_TEXT)
_COMMIT = _object("author date", sha=_TEXT, author={"type": "string"}, date={"type": "string"})
_LINE = {"type": "integer", "minimum": 1}


def _schema(kind: str) -> dict[str, Any]:
    """What we write of what GitLab's schema of that kind allows; the facts are those of its version 15.2.4."""
    commit = {"commit": _COMMIT} if kind == "secret_detection" else {}
    vulnerability = _object(
        "links flags",
        id={"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
        name={"type": "string", "maxLength": 255},
        description={"type": "string", "maxLength": 1_048_576},
        severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
        solution={"type": "string", "maxLength": 7000},
        identifiers={"type": "array", "minItems": 1, "maxItems": 20, "items": _IDENTIFIER},
        details={"type": "object", "additionalProperties": {"allOf": [{"$ref": "#/$defs/value"}, {"required": ["name"]}]}},
        links={"type": "array", "items": _object(url=_URL)},
        flags={"type": "array", "items": _FLAG},
        location=_object("start_line end_line", file=_TEXT, start_line=_LINE, end_line=_LINE, **commit),
    )  # fmt: skip
    message = _object(level={"enum": ["info", "warn", "fatal"]}, value=_TEXT)
    scan = _object(
        type={"const": kind}, analyzer=_TOOL, scanner=_TOOL, start_time=_TIME, end_time=_TIME,
        status={"enum": ["success", "failure"]}, messages={"type": "array", "items": message},
    )  # fmt: skip
    version = {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"}
    whole = _object(
        version=version, schema=_URL, scan=scan, vulnerabilities={"type": "array", "items": vulnerability},
    )  # fmt: skip
    return {**whole, "$defs": {"value": _VALUE}}


@cache
def _validators(kind: str) -> list[Any]:
    ours = jsonschema.Draft202012Validator(_schema(kind))
    path = THEIRS / f"{kind.replace('_', '-')}-report-format.json"
    if not path.exists():
        return [ours]
    return [ours, jsonschema.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))]


KINDS = {"gitlab": "secret_detection", "gitlab-sast": "sast"}


def validate(document: Any, format: str) -> None:
    for validator in _validators(KINDS[format]):
        validator.validate(document)


def document(report: Report, format: str) -> Any:
    """What is written, which is valid and names each vulnerability once."""
    said = json.loads(written(report, format))
    validate(said, format)
    ids = [one["id"] for one in said["vulnerabilities"]]
    assert len(ids) == len(set(ids))
    return said


def messages(said: Any) -> list[tuple[str, str]]:
    return [(one["level"], one["value"]) for one in said["scan"]["messages"]]


def refused(said: Any, format: str) -> None:
    """Each schema tells what is wrong from what is right."""
    [first, *_] = said["vulnerabilities"]
    for broken in (
        {**said, "scan": {**said["scan"], "start_time": "2026-01-01T00:00:00Z"}},
        {**said, "scan": {**said["scan"], "type": "dast"}},
        {**said, "vulnerabilities": [{**first, "severity": "high"}]},
        {**said, "vulnerabilities": [{**first, "details": {"x": {"name": "X", "type": "markup"}}}]},
        {**said, "vulnerabilities": [{**first, "identifiers": []}]},
    ):
        for validator in _validators(KINDS[format]):
            with pytest.raises(jsonschema.ValidationError):
                validator.validate(broken)
