"""What a plan of Terraform, as `terraform show -json` prints it, will declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from keymuster.collect.base import Blob
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.json import parse
from keymuster.collect.syntax.node import File, Node
from keymuster.collect.terraform.documents import iam_policy
from keymuster.collect.terraform.state import STEPS
from keymuster.collect.terraform.values import Budget, Made, encoded, unknown_at
from keymuster.collect.terraform.vendor_names import Form, VendorNames
from keymuster.model.ids import in_id

_INDEX = re.compile(r"\[[^\]]*\]")
_MODULE = re.compile(r"(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*")
_DOCUMENT = "aws_iam_policy_document"
DEEPEST_MODULE = 20


def declarations(blob: Blob, names: VendorNames) -> Iterator[Declared]:
    """The objects that there will be; Broken if the file is not well-formed."""
    tree = parse(blob.text.content.decode("utf-8", "replace"), File.of(blob))
    root = tree.get("planned_values", "root_module")
    if root is None:
        return
    plan = _Plan(tree)
    scope = f"terraform:{in_id(blob.path)}"
    budget = Budget(STEPS)
    for name, output in _outputs(tree):
        settings = output.holding({"output": output.holding(name), **dict(output.entries())})
        yield Declared(
            type="terraform:output", name=f"output.{name}", scope=scope, settings=settings
        )
    for resource in _resources(root):
        values = resource.get("values")
        address, type = resource.text("address"), resource.text("type")
        if resource.text("mode") != "managed" or values is None or not address:
            continue
        settings = resource.holding(plan.completed(address, values, budget).value)
        for number, (kind, made) in enumerate(names.objects(type, settings, Form.STATE, budget)):
            name = address if not number else f"{address}#{number}"
            yield Declared(type=kind, name=name, scope=scope, settings=made)


class _Plan:
    """What a plan says of values that will be known only later."""

    def __init__(self, tree: Node) -> None:
        self._unknown = {
            change.text("address"): unknown
            for change in _items(tree.get("resource_changes"))
            if (unknown := change.get("change", "after_unknown")) is not None
        }
        self._expressions = dict(_configured(tree.get("configuration", "root_module"), "", 0))
        roots = (
            tree.get("planned_values", "root_module"),
            tree.get("prior_state", "values", "root_module"),
        )
        self._documents = {
            one.text("address"): one
            for root in roots
            if root is not None
            for one in _resources(root)
            if one.text("type") == _DOCUMENT
        }

    def completed(self, address: str, values: Node, budget: Budget) -> Node:
        """The values of a resource, and for those that are not known what they depend on."""
        if not isinstance(values.value, dict):
            return values
        entries: dict[str, Node] = dict(values.value)
        module = _module_of(address)
        for name, unknown in _entries(self._unknown.get(address)):
            budget.spend()
            if unknown.value is True:
                missing = self._missing(address, module, name, values, budget)
                if missing is not None:
                    entries[name] = missing
            elif name in entries and unknown.value:
                entries[name] = _filled(entries[name], unknown.value, f"{address}.{name}", budget)
        return values.holding(entries)

    def _missing(
        self, address: str, module: str, name: str, at: Node, budget: Budget
    ) -> Node | None:
        """One that is wholly unknown; None if nobody has set it, and it comes from the provider."""
        expressions = self._expressions.get(_INDEX.sub("", address))
        expression = expressions.get(name) if expressions is not None else None
        if expression is None:
            return None
        names = [one.text() for one in _items(expression.get("references"))]
        if not names:
            return unknown_at(at, "${" + f"{address}.{name}" + "}")
        document = self._document(address, module, names, budget)
        return document or _reference(at, f"{module}.{names[0]}" if module else names[0])

    def _document(self, address: str, module: str, names: list[str], budget: Budget) -> Made | None:
        """The policy document that a value is, if it is one: that with the same key as the resource,
        where there are several."""
        bare = (_INDEX.sub("", one).removesuffix(".json") for one in names)
        wanted = {name for name in bare if not name.startswith(("each.", "count."))}
        if not all(name.startswith(f"data.{_DOCUMENT}.") for name in wanted):
            return None
        prefix = f"{module}." if module else ""
        key = address[address.rindex("[") :] if address.endswith("]") else ""
        for name in sorted(wanted):
            for full in (f"{prefix}{name}{key}", f"{prefix}{name}"):
                found = self._documents.get(full)
                values = found.get("values") if found is not None else None
                if values is not None:
                    renamed = self._renamed(self.completed(full, values, budget))
                    return encoded(values, iam_policy(renamed, budget))
        return None

    def _renamed(self, body: Node) -> Node:
        """Lists that are null as if they were not there."""
        match body.value:
            case dict():
                kept = {key: self._renamed(one) for key, one in body.value.items()}
                return body.holding(
                    {key: one for key, one in kept.items() if one.value not in (None, [])}
                )
            case list():
                return body.holding([self._renamed(one) for one in body.value])
            case _:
                return body


def _filled(value: Node, unknown: Any, name: str, budget: Budget) -> Node:
    """A value with the parts that are not known, in the same places."""
    budget.spend()
    if unknown is True:
        return unknown_at(value, "${" + name + "}")
    if isinstance(unknown, dict) and isinstance(value.value, dict):
        entries = dict(value.value)
        for key, one in unknown.items():
            there = entries.get(key, value.holding(None))
            entries[key] = _filled(there, one.value, f"{name}.{key}", budget)
        return value.holding(entries)
    if isinstance(unknown, list) and isinstance(value.value, list):
        items = list(value.value)
        for number, one in enumerate(unknown[: len(items)]):
            items[number] = _filled(items[number], one.value, f"{name}[{number}]", budget)
        return value.holding(items)
    return value


def _reference(at: Node, name: str) -> Made:
    return unknown_at(at, "${" + re.sub(r"[{}]", "", name) + "}")


def _module_of(address: str) -> str:
    """The module that an address begins with."""
    found = _MODULE.match(address)
    return found[0].rstrip(".") if found else ""


def _configured(module: Node | None, prefix: str, depth: int) -> Iterator[tuple[str, Node]]:
    """The expressions of every resource, by address without keys."""
    if module is None or depth > DEEPEST_MODULE:
        return
    for resource in _items(module.get("resources")):
        expressions = resource.get("expressions")
        if expressions is not None:
            yield f"{prefix}{resource.text('address')}", expressions
    for name, call in _entries(module.get("module_calls")):
        yield from _configured(call.get("module"), f"{prefix}module.{name}.", depth + 1)


def _resources(module: Node, depth: int = 0) -> Iterator[Node]:
    yield from _items(module.get("resources"))
    if depth < DEEPEST_MODULE:
        for child in _items(module.get("child_modules")):
            yield from _resources(child, depth + 1)


def _outputs(tree: Node) -> Iterator[tuple[str, Node]]:
    for name, output in _entries(tree.get("planned_values", "outputs")):
        if isinstance(output.value, dict):
            yield name, output


def _items(node: Node | None) -> list[Node]:
    return node.items() if node is not None else []


def _entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None:
        yield from node.entries()
