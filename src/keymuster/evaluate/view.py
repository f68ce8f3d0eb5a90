"""What a policy's `when:` may speak of: the fields of a record, and what follows from them.

Every field is a CEL variable of its own (`credential.kind`), declared with its type, so that an
expression with a typo is refused when rules are loaded and not when an estate is scanned.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from keymuster.evaluate.derived import derived as follows_from
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import FACTS
from keymuster.model import (
    Credential,
    Grant,
    Identity,
    InlineAllow,
    Resource,
    RiskException,
    Trust,
    Use,
)
from keymuster.rules.schema import Subject

SUBJECTS: dict[Subject, type[Any]] = {
    "identity": Identity,
    "credential": Credential,
    "grant": Grant,
    "trust": Trust,
    "use": Use,
    "resource": Resource,
    "inline_allow": InlineAllow,
    "exception": RiskException,
}
"""The record each word of `applies_to` stands for."""


@cache
def fields(subject: Subject) -> dict[str, str]:
    """Name -> CEL type of everything a policy about this subject may name."""
    hints = typing.get_type_hints(SUBJECTS[subject])
    plain = {name: kind for name, hint in hints.items() if (kind := _cel_type(hint))}
    derived = {name: kind for name, (kind, _) in follows_from(subject).items()}
    return plain | derived | {name: kind for name, (kind, _) in FACTS.get(subject, {}).items()}


class View(Mapping[str, Any]):
    """Name -> value of every field of `fields(subject)` for one record. Each is found when it is asked
    for: most policies ask a record for its kind and then for nothing more."""

    __slots__ = ("_derived", "_facts", "_inventory", "_known", "_now", "_record", "_subject")

    def __init__(self, subject: Subject, record: Any, inventory: Inventory, now: datetime) -> None:
        self._subject = subject
        self._record = record
        self._inventory = inventory
        self._now = now
        self._derived = follows_from(subject)
        self._facts = FACTS.get(subject, {})
        self._known = inventory.facts.get(record.id, {})

    def __getitem__(self, name: str) -> Any:
        if name in self._derived:
            return _plain(self._derived[name][1](self._record, self._inventory, self._now))
        if name in self._facts:
            return _plain(self._known.get(name, self._facts[name][1]))
        if name not in fields(self._subject):
            raise KeyError(name)
        return _plain(getattr(self._record, name))

    def __iter__(self) -> Iterator[str]:
        return iter(fields(self._subject))

    def __len__(self) -> int:
        return len(fields(self._subject))


def view(subject: Subject, record: Any, inventory: Inventory, now: datetime) -> View:
    """What policies see of a record."""
    return View(subject, record, inventory, now)


def _cel_type(hint: Any) -> str | None:
    if isinstance(hint, type) and issubclass(hint, str | StrEnum):
        return "string"
    return {
        bool: "bool",
        tuple[str, ...]: "list<string>",
        dict[str, str]: "map<string, string>",
        dict[str, Any]: "map<string, dyn>",
    }.get(hint)


def _plain(value: Any) -> Any:
    """The value as CEL takes it: no enums, no tuples, no numbers of more than 64 bits, and text that
    is UTF-8 throughout, with escapes for the bytes of a file name that are not."""
    if type(value) is str and value.isascii() and "\0" not in value:  # most are
        return value
    match value:
        case StrEnum():
            return value.value
        case str() if value.isascii() and "\0" not in value:
            return value
        case str():
            # The runtime ends a text at its first NUL, so two keys of a map could be one.
            text = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            return text.replace("\0", "\\0")
        case tuple() | list():
            return [_plain(one) for one in value]
        case dict():
            return {_plain(key): _plain(one) for key, one in value.items()}
        case int() if not -(2**63) <= value < 2**63:
            return float(value) if abs(value) < 2**1000 else str(value)
        case _:
            return value
