"""Findings as events of OCSF, validated by the schemas of the OCSF project."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from keymuster.model import (
    Nhi,
    Owner,
    Reference,
    Report,
    ServiceLocation,
    Severity,
    Suppression,
    Trouble,
)
from keymuster.report._ocsf_finding import VERSION, Known, Status, event
from report.reports import FULL, WORDS, accepted, finding, place, report, written

CLASSES = {2003: "compliance_finding", 2004: "detection_finding", 6007: "scan_activity"}
ROLE = finding(place("main.tf", 4), id="f9", subject="role:ci", nhi=(Nhi.OVERPRIVILEGED,))
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@cache
def _validator(number: int) -> Any:
    every = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))
    return jsonschema.Draft202012Validator(every.get_class_schema(class_name=CLASSES[number]))


def validate(one: Any) -> None:
    _validator(one["class_uid"]).validate(one)


def events(said: Report) -> list[Any]:
    """One on each line, each of them valid."""
    text = written(said, "ocsf")
    found = [json.loads(line) for line in text.splitlines()]
    assert text.endswith("\n")
    for one in found:
        validate(one)
    return found


def test_each_finding_is_an_event_and_the_scan_is_the_last() -> None:
    kinds = [one["class_uid"] for one in events(FULL)]
    assert kinds == [2004] * len(FULL.findings) + [6007]


def test_the_validator_refuses_what_is_wrong() -> None:
    for one in events(report(finding(), ROLE)):
        for broken in ({**one, "severity_id": 77}, {**one, "extra": 1}, {**one, "metadata": {}}):
            with pytest.raises(jsonschema.ValidationError):
                validate(broken)


def test_a_secret_is_detected_and_a_judgement_failed() -> None:
    secret, role, _ = events(report(finding(place("a.py", 7)), ROLE))
    assert (secret["class_name"], secret["is_alert"]) == ("Detection Finding", True)
    assert secret["evidences"][0]["file"] == {
        "name": "a.py", "path": "a.py", "type_id": 1, "type": "Regular File",
    }  # fmt: skip
    assert secret["evidences"][0]["data"]["line"] == 7
    assert role["class_name"] == "Compliance Finding"
    assert (role["compliance"]["status"], role["compliance"]["requirements"]) == (
        "Fail", ["NHI5:2025"],
    )  # fmt: skip
    assert role["resources"][0]["uid"] == "role:ci"


def test_what_is_known_of_a_finding_is_in_its_event() -> None:
    technique = Reference(framework="attack", id="T1552")
    words = replace(WORDS, references=(*WORDS.references, technique))
    one = finding(
        ServiceLocation(service="aws", account="1", resource="r"), severity=Severity.LOW, fingerprint="ab",
        owner=Owner(name="platform", source="tag", confidence="high"), evidence={"also_found": "x"},
    )  # fmt: skip
    [said, _] = events(report(one, rules=(words,)))
    assert (said["severity_id"], said["confidence_id"], said["status"]) == (2, 3, "New")
    info = said["finding_info"]
    assert (info["uid"], info["uid_alt"], info["analytic"]["uid"]) == ("f1", "ab", WORDS.id)
    assert info["attacks"] == [{"technique": {"uid": "T1552", "name": "T1552"}}]
    assert {tag["name"]: tag["values"] for tag in info["tags"]} == {
        "owasp-nhi": ["NHI2:2025"], "cwe": ["CWE-798", "CWE-1"],
    }  # fmt: skip
    assert said["resources"][0]["owner"] == {"name": "platform"}
    assert said["unmapped"]["evidence"] == {"also_found": "x"}
    assert said["remediation"] == {
        "desc": WORDS.remediation, "references": ["https://acme.example/docs"],
    }  # fmt: skip


def test_what_is_accepted_is_suppressed_until_it_ends() -> None:
    over = Suppression(justification="for a week", until=date(2026, 1, 1), status="rejected")
    taken, ended, _ = events(report(accepted(), finding(id="f2", suppression=over)))
    assert (taken["status"], taken["activity_name"], taken["is_alert"]) == (
        "Suppressed", "Update", False,
    )  # fmt: skip
    assert taken["status_detail"] == "accepted until 2027-01-31: fixture of the parser"
    assert (ended["status"], ended["status_detail"][:18]) == ("New", "no longer accepted")


@pytest.mark.parametrize("one", [finding(), ROLE], ids=["secret", "role"])
@pytest.mark.parametrize("status", Status)
def test_an_event_can_tell_of_every_change(one: Any, status: Status) -> None:
    """As somebody writes who knows the scan before."""
    said = event(one, status, AT, Known(rules={WORDS.id: WORDS}))
    validate(said)
    activities = {"New": 1, "In Progress": 2, "Suppressed": 2, "Resolved": 3}
    assert said["activity_id"] == activities[said["status"]]
    assert said["type_uid"] == said["class_uid"] * 100 + said["activity_id"]
    assert said["finding_info"]["uid"] == one.id
    if "compliance" in said:
        assert said["compliance"]["status"] == ("Pass" if status is Status.RESOLVED else "Fail")


def test_an_event_that_is_told_twice_is_known_by_its_uid() -> None:
    def uid(status: Status, at: datetime) -> str:
        return str(event(finding(), status, at)["metadata"]["uid"])

    later = datetime(2026, 1, 2, tzinfo=UTC)
    assert uid(Status.NEW, AT) == uid(Status.NEW, AT)
    assert len({uid(status, at) for status in Status for at in (AT, later)}) == 8


def test_a_scan_that_found_nothing_says_that_it_looked() -> None:
    [one] = events(report())
    assert (one["activity_name"], one["status"], one["num_detections"]) == (
        "Completed",
        "Success",
        0,
    )
    assert (one["num_files"], one["time"]) == (3, 1767268801500)


def test_a_scan_that_was_cut_short_says_so() -> None:
    trouble = Trouble(part="git", scope="a.pack", message="is damaged", advice="Mend it.")
    [one] = events(report(complete=False, troubles=(trouble,)))
    assert (one["activity_name"], one["status"]) == ("Cancelled", "Failure")
    assert "there may be more" in one["status_detail"]
    assert one["unmapped"]["not_seen"] == [
        {"part": "git", "scope": "a.pack", "message": "is damaged", "advice": "Mend it."}
    ]


def test_a_report_without_times_has_the_oldest() -> None:
    assert {one["time"] for one in events(report(finding(), started_at=None, ended_at=None))} == {0}


@pytest.mark.parametrize("evil", ["\x00", "\x1b[2J", "\udcff", "a\nb", "\u2028", '"}\n{'])
def test_an_event_is_one_line_whatever_a_repository_says(evil: str) -> None:
    trouble = Trouble(part="p", scope=evil, message=evil, advice=evil)
    one = finding(place(f"{evil}.py"), message=evil, subject=evil, evidence={"k": evil})
    assert len(events(report(one, troubles=(trouble,)))) == 2


def test_a_secret_at_many_places_stays_an_event_that_can_be_taken_in() -> None:
    [one, _] = events(report(finding(*(place(f"{number}.py") for number in range(5000)))))
    assert len(one["evidences"]) == 100
    assert one["unmapped"]["places"] == 5000
