"""An event as one line: JSON of ours, version 1, or OCSF 1.8.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from keymuster.estate.base import Event
from keymuster.evaluate.states import State
from keymuster.report._ocsf_finding import Known, Status, event, metadata, milliseconds
from keymuster.report.base import readable
from keymuster.report.json import FindingV1, finding_document

StateV1 = Literal["new", "changed", "reopened", "resolved", "not observed"]


class EventV1(Struct, kw_only=True):
    """What became of one finding of a target in a run. `number` grows, and is never there twice. One that is changed may be
    accepted now: its finding says so."""

    version: Literal[1]
    number: int
    at: datetime
    run: int
    target: str
    state: StateV1
    why: str
    finding: FindingV1


_STATES: dict[State, StateV1] = {
    State.NEW: "new",
    State.CHANGED: "changed",
    State.REOPENED: "reopened",
    State.RESOLVED: "resolved",
    State.NOT_OBSERVED: "not observed",
}

Line = Callable[[int, Event], str]


def as_json(number: int, one: Event) -> str:
    said = EventV1(
        version=1, number=number, at=one.at, run=one.run, target=readable(one.target), state=_STATES[one.state],
        why=readable(one.why), finding=finding_document(one.finding),
    )  # fmt: skip
    return msgspec.json.encode(said).decode()


def as_ocsf(number: int, one: Event, about: Known) -> str:
    """A Detection or Compliance Finding that is created, updated or closed. It has the number as its `metadata.sequence`, and a
    `finding_info.uid` for each target that has the finding: it may be resolved in one and stay in another."""
    finding = one.finding
    made = event(finding, _status(one), one.at, about)
    if one.state is not State.NEW and made["activity_id"] == _CREATE:
        made |= {
            "activity_id": _UPDATE, "activity_name": "Update", "type_uid": made["class_uid"] * 100 + _UPDATE,
            "type_name": f"{made['class_name']}: Update",
        }  # fmt: skip
    uid = f"{readable(one.target)}#{finding.id}"
    made["metadata"] = {**metadata(f"event:{uid}:{number}"), "sequence": number}
    made["finding_info"] = {**made["finding_info"], "uid": uid}
    if one.state is State.NOT_OBSERVED and "is_alert" in made:
        made["is_alert"] = False
    why = [said for said in (made.get("status_detail"), readable(one.why)) if said]
    if why:
        made["status_detail"] = "; ".join(why)
    made["unmapped"] |= {
        "finding": finding.id, "target": readable(one.target), "run": one.run, "state": one.state.value,
    }  # fmt: skip
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


_CREATE, _UPDATE = 1, 2


def _status(one: Event) -> Status:
    if one.state is State.RESOLVED:
        return Status.RESOLVED
    return Status.SUPPRESSED if one.finding.is_accepted else Status.NEW


def mark_of(line: str) -> tuple[int, int]:
    """The number of the event of a line, and its time in milliseconds; zeros if it is none."""
    try:
        said: Any = json.loads(line)
        if "number" in said:
            return int(said["number"]), milliseconds(datetime.fromisoformat(said["at"]))
        return int(said["metadata"]["sequence"]), int(said["time"])
    except (ValueError, TypeError, KeyError):
        return 0, 0
