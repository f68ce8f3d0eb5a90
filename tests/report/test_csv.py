"""The findings as a table, read by Python's own reader."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest

from keymuster.model import (
    FileLocation,
    Owner,
    ServiceLocation,
    Suppression,
    Trouble,
    Undecided,
)
from keymuster.model import Report as Reported
from keymuster.report.csv import COLUMNS
from report.reports import FULL, accepted, assert_is_snapshot, finding, place, report, written


def rows(one: Reported) -> list[dict[str, str]]:
    """Each has every column, whatever it is of."""
    read = csv.DictReader(io.StringIO(written(one, "csv"), newline=""), strict=True)
    found = list(read)
    assert tuple(read.fieldnames or ()) == COLUMNS
    assert all(None not in row and None not in row.values() for row in found)
    return found


def test_the_whole_output() -> None:
    assert_is_snapshot(written(FULL, "csv"), "full.csv")


def test_each_finding_is_a_row_with_all_its_places() -> None:
    bucket = ServiceLocation(service="aws", account="111122223333", resource="arn:aws:s3:::b")
    [first, second] = rows(report(finding(place("a.py", 7), bucket), finding(bucket, id="f2")))
    assert (first["record"], first["severity"], first["path"], first["line"]) == (
        "finding", "high", "a.py", "7",
    )  # fmt: skip
    assert first["places"].split("\n") == ["a.py:7", "aws://111122223333/arn:aws:s3:::b"]
    assert (second["path"], second["resource"]) == ("", "arn:aws:s3:::b")


def test_who_answers_and_who_accepted_it_is_told() -> None:
    owner = Owner(name="platform", source="tag", status="left")
    over = Suppression(
        justification="for a week", until=date(2026, 1, 1), status="rejected", by="sec"
    )
    said = report(
        finding(owner=owner, evidence={"also_found": "a, b", "account": "1"}),
        accepted(id="f2"),
        finding(id="f3", suppression=over),
    )
    [mine, taken, ended] = rows(said)
    assert (mine["owner"], mine["owner_status"], mine["status"]) == ("platform", "left", "open")
    assert (mine["also_found"], json.loads(mine["evidence"])) == ("a\nb", {"account": "1"})
    assert (taken["status"], taken["accepted_until"]) == ("accepted", "2027-01-31")
    assert (ended["status"], ended["accepted_by"]) == ("no longer accepted", "sec")


def test_what_could_not_be_seen_has_rows_of_its_own() -> None:
    trouble = Trouble(part="git", scope="a.pack", message="is damaged", advice="Mend it.")
    unknown = Undecided(
        policy="p", subject="s", location=place("a.tf", 2), unknown="identity.age_days"
    )
    [cut, found, unseen, undecided] = rows(
        report(finding(), troubles=(trouble,), undecided=(unknown,), complete=False)
    )
    assert (cut["record"], "there may be more" in cut["message"]) == ("incomplete", True)
    assert found["record"] == "finding"
    assert [unseen[name] for name in ("record", "part", "subject", "message", "remediation")] == [
        "not-seen", "git", "a.pack", "is damaged", "Mend it.",
    ]  # fmt: skip
    assert (undecided["record"], undecided["rule"], undecided["path"]) == ("undecided", "p", "a.tf")


def test_a_report_of_nothing_is_its_columns() -> None:
    assert written(report(), "csv") == ",".join(COLUMNS) + "\r\n"


def test_lines_end_as_the_standard_has_it_and_quotes_are_doubled() -> None:
    text = written(report(finding(message='a "b", c\nd')), "csv")
    assert '"a ""b"", c\\nd"' in text
    assert text.count("\r\n") == 2
    assert text.replace("\r\n", "").count("\r") == 0


FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\uff1d1", "=cmd|' /C calc'!A0")


@pytest.mark.parametrize("evil", FORMULAS)
def test_no_cell_is_a_formula(evil: str) -> None:
    spot = FileLocation(path=f"{evil}.py")
    suppression = Suppression(justification=evil, until=date(2027, 1, 1), by=evil)
    one = finding(
        spot, message=evil, subject=evil, suppression=suppression, owner=Owner(name=evil, source="tag"),
        evidence={"also_found": evil},
    )  # fmt: skip
    trouble = Trouble(part="p", scope=evil, message=evil, advice=evil)
    read = rows(report(one, troubles=(trouble,)))
    assert read[0]["message"].lstrip("'\t\r").endswith(evil.lstrip("\t\r"))
    for row in read:
        assert [cell for cell in row.values() if cell.startswith(tuple("=+-@\t\r\n\uff1d"))] == []


@pytest.mark.parametrize(
    "evil", ["a;=1+1", 'a;"=1+1', "a;\t@SUM(1)", "a;\uff1d1", "a;b;+1", "a\n=1+1"]
)
def test_no_cell_is_a_formula_where_lines_are_split_at_semicolons(evil: str) -> None:
    one = finding(message=evil, evidence={"also_found": "x, -1"})
    text = written(report(one), "csv")
    cells = [
        cell.lstrip('"')
        for line in text.replace("\r\n", "\n").split("\n")
        for cell in line.split(";")
    ]
    assert [cell for cell in cells if cell.startswith(tuple("=+-@\t\uff1d"))] == []


def test_what_is_no_formula_stays_as_it_is() -> None:
    [row] = rows(report(finding(message="a; b - c = d;e")))
    assert row["message"] == "a; b - c = d;e"
