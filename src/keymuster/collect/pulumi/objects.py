"""What a file of Pulumi declares: its resources, those of its components, its configuration."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.pulumi import CONFIG
from keymuster.collect.pulumi.program import Program, secrets
from keymuster.collect.pulumi.types import Types
from keymuster.collect.syntax.node import Node

_ENCRYPTED = "secure"


def objects(document: Node, scope: str, types: Types) -> Iterator[Declared]:
    """The resources, in their vendors' words."""
    yield from _objects(Program(document), scope, types)
    components = document.get("components")
    for name, component in components.entries() if components is not None else ():
        yield from _objects(Program(component, document), f"{scope}#{name}", types)


def _objects(program: Program, scope: str, types: Types) -> Iterator[Declared]:
    for name, token, settings, stands in program.resources():
        for number, (type, made) in enumerate(types.objects(name, token, settings, program.budget)):
            called = name if not number else f"{name}#{number}"
            yield Declared(type=type, name=called, scope=scope, settings=stands.holding(made.value))


def config(document: Node, scope: str, *, is_stack: bool) -> Iterator[Declared]:
    """The values that are set: of a stack as they are, of a program the defaults. An encrypted one is
    none."""
    section = document.get("config") or document.get("configuration")
    for name, node in section.entries() if section is not None else ():
        value: Node | None = node
        secret = False
        if not is_stack and isinstance(node.value, dict):
            value = node.get("default") or node.get("value")
            marked = node.get("secret")
            secret = marked is not None and marked.text() == "true"
        if value is not None and (kept := _unencrypted(value)) is not None:
            yield _value(scope, name, kept, secret=secret)


def marked(document: Node, scope: str) -> Iterator[Declared]:
    """What a program marks as secret although it stands there for everybody to read."""
    for name, node in secrets(document):
        yield _value(scope, name, node, secret=True)


def _value(scope: str, name: str, node: Node, *, secret: bool) -> Declared:
    settings = {"Name": node.holding(name), "Value": node, "Secret": node.holding(secret)}
    return Declared(
        type=CONFIG, name=f"config.{name}", scope=scope, settings=node.holding({**settings})
    )


def _unencrypted(node: Node) -> Node | None:
    """A value without what is encrypted in it."""
    match node.value:
        case dict() as entries:
            if set(entries) == {_ENCRYPTED}:
                return None
            kept = {key: one for key, value in entries.items() if (one := _unencrypted(value))}
            return node.holding(kept)
        case list() as items:
            return node.holding([one for value in items if (one := _unencrypted(value))])
        case _:
            return node
