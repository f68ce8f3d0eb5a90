"""Messages of policies, filled in with what a record says, in words that people have for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keymuster import regex
from keymuster.inventory.build import Inventory
from keymuster.model import Grant, Trust

_MOST = 6
"""Entries of a list that a message names."""

_SCOPE = regex.later(
    r"(?:terraform|cloudformation|serverless|azure-resource-manager|ansible|kubernetes|pulumi):[^:]*:(.+)"
)
_ALIAS = regex.later(r"(?:aws|azure|entra|gcp|kubernetes):(?:role/)?(.+)")


def filled(message: str, seen: Mapping[str, Any], inventory: Inventory) -> str:
    """A message with the fields that it names."""
    words = {name: _spoken(seen[name], inventory) for name in holes(message)}
    if "principal" in words and "vendors" in seen:
        words["principal"] = _with_vendors(words["principal"], seen["vendors"])
    return message.format(**words)


def holes(message: str) -> list[str]:
    """The fields that a message names: plain ones, as conditions.check sees to."""
    return [name for name in _HOLE.findall(message) if name]


_HOLE = regex.later(r"\{\{|\{(\w+)\}")
"""What `string.Formatter` finds in such a message; to import that takes longer than to fill it in."""


def _with_vendors(principal: str, vendors: Sequence[str]) -> str:
    """Who is let in, with whose it is: few know accounts by their numbers."""
    return f"{principal} ({', '.join(vendors)})" if vendors else principal


def _spoken(value: Any, inventory: Inventory) -> str:
    if isinstance(value, list):
        named = [_spoken(one, inventory) for one in value[:_MOST]]
        rest = len(value) - _MOST
        return ", ".join(named) + (f" and {rest} more" if rest > 0 else "")
    return _called(value, inventory) if isinstance(value, str) else str(value)


def _called(text: str, inventory: Inventory) -> str:
    """What people call that of which a text is the id or an alias; any other text as it is."""
    record = inventory.records.get(text)
    if record is not None and (name := getattr(record, "name", "")):
        return str(name)
    if isinstance(record, Grant | Trust) and text.startswith("arn:"):
        return text.partition("#")[0]
    if found := _SCOPE.fullmatch(text):
        return found[1].partition("#")[0]
    found = _ALIAS.fullmatch(text)
    return found[1] if found else text
