"""Column types that mean the same in SQLite and in PostgreSQL: times with a zone, words of any characters,
structs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, String, TypeDecorator

_STRANGE = re.compile("[\x00\x1a\ud800-\udfff]")
_WRITTEN = re.compile("\x1a([0-9a-f]{4})")


class Time(TypeDecorator[datetime]):
    """UTC. SQLite has no zones, so that it keeps none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        time: datetime = value
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text. PostgreSQL takes neither NUL nor what stands for bytes that are no UTF-8, and names of files may hold
    both: such a character is written as SUB and its number."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or not _STRANGE.search(value):
            return value
        return _STRANGE.sub(lambda found: f"\x1a{ord(found[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or "\x1a" not in value:
            return value
        return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), value)


class Packed(TypeDecorator[bytes]):
    """What `packing.py` has made."""

    impl = LargeBinary
    cache_ok = True
