"""The inventory as a table."""

from __future__ import annotations

import csv
import io

import pytest
from msgspec.structs import replace

from export.inventories import JOB, RECORDS, ROLE, inventory, written
from keymuster.export.csv import COLUMNS
from keymuster.model import Identity


def _table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_each_record_is_a_row() -> None:
    rows = _table(written("csv"))
    assert [one["record"] for one in rows] == [
        "identity", "identity", "credential", "credential", "grant", "trust", "use", "resource",
    ]  # fmt: skip
    assert {tuple(one) for one in rows} == {COLUMNS}
    [role] = [one for one in rows if one["id"] == ROLE]
    assert (role["owner"], role["created_at"]) == ("platform", "2026-01-02T03:04:05Z")
    assert rows[-1]["kind"] == "aws_db_instance"


def test_lines_end_as_the_standard_has_it_and_quotes_are_doubled() -> None:
    made = inventory(replace(RECORDS[0], name='a "b", c\nd'))
    text = written("csv", made)
    assert '"a ""b"", c\\nd"' in text
    assert text.count("\r\n") == 2
    assert text.replace("\r\n", "").count("\r") == 0


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\uff1d", "=1+1;"])
def test_no_cell_is_a_formula(first: str) -> None:
    record = RECORDS[0]
    assert isinstance(record, Identity)
    made = inventory(replace(record, name=f"{first}cmd|' /C calc'!A0", purpose=f"{first}x"))
    [row] = _table(written("csv", made))
    assert row["name"].startswith(f"'{first}")
    for cell in row.values():
        assert cell[:1] not in tuple("=+-@\t\r\n")


def test_no_secret_setting_is_in_it() -> None:
    assert "zebra-lamp" not in written("csv")
    assert JOB in written("csv")
