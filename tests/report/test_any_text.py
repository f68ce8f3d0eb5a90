"""Whatever stands in a repository or comes from a service, each format says it, in so many records."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from xml.etree import ElementTree

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.model import (
    Commit,
    FileLocation,
    Finding,
    Owner,
    Provenance,
    ServiceLocation,
    Suppression,
    Trouble,
    Undecided,
)
from report.gitlab_reports import validate
from report.reports import finding, report, written
from report.test_ocsf import validate as validate_event

CYCLONEDX = JsonStrictValidator(SchemaVersion.V1_7)


def _rows(said: str) -> int:
    return len(list(csv.DictReader(io.StringIO(said, newline=""), strict=True)))


def _vulnerabilities(format: str) -> Callable[[str], int]:
    def count(said: str) -> int:
        document = json.loads(said)
        validate(document, format)
        return len(document["vulnerabilities"])

    return count


def _of_cyclonedx(said: str) -> int:
    assert CYCLONEDX.validate_str(said) is None
    return len(json.loads(said)["vulnerabilities"])


def _events(said: str) -> int:
    events = [json.loads(line) for line in said.removesuffix("\n").split("\n")]
    for one in events:
        validate_event(one)
    return len(events)


RECORDS: dict[str, tuple[Callable[[str], int], int]] = {
    "csv": (_rows, 4),  # two findings, a trouble, and what is not decided
    "gitlab": (_vulnerabilities("gitlab"), 1),
    "gitlab-sast": (_vulnerabilities("gitlab-sast"), 1),
    "ocsf": (_events, 3),  # with the scan
    "cyclonedx": (_of_cyclonedx, 2),
    "json": (lambda said: len(json.loads(said)["findings"]), 2),
    "sarif": (lambda said: len(json.loads(said)["runs"][0]["results"]), 2),
    "junit": (lambda said: len(ElementTree.fromstring(said).findall(".//testcase")), 3),
}
"""Format -> what counts its records, and how many there are."""


@pytest.mark.parametrize("format", RECORDS)
@given(any_text=st.text(st.characters(), min_size=1, max_size=30))
@settings(max_examples=25)
def test_any_text_is_told(format: str, any_text: str) -> None:
    spot = FileLocation(path=any_text, member=any_text, commit=Commit(id="c" * 40, author=any_text))
    service = ServiceLocation(service="aws", account=any_text, resource=any_text)

    def about(subject: str, place: FileLocation | ServiceLocation) -> Finding:
        return finding(
            place, id=subject, subject=f"{subject}{any_text}", message=any_text,
            evidence={any_text: any_text, "also_found": any_text}, owner=Owner(name=any_text, source="tag"),
            suppression=Suppression(justification=any_text, until=date(2026, 1, 2), by=any_text, status="rejected"),
        )  # fmt: skip

    trouble = Trouble(part="p", scope=any_text, message=any_text, advice=any_text)
    unknown = Undecided(policy="p", subject=any_text, location=spot, unknown=any_text)
    whole = report(
        about("secret:", spot), about("role:", service), troubles=(trouble,), undecided=(unknown,),
        provenance=Provenance(repository=any_text, revision="d" * 40, branch=any_text),
    )  # fmt: skip
    count, number = RECORDS[format]
    assert count(written(whole, format)) == number
