"""The findings as events of OCSF 1.8.0, one on each line, as logs are taken in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, TextIO

import msgspec

from keymuster.model import Report, Severity
from keymuster.report._alike import cut_short
from keymuster.report._ocsf_finding import (
    SEVERITIES,
    event,
    known,
    metadata,
    milliseconds,
    status_of,
)
from keymuster.report.base import Reporter, Style, readable


class Ocsf(Reporter):
    """Each finding, and last the scan itself: that it was completed, or cut short, and what it could not see. So a
    scan without findings leaves a line, too, and one that could not look says so."""

    name: ClassVar[str] = "ocsf"

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        for one in _events(report):
            out.write(msgspec.json.encode(one).decode() + "\n")


def _events(report: Report) -> Iterator[dict[str, Any]]:
    at = report.ended_at or report.started_at
    about = known(report)
    for one in report.findings:
        yield event(one, status_of(one), at, about)
    yield _scan(report, at)


_COMPLETED, _CANCELLED = (2, "Completed"), (3, "Cancelled")
_SUCCESS, _FAILURE = (1, "Success"), (2, "Failure")
_SCAN = (6007, "Scan Activity")


def _scan(report: Report, at: datetime | None) -> dict[str, Any]:
    activity, doing = _COMPLETED if report.complete else _CANCELLED
    status, said = _SUCCESS if report.complete else _FAILURE
    grave = Severity.LOW if report.troubles or not report.complete else Severity.INFO
    number, kind = _SCAN
    about = (
        f"scan:{milliseconds(report.started_at)}:{milliseconds(at)}:{report.provenance.revision}"
    )
    made: dict[str, Any] = {
        "activity_id": activity, "activity_name": doing,
        "category_uid": 6, "category_name": "Application Activity", "class_uid": number, "class_name": kind,
        "type_uid": number * 100 + activity, "type_name": f"{kind}: {doing}",
        "severity_id": SEVERITIES[grave][0], "severity": SEVERITIES[grave][1],
        "status_id": status, "status": said, "time": milliseconds(at), "metadata": metadata(about),
        "scan": {"name": "keymuster", "type_id": 99, "type": report.mode or "scan"},
        "num_detections": len(report.findings), "num_skipped_items": len(report.troubles),
        "unmapped": _unmapped(report),
    }  # fmt: skip
    if files := report.counts.get("files") or report.counts.get("objects"):
        made["num_files"] = files
    if report.started_at is not None:
        made["start_time"] = milliseconds(report.started_at)
    if report.ended_at is not None:
        made["end_time"] = milliseconds(report.ended_at)
    if message := cut_short(report):
        made["status_detail"] = message
    return made


def _unmapped(report: Report) -> dict[str, Any]:
    """What could not be seen, and what policies could not decide."""
    made: dict[str, Any] = {
        "complete": report.complete,
        "undecided": len(report.undecided),
        "not_seen": [
            {
                "part": one.part, "scope": readable(one.scope), "message": readable(one.message),
                "advice": readable(one.advice),
            }
            for one in report.troubles
        ],
        "signed_in_as": [readable(one) for one in report.signed_in_as],
        "repository": readable(report.provenance.repository),
        "revision": report.provenance.revision,
        "branch": readable(report.provenance.branch),
    }  # fmt: skip
    return {name: value for name, value in made.items() if value not in ("", [])}
