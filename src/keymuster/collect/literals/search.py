"""Secrets in trees of settings, and in scripts that stand in them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from keymuster import regex
from keymuster.collect.literals.names import holds_secrets, kind_of
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.literals.values import LONGEST
from keymuster.collect.syntax.node import Node
from keymuster.model import Credential
from keymuster.model.location import span

_NAMES = ("name", "Name", "key", "Key", "variable_name", "secret_name", "OptionName")
_VALUES = frozenset(("value", "Value", "plaintext_value", "secureValue"))
_ELSEWHERE = ("PARAMETER_STORE", "SECRETS_MANAGER")
"""The `Type` of variables whose value is the name of a place."""

_MOST_OF_SCRIPT = 1_000_000

_LINE = regex.later(
    r"(?m)^[ \t]{0,40}(?:export[ \t]{1,4})?[\"']?(?P<name>[A-Za-z][\w.-]{1,80})[\"']?[ \t]{0,8}[=:]"
    r"[ \t]{0,8}(?P<value>[^\s#,;][^\r\n]{0,400})$"
)

_VARIABLE = regex.later(
    r"(?m)(?:^|[;&\s])[ \t]{0,40}(?:export[ \t]{1,8}|set[ \t]{1,8}|\$env:|\$)?([A-Za-z_]\w{1,80})[ \t]?=[ \t]?"
    r"(?:\"([^\"\n$`]{1,400})\"|'([^'\n]{1,400})'|([^\s\"'$`;|&()<>]{1,400}))"
)

_FLAG = regex.later(
    r"(?:^|\s)--?([A-Za-z][\w-]{1,60})[ =]{1,4}(?:\"([^\"\n$`]{1,400})\"|'([^'\n]{1,400})'|([^\s\"'$`;|&()<>-]\S{0,400}))"
)


class Named(NamedTuple):
    """A scalar. `name` is what tells what it is: its `key`, or what stands beside it as its name. In a
    `holder` all is secret."""

    name: str
    key: str
    node: Node
    holder: bool


def named(root: Node, name: str = "") -> Iterator[Named]:
    """Every scalar of a tree that has a name, in order; what aliases repeat once."""
    waiting = [(name, name, root, False)]
    seen: set[int] = set()
    while waiting:
        name, key, node, holder = waiting.pop()
        if isinstance(node.value, dict | list):
            if id(node.value) in seen:
                continue
            seen.add(id(node.value))
        match node.value:
            case dict() as entries:
                called = _called(entries)
                here = holder or holds_secrets(name)
                waiting += [
                    (called if called and key in _VALUES else key, key, value, here)
                    for key, value in reversed(entries.items())
                    if not (key in _VALUES and _is_elsewhere(entries))
                ]
            case list() as items:
                waiting += [(name, key, item, holder) for item in reversed(items)]
            case bool() | None:
                continue
            case _ if name:
                yield Named(name, key, node, holder)


def _called(entries: dict[str, Node]) -> str:
    if not _VALUES & entries.keys():
        return ""
    return next((text for key in _NAMES if key in entries and (text := entries[key].text())), "")


def _is_elsewhere(entries: dict[str, Node]) -> bool:
    type = entries.get("Type")
    return type is not None and type.text() in _ELSEWHERE


def within(
    root: Node, sealing: Sealing, *, declared_as: str,
    counts: Callable[[int, int], bool] = lambda first, last: True,
) -> Iterator[Credential]:  # fmt: skip
    """The secrets in a tree of settings, by the names of their keys; those on lines that count."""
    for one in named(root):
        if not one.holder and kind_of(one.name) is None:  # most are
            continue
        if one.node.tag or not counts(one.node.line, one.node.end_line):
            continue
        found = sealing.credential(one.node, one.name, declared_as=declared_as, holder=one.holder)
        if found is not None:
            yield found


def once(found: Iterable[Credential]) -> Iterator[Credential]:
    """Each secret once in a line."""
    seen: set[tuple[str, int]] = set()
    for one in found:
        place = one.id, span(one.location)[0]
        if place not in seen:
            seen.add(place)
            yield one


def lines(text: str) -> Iterator[tuple[str, str]]:
    """(name, value) of each line of a text that sets something: `REDIS_PASSWORD=hunter`."""
    for found in _LINE.finditer(text[:LONGEST]):
        yield found["name"], found["value"].strip().rstrip(",;").strip("\"'")


_BASE64 = regex.later(r"[A-Za-z0-9+/\s]{16,}={0,2}\s{0,4}")


def _decoded(script: str) -> str:
    if not _BASE64.fullmatch(script):
        return script
    try:
        return b64decode(script).decode()
    except ValueError:
        return script


def in_script(script: str) -> Iterator[tuple[str, str]]:
    """(name, value) of the variables that a script sets to a secret, and of those that it passes. It may
    be in base64, as those are that start machines."""
    script = _decoded(script[:_MOST_OF_SCRIPT])
    for pattern in (_VARIABLE, _FLAG):
        for found in pattern.finditer(script):
            value = found[2] or found[3] or found[4]
            if value and kind_of(found[1]) is not None:
                yield found[1], value
