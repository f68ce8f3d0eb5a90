"""Findings as vulnerabilities of CycloneDX 1.7, validated by the library of the CycloneDX project."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from keymuster.model import Confidence, Owner, Report, ServiceLocation, Severity, Trouble
from report.reports import FULL, accepted, finding, place, report, written

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_7)
ROLE = finding(
    place("main.tf", 4), id="f9", subject="role:ci", owner=Owner(name="platform", source="tag")
)


def bom(said: Report) -> Any:
    """What is written: it is valid, and what is affected is in it."""
    text = written(said, "cyclonedx")
    assert VALIDATOR.validate_str(text) is None
    made = json.loads(text)
    known = [one["bom-ref"] for one in (*made["components"], *made["services"])]
    assert len(known) == len(set(known))
    assert {one["ref"] for each in made["vulnerabilities"] for one in each["affects"]} == set(known)
    return made


def properties(one: Any) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for each in one["properties"]:
        told.setdefault(each["name"].removeprefix("keymuster:"), []).append(each["value"])
    return told


def test_the_validator_refuses_what_is_wrong() -> None:
    broken = bom(report(finding()))
    broken["vulnerabilities"][0]["ratings"][0]["severity"] = "grave"
    assert VALIDATOR.validate_str(json.dumps(broken)) is not None


def test_a_secret_is_a_component_without_a_value_and_a_role_a_service() -> None:
    made = bom(report(finding(place("a.py", 7)), ROLE))
    [secret], [role] = made["components"], made["services"]
    assert (secret["type"], secret["bom-ref"]) == ("cryptographic-asset", "secret:f1")
    assert secret["evidence"]["occurrences"] == [{"location": "a.py", "line": 7}]
    assert properties(role) == {"owner": ["platform"], "place": ["main.tf:4"]}


def test_what_is_known_of_a_finding_is_in_its_vulnerability() -> None:
    one = finding(place("a.py", 7), fingerprint="ab", evidence={"also_found": "x"})
    [said] = bom(report(one))["vulnerabilities"]
    assert (said["id"], said["bom-ref"]) == ("secret-in-tree/acme-key", "finding:f1")
    assert (said["ratings"][0]["severity"], said["cwes"]) == ("high", [798, 1])
    assert said["recommendation"].startswith("Revoke it")
    assert said["advisories"] == [{"url": "https://acme.example/docs"}]
    told = properties(said)
    assert (told["owasp-nhi"], told["place"]) == (["NHI2:2025"], ["a.py:7"])
    assert (told["fingerprint"], told["evidence:also_found"]) == (["ab"], ["x"])


def test_two_findings_of_one_subject_affect_one_thing() -> None:
    both = finding(place("a.py")), finding(place("b.py"), id="f2", subject="secret:f1")
    made = bom(report(*both))
    [one] = made["components"]
    assert [each["location"] for each in one["evidence"]["occurrences"]] == ["a.py", "b.py"]
    assert len(made["vulnerabilities"]) == 2


def test_what_somebody_accepted_is_analysed() -> None:
    [taken, other] = bom(report(accepted(), finding(id="f2")))["vulnerabilities"]
    assert (taken["analysis"]["state"], taken["analysis"]["response"]) == ("exploitable", ["will_not_fix"])  # fmt: skip
    assert "fixture of the parser" in taken["analysis"]["detail"]
    assert "analysis" not in other


def test_what_could_not_be_seen_makes_it_incomplete() -> None:
    trouble = Trouble(part="git", scope="a.pack", message="is damaged", advice="Mend it.")
    assert "compositions" not in bom(report(finding()))
    for said in (report(finding(), troubles=(trouble,)), report(complete=False)):
        made = bom(said)
        [one] = made["compositions"]
        assert one["aggregate"] == "incomplete"
    told = properties(bom(report(complete=False, troubles=(trouble,)))["metadata"])
    assert told["complete"] == ["false"]
    assert told["not-seen"] == ["git: a.pack: is damaged. Mend it."]


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("confidence", Confidence)
def test_every_severity_and_confidence_is_valid(severity: Severity, confidence: Confidence) -> None:
    bom(report(finding(severity=severity, confidence=confidence)))


@pytest.mark.parametrize("evil", ["\x00", "\x1b[2J", "\udcff", "a\nb", "<b>", ""])
def test_what_a_repository_says_is_data(evil: str) -> None:
    trouble = Trouble(part="p", scope=evil, message=evil, advice=evil)
    spot = ServiceLocation(service="aws", account="1", resource=evil)
    one = finding(
        place(f"{evil}.py"), spot, message=evil, subject=f"role:{evil}", evidence={"k": evil}
    )
    bom(report(one, troubles=(trouble,)))


def test_the_same_report_has_the_same_number_and_a_full_one_is_valid() -> None:
    assert bom(FULL)["serialNumber"] == bom(FULL)["serialNumber"] != bom(report())["serialNumber"]
    assert bom(FULL)["metadata"]["component"]["version"] == "d" * 40
