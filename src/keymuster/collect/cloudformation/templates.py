"""The objects that a CloudFormation template declares."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.base import Blob, Context
from keymuster.collect.cloudformation.intrinsics import Template
from keymuster.collect.cloudformation.loops import PREFIX as LOOP
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax import json, yaml
from keymuster.collect.syntax.node import Broken, File, Node

PARAMETER = "AWS::CloudFormation::Parameter"
OUTPUT = "AWS::CloudFormation::Output"
"""How parameters and outputs of a template are spoken of, which are no resources."""

_AUTHENTICATION = "AWS::CloudFormation::Authentication"
_SERVERLESS = "AWS::Serverless::"


def documents(blob: Blob, *, surely: bool) -> Iterator[Node]:
    """Those of a file that are templates; of a broken file only if it is `surely` meant as one."""
    text = blob.text.content.decode("utf-8", "replace")
    try:
        found = _parsed(text, File.of(blob))
    except Broken:
        if surely:
            raise
        return
    for document in found:
        resources = document.get("Resources")
        entries = resources.entries() if resources is not None else ()
        if any(key.startswith(LOOP) or _type(node) for key, node in entries):
            yield document


def objects(template: Template, scope: str, context: Context, blob: Blob) -> Iterator[Declared]:
    """What a template declares and what has changed of it."""
    names = {
        name for section in ("Parameters", "Resources") for name, _ in template.section(section)
    }
    sealing = Sealing.of(context, blob, names)
    shared = dict(template.section("Globals"))
    for name, node in template.section("Resources"):
        type = _type(node)
        if not type or not blob.counts(node.line, node.end_line):
            continue
        settings = _settings(template, node, shared.get(type.removeprefix(_SERVERLESS)))
        yield Declared(type=type, name=name, scope=scope, settings=settings, sealing=sealing)
    for type, section in ((PARAMETER, "Parameters"), (OUTPUT, "Outputs")):
        for name, node in template.section(section):
            if blob.counts(node.line, node.end_line):
                made = template.resolved(node)
                if made is not None and isinstance(made.value, dict):
                    settings = made.holding({**made.value, "Name": made.holding(name)})
                    yield Declared(
                        type=type, name=f"{section}.{name}", scope=scope, settings=settings,
                        sealing=sealing,
                    )  # fmt: skip


def _parsed(text: str, file: File) -> list[Node]:
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            return [json.parse(text, file)]
        except Broken:  # YAML begins like that, too
            if "\t" in text:
                raise
    return yaml.parse(text, file)


def _type(node: Node) -> str:
    type = node.get("Type")
    text = type.text() if type else ""
    return text if "::" in text else ""


def _settings(template: Template, node: Node, shared: Node | None) -> Node:
    """The properties of a resource, with what SAM has for all of its kind, and with the credentials
    that its metadata hands out. They stand where the resource does."""
    properties = node.get("Properties")
    made = template.resolved(properties) if properties else None
    entries = dict(made.entries()) if made else {}
    if shared is not None and (common := template.resolved(shared)) is not None:
        entries = _merged(common, node.holding(entries))
    hands_out = node.get("Metadata", _AUTHENTICATION)
    if hands_out is not None and (value := template.resolved(hands_out)) is not None:
        entries[_AUTHENTICATION] = value
    return node.holding(entries)


def _merged(common: Node, own: Node) -> dict[str, Node]:
    """What is set for all, and over it what is set for one: maps are put together."""
    entries = dict(common.entries())
    for key, value in own.entries():
        both = isinstance(value.value, dict) and key in entries
        entries[key] = value.holding(_merged(entries[key], value)) if both else value
    return entries
