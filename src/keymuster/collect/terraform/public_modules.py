"""Modules of the public registry: their files are not in the repository, but what they make of their
inputs is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform.modules import BLOCKS
from keymuster.collect.terraform.values import is_made, unknown_at
from keymuster.rules.schema import TerraformObject

_REPOSITORY = re.compile(
    r"(?:git::)?(?:https://|ssh://|git@)?(?:[^/@]{1,100}@)?github\.com[/:](?P<owner>[\w-]{1,60})/terraform-"
    r"(?P<provider>[a-z0-9]{1,30})-(?P<name>[\w-]{1,80}?)(?:\.git)?(?P<inside>//[\w./-]{1,200})?(?:\?.*)?"
)


def address(source: str) -> str:
    """What the public registry calls the module that a call names, by its own name or its repository."""
    found = _REPOSITORY.fullmatch(source)
    if found is None:
        return source
    inside = found["inside"] or ""
    return f"{found['owner']}/{found['name']}/{found['provider']}{inside}"


def resources(known: list[TerraformObject], given: Node) -> Iterator[tuple[str, Node]]:
    """(type, settings) of each resource that a module makes of what it is given."""
    for one in known:
        if one.needs and not any(_is_on(given, name) for name in one.needs):
            continue
        if any(_is_off(given, name) for name in one.switches):
            continue
        yield one.resource, _settings(one, given)


def _settings(one: TerraformObject, given: Node) -> Node:
    made: dict[str, Node] = {}
    for name, path in one.names.items():
        value = given.get(name)
        if value is not None and not _is_empty(value):
            _put(made, path, value)
    for name, switch in one.decides.items():
        if name not in made and (not switch or _is_on(given, switch)):
            made[name] = unknown_at(given, "${module." + name + "}")
    return given.holding(made)


def _put(entries: dict[str, Node], path: str, value: Node) -> None:
    """An attribute, or one of a block: `environment.variables`."""
    block, _, name = path.rpartition(".")
    if block:
        if block not in entries:
            entries[block] = value.holding([value.holding({})])
            entries[block].tag = BLOCKS
        inner = entries[block].items()[0].value
        assert isinstance(inner, dict)
        entries = inner
    entries.setdefault(name, value)


def _is_on(given: Node, name: str) -> bool:
    value = given.get(name)
    return value is not None and not _is_empty(value) and value.value is not False


def _is_off(given: Node, name: str) -> bool:
    value = given.get(name)
    return value is not None and value.value is False


def _is_empty(value: Node) -> bool:
    return value.value is None and not is_made(value)
