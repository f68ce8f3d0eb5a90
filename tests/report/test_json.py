"""Version 1 of the machine-readable output."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

import keymuster
from analysis.aws import ADMINISTRATOR, Made
from evaluate.test_evidence import findings
from keymuster.model import Coverage, Report
from keymuster.report import _json_reading
from keymuster.report.json import ReportV1
from keymuster.rules.schema import RuleSet
from report.reports import FULL, assert_is_snapshot, finding, place, report, written

PUBLISHED = Path(keymuster.__file__).parents[2] / "docs/schemas/report-v1.json"


def _json(report: Report) -> Any:
    return json.loads(written(report, "json"))


def test_the_whole_output() -> None:
    assert_is_snapshot(written(FULL, "json"), "full.json")


@pytest.mark.parametrize("one", [FULL, Report(findings=()), report(complete=False)])
def test_a_report_keeps_the_schema_of_its_type(one: Report) -> None:
    jsonschema.validate(_json(one), msgspec.json.schema(ReportV1))
    assert msgspec.json.decode(written(one, "json"), type=ReportV1).version == 1


def test_half_of_a_pair_of_surrogates_is_an_escape() -> None:
    """Answers of services are JSON, in which it may stand; as a byte of a path it means something else."""
    [one] = _json(report(finding(place("a\udcff.py"), message="a \ud800 name \udcff")))["findings"]
    assert (one["message"], one["places"][0]["path"]) == ("a \\ud800 name \\udcff", "a\\xff.py")


@pytest.mark.skipif(not PUBLISHED.exists(), reason="docs/schemas/report-v1.json is not generated")
def test_a_report_keeps_the_published_schema() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(_json(FULL), schema)
    assert {**schema, **msgspec.json.schema(ReportV1)} == schema


def test_the_schema_refuses_what_is_no_report() -> None:
    broken = _json(FULL)
    broken["findings"][0]["severity"] = "urgent"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, msgspec.json.schema(ReportV1))


def test_names_that_are_not_utf_8_become_escapes_everywhere() -> None:
    odd = finding(place("\udcff.py"), subject="allow:\udcff.py", message="\udcff")
    [said] = _json(report(odd))["findings"]
    assert (said["places"][0]["path"], said["subject"]) == (r"\xff.py", r"allow:\xff.py")


def test_an_incomplete_report_says_so() -> None:
    assert _json(report(complete=False))["complete"] is False
    assert _json(report())["complete"] is True


def test_it_ends_with_one_line_end() -> None:
    assert written(FULL, "json").endswith("}\n")


def test_what_findings_rest_on_is_read_again(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("boss")
    made.trust(role, user, conditions={"Bool": {"aws:SecureTransport": "true"}})
    made.has(role, ADMINISTRATOR)
    wrote = findings(made, rules, "aws-identity-becomes-administrator")
    [one] = [replace(each, told_by=("iam:ListRoles",), evidence={"also": "x"}) for each in wrote]
    [again] = _json_reading.findings(written(report(one), "json").encode())
    paths = tuple(tuple(replace(step, place=None) for step in path) for path in one.paths)
    assert again == replace(one, paths=paths)


def test_places_in_files_are_read_again() -> None:
    [again] = _json_reading.findings(written(report(finding(place())), "json").encode())
    assert again.places == (replace(place(), line_hash="", context=""),)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"version": 2, "findings": []}', b"\xff"])
def test_what_is_no_report_of_ours(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        _json_reading.findings(data)


def test_what_was_told_before_has_its_date() -> None:
    day = datetime(2025, 12, 24, tzinfo=UTC)
    several = tuple(
        Coverage(policy="p", service="github", account="acme", status="clean", as_of=as_of)
        for as_of in (day, None)
    )
    one = report(coverage=several)
    assert [each.get("as_of") for each in _json(one)["coverage"]] == ["2025-12-24T00:00:00Z", None]
    assert _json_reading.written(written(one, "json").encode()).coverage == several
