"""SQLite databases."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

from keymuster.collect.containers.base import (
    DAMAGED,
    Budget,
    Container,
    Content,
    Form,
    Member,
    Refused,
)

if TYPE_CHECKING:
    from sqlite3 import Connection

_MAGIC = b"SQLite format 3\0"
_PIECE = 8 * 1024 * 1024
"""Bytes of rows that are searched at a time."""
_ROWS = 100_000
"""Rows of one piece, however short."""
_LONGEST_VALUE = 64 * 1024 * 1024
_STEPS = 10_000
"""Steps of the database's machine between two looks at the clock."""
_COMPUTED = 2
"""The mark of a column that is in no row: it is computed when it is read, by an expression that may
make megabytes of each of a thousand columns."""


class Sqlite(Container):
    """The rows of each table as lines of `column=value`, and binary values as members of their own.

    The database is opened in memory, so that nothing of it is written and no journal is looked for;
    it may only be read, and the code in its schema is not run.
    """

    name: ClassVar[str] = "sqlite"
    form: ClassVar[Form] = Form.ARCHIVE
    streams: ClassVar[bool] = False

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(_MAGIC)

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(_without_journal(content.whole))
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
            database.set_authorizer(
                lambda action, what, *_: (
                    sqlite3.SQLITE_OK
                    if action in allowed
                    or (action == sqlite3.SQLITE_PRAGMA and what == "table_xinfo")
                    else sqlite3.SQLITE_DENY
                )
            )
            database.set_progress_handler(lambda: _late(budget), _STEPS)
            database.text_factory = bytes
            tables = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
            ).fetchmany(budget.limits.members)
            for (name,) in tables:
                try:
                    yield from _table(database, name.decode("utf-8", "replace"), budget)
                except sqlite3.Error:
                    budget.seconds()  # it may have been the clock that stopped the machine
                    yield Member(name.decode("utf-8", "replace"), Refused(DAMAGED))
        if len(content.whole) % _page_size(content.whole):  # the library reads zeros for the rest
            raise EOFError("cut short")


def _table(database: Connection, name: str, budget: Budget) -> Iterator[Member]:
    about = database.execute(f"PRAGMA table_xinfo({_quoted(name)})").fetchall()
    columns = [column for _, column, *_, hidden in about if hidden != _COMPUTED]
    selected = ", ".join(_quoted(column.decode("utf-8", "replace")) for column in columns)
    cursor = database.execute(f"SELECT {selected} FROM {_quoted(name)}")
    lines: list[bytes] = []
    size = piece = 0
    for number, row in enumerate(cursor, 1):
        lines.append(_line(columns, row))
        size += len(lines[-1])
        for column, value in zip(columns, row, strict=True):
            if _is_binary(value):
                inner = column.decode("utf-8", "replace")
                yield Member(f"{name}/{number}/{inner}", BytesIO(value))
        if size >= _PIECE or len(lines) == _ROWS:
            piece += 1
            yield Member(f"{name}/part {piece}", BytesIO(b"".join(lines)))
            lines, size = [], 0
    if lines:
        yield Member(f"{name}/part {piece + 1}" if piece else name, BytesIO(b"".join(lines)))


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _line(columns: list[bytes], row: tuple[Any, ...]) -> bytes:
    shown = (
        column + b"=" + (value if isinstance(value, bytes) else str(value).encode())
        for column, value in zip(columns, row, strict=True)
        if value is not None and not _is_binary(value)
    )
    return b"\t".join(shown) + b"\n"


def _is_binary(value: object) -> bool:
    return isinstance(value, bytes) and b"\0" in value[:512]


def _page_size(data: bytes) -> int:
    size = int.from_bytes(data[16:18], "big")
    return 65_536 if size == 1 else max(512, size)


def _without_journal(data: bytes) -> bytes:
    """The same database without the mark that it has a write-ahead log, which is another file."""
    return data[:18] + b"\1\1" + data[20:] if data[18:20] == b"\2\2" else data


def _late(budget: Budget) -> bool:
    """Whether the machine has to stop."""
    from keymuster.collect.containers.base import Stopped

    try:
        budget.seconds()
    except Stopped:
        return True
    return False
