"""What a state of Terraform (version 4) declares: everything is known."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.base import Blob
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.json import parse
from keymuster.collect.syntax.node import File, Node
from keymuster.collect.terraform.evaluation import index_text
from keymuster.collect.terraform.values import Budget
from keymuster.collect.terraform.vendor_names import Form, VendorNames
from keymuster.model.ids import in_id

STEPS = 20_000_000

_ABOUT = ("version", "terraform_version", "serial")


def declarations(blob: Blob, names: VendorNames) -> Iterator[Declared]:
    """The objects of a state, its outputs, and the state itself; Broken if it is not well-formed."""
    tree = parse(blob.text.content.decode("utf-8", "replace"), File.of(blob))
    resources = tree.get("resources")
    if resources is None or not isinstance(resources.value, list):
        return
    scope = f"terraform:{in_id(blob.path)}"
    budget = Budget(STEPS)
    about = {name: one for name, one in tree.entries() if name in _ABOUT}
    yield Declared(type="terraform:state", name="state", scope=scope, settings=_first(tree, about))
    for name, output in _entries(tree.get("outputs")):
        settings = output.holding({"output": output.holding(name), **dict(output.entries())})
        yield Declared(
            type="terraform:output", name=f"output.{name}", scope=scope, settings=settings
        )
    for resource in resources.value:
        type = resource.text("type")
        if resource.text("mode") != "managed" or not type:
            continue
        for instance in _items(resource.get("instances")):
            attributes = instance.get("attributes")
            if attributes is None or not isinstance(attributes.value, dict):
                continue
            address = _address(resource, instance)
            for number, (kind, made) in enumerate(
                names.objects(type, attributes, Form.STATE, budget)
            ):
                name = address if not number else f"{address}#{number}"
                yield Declared(type=kind, name=name, scope=scope, settings=made)


def _first(tree: Node, about: dict[str, Node]) -> Node:
    """What is said of a file as a whole stands on its first line."""
    return tree.start().holding(about)


def _address(resource: Node, instance: Node) -> str:
    module = resource.text("module")
    name = f"{resource.text('type')}.{resource.text('name')}"
    key = instance.get("index_key")
    if key is not None and key.value is not None:
        name += f"[{index_text(key.value)}]"
    return f"{module}.{name}" if module else name


def _items(node: Node | None) -> list[Node]:
    return node.items() if node is not None else []


def _entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None:
        yield from node.entries()
