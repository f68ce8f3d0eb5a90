"""Reports read from their text."""

from __future__ import annotations

from keymuster import registry
from keymuster.collect.imports.base import Row, Told, Unread


def told(form: str, text: str) -> list[Told]:
    return list(registry.part("import", form)().read(text.encode()))


def rows(form: str, text: str) -> list[Row]:
    found = told(form, text)
    assert not [one for one in found if isinstance(one, Unread)]
    return [one for one in found if isinstance(one, Row)]


def text(row: Row) -> str:
    assert row.secret is not None
    return row.secret.reveal().decode()
