"""SARIF 2.1.0 of any tool, as far as two reports can be compared by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from keymuster.model import (
    Confidence,
    FileLocation,
    Finding,
    Location,
    Report,
    ServiceLocation,
    Severity,
    Suppression,
)
from keymuster.model.digest import digest

_E = TypeVar("_E", Severity, Confidence)

_OURS = "keymuster/v1"
_MOVED = "keymusterMoved/v1"
_SEVERITIES = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW}


def written(data: bytes) -> Report:
    """What a SARIF log tells; ValueError for anything else. It does not say what was looked at."""
    try:
        log = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    if not isinstance(log, dict) or not isinstance(log.get("runs"), list):
        raise ValueError("it has no runs")
    found: dict[str, Finding] = {}
    complete = True
    for run in _dicts(log["runs"]):
        complete &= all(
            one.get("executionSuccessful", True) for one in _dicts(run.get("invocations"))
        )
        for result in _dicts(run.get("results")):
            one = _finding(result, run)
            known = found.get(one.id)
            found[one.id] = one if known is None else _both(known, one)
    return Report(findings=tuple(found.values()), complete=complete)


def _both(one: Finding, other: Finding) -> Finding:
    """A result for each place becomes one finding with all places."""
    return replace(one, places=tuple(dict.fromkeys((*one.places, *other.places))))


def _finding(result: dict[str, Any], run: dict[str, Any]) -> Finding:
    rule = str(result.get("ruleId") or _dict(result.get("rule")).get("id") or "")
    places = tuple(_places(result)) or (FileLocation(path=""),)
    marks = _dict(result.get("partialFingerprints"))
    own = marks.get(_OURS)
    said = sorted((*_dict(result.get("fingerprints")).values(), *marks.values()), key=str)
    message = str(_dict(result.get("message")).get("text") or "")
    tool = _dict(_dict(run.get("tool")).get("driver")).get("name", "")
    id = (
        own
        if isinstance(own, str)
        else digest(f"{tool}\0{rule}\0{said or (str(places[0]), message)}")
    )
    own_words = _dict(result.get("properties")) if isinstance(own, str) else {}
    level = _SEVERITIES.get(str(result.get("level", "warning")), Severity.INFO)
    return Finding(
        id=id, rule=rule, policy=rule.partition("/")[0], nhi=(),
        severity=_one_of(Severity, own_words.get("severity"), level),
        confidence=_one_of(Confidence, own_words.get("confidence"), Confidence.MEDIUM),
        subject=str(own_words.get("subject") or places[0]), message=message, places=places,
        evidence=_texts(own_words.get("evidence")), suppression=_suppression(result), fingerprint=str(marks.get(_MOVED, "")),
    )  # fmt: skip


def _places(result: dict[str, Any]) -> Iterator[Location]:
    for one in _dicts(result.get("locations")):
        physical = _dict(one.get("physicalLocation"))
        uri = _dict(physical.get("artifactLocation")).get("uri")
        logical = [
            str(each.get("fullyQualifiedName", "")) for each in _dicts(one.get("logicalLocations"))
        ]
        if isinstance(uri, str):
            line = _dict(physical.get("region")).get("startLine", 1)
            yield FileLocation(path=uri, line=line if isinstance(line, int) else 1)
        elif logical:
            yield ServiceLocation(service="", account="", resource=logical[0])


def _suppression(result: dict[str, Any]) -> Suppression | None:
    for one in _dicts(result.get("suppressions")):
        return Suppression(
            justification=str(one.get("justification", "")),
            status="accepted" if one.get("status", "accepted") == "accepted" else "rejected",
        )
    return None


def _one_of(kind: type[_E], said: Any, otherwise: _E) -> _E:
    return next((one for one in kind if one.value == said), otherwise)


def _texts(value: Any) -> dict[str, str]:
    return {key: one for key, one in _dict(value).items() if isinstance(one, str)}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())
