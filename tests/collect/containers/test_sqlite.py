"""SQLite databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from archives import database, opened, zipped
from keymuster.collect.containers import sqlite

ROWS = (
    "CREATE TABLE users (id INTEGER, name TEXT, token TEXT)",
    "INSERT INTO users VALUES (1, 'ann', 'one'), (2, 'bob', NULL)",
)


def test_rows_are_lines() -> None:
    found = opened(database(*ROWS))
    assert found.members == {"users": b"id=1\tname=ann\ttoken=one\nid=2\tname=bob\n"}
    assert found.troubles == []


def test_a_binary_value_is_a_member_and_may_be_a_container() -> None:
    value = zipped({"a.env": b"A=b" * 100})
    found = opened(database("CREATE TABLE t (a, b)", ("INSERT INTO t VALUES (?, ?)", ("x", value))))
    assert found.members == {"t/1/b!/a.env": b"A=b" * 100, "t": b"a=x\n"}


def test_names_are_quoted() -> None:
    found = opened(
        database('CREATE TABLE "a""; DROP" (b)', 'INSERT INTO "a""; DROP" VALUES (\'x\')')
    )
    assert found.members == {'a"; DROP': b"b=x\n"}


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be", "UTF-8"])
def test_every_encoding(encoding: str) -> None:
    found = opened(database(f"PRAGMA encoding = '{encoding}'", *ROWS))
    assert found.members["users"].startswith(b"id=1\tname=ann\ttoken=one\n")


def test_a_database_with_a_write_ahead_log(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("PRAGMA journal_mode = WAL")
    for statement in ROWS:
        connection.execute(statement)
    connection.commit()
    connection.close()
    assert b"name=ann" in opened((tmp_path / "a.db").read_bytes()).members["users"]


def test_many_rows_are_several_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_PIECE", 20)
    assert opened(database(*ROWS)).members == {
        "users/part 1": b"id=1\tname=ann\ttoken=one\n",
        "users/part 2": b"id=2\tname=bob\n",
    }


def test_rows_without_text_are_several_members_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_ROWS", 2)
    rows = ("INSERT INTO t VALUES (NULL)",) * 3
    made = opened(database("CREATE TABLE t (a)", *rows))
    assert made.members == {"t/part 1": b"\n\n", "t/part 2": b"\n"}


def test_a_damaged_database_is_said_and_still_searched_as_it_is() -> None:
    data = database(*ROWS)
    found = opened(data[:4096] + bytes(len(data) - 4096))
    assert "damaged" in found.trouble
    assert found.blobs[-1].path == "outer"
    for size in (2000, len(data) - 4000, len(data) - 1):
        assert "damaged" in opened(data[:size]).trouble


def test_what_the_schema_wants_to_run_is_not_run() -> None:
    """A row of computed columns would be held in memory as a whole."""
    columns = ", ".join(f"c{number} AS (hex(zeroblob(30000)))" for number in range(50))
    made = database(
        f"CREATE TABLE t (a, b AS (a + 1) STORED, {columns})", "INSERT INTO t (a) VALUES (1)"
    )
    found = opened(made)
    assert found.members == {"t": b"a=1\tb=2\n"}
    assert found.troubles == []


def test_a_damaged_table_does_not_hide_the_others() -> None:
    made = database("CREATE TABLE first (a)", "CREATE TABLE second (a)", "INSERT INTO second VALUES (1)")  # fmt: skip
    page = 4096
    found = opened(made[:page] + b"\xff" * page + made[2 * page :])
    assert found.members == {"second": b"a=1\n"}
    assert "first is damaged" in found.trouble


def test_time_is_bounded() -> None:
    rows = ["INSERT INTO t SELECT * FROM t"] * 17
    made = database("CREATE TABLE t (a)", "INSERT INTO t VALUES ('x')", *rows)
    assert "took more than" in opened(made, seconds=0.01).trouble
