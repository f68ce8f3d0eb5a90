"""The objects that a template of Azure declares, and those that are no resources: its parameters, its
outputs and what is passed to its modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keymuster.collect.azure import arm, bicep, graph
from keymuster.collect.azure.evaluation import Deployment, Made
from keymuster.collect.azure.tree import Program
from keymuster.collect.base import Blob, Context
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax import json
from keymuster.collect.syntax.node import Broken, File, Node
from keymuster.model.unknown import is_unknown

PARAMETER = "Microsoft.Resources/deployments/parameters"
OUTPUT = "Microsoft.Resources/deployments/outputs"
MODULE = "Microsoft.Resources/deployments/modules"
"""How the parts of a template are spoken of that are no resources."""


def program_of(blob: Blob) -> Program | None:
    """The only program of a file; None if it is broken, or holds none or several."""
    text = blob.text.content.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        if blob.path.lower().endswith((".bicep", ".bicepparam")):
            return bicep.parse(text, File.of(blob))
        [template] = _templates(json.parse(text, File.of(blob)))
        return arm.program(template)
    except (Broken, ValueError):
        return None


def objects(
    blob: Blob, scope: str, context: Context, types: Mapping[str, str], *, surely: bool
) -> Iterator[Declared | str]:
    """What a file declares and what has changed of it; a text says what was not read. Of a broken
    file only if it is `surely` meant as a template. `types` are the known ones by their lower case:
    Azure does not care about case."""
    text = blob.text.content.decode("utf-8", "replace").removeprefix("\ufeff")
    sealing = Sealing.of(context, blob)
    if blob.path.lower().endswith((".bicep", ".bicepparam")):
        program = bicep.parse(text, File.of(blob))
        for one in declared(Deployment(program), scope, sealing, types, passed=_is_passed(blob)):
            if isinstance(one, str) or blob.counts(one.settings.line, one.settings.end_line):
                yield one
        return
    try:
        document = json.parse(text, File.of(blob))
    except Broken:
        if surely:
            raise
        return
    for number, template in enumerate(_templates(document)):
        within = f"{scope}#{number}" if number else scope
        for one in declared(Deployment(arm.program(template)), within, sealing, types):
            if isinstance(one, str) or blob.counts(one.settings.line, one.settings.end_line):
                yield one
    if _is_of_parameters(document):
        for name, node in (document.get("parameters") or document).entries():
            value = node.get("value")
            if value is not None and blob.counts(node.line, node.end_line):
                yield _parameter(scope, sealing, name, node, value, secure=None)


def _is_passed(blob: Blob) -> bool:
    return blob.path.lower().endswith(".bicepparam")


def _templates(document: Node) -> Iterator[Node]:
    """The template that a file is, or that an artifact of a blueprint, a template spec or an exported
    policy has inside."""
    if _has_resources(document):
        yield document
        return
    for path in (
        ("properties", "template"), ("properties", "mainTemplate"), ("template",),
        ("properties", "policyRule", "then", "details", "deployment", "properties", "template"),
    ):  # fmt: skip
        inside = document.get(*path)
        if inside is not None and _has_resources(inside):
            yield inside


def _has_resources(document: Node) -> bool:
    resources = document.get("resources")
    return resources is not None and isinstance(resources.value, list | dict)


def _is_of_parameters(document: Node) -> bool:
    schema = document.get("$schema")
    return schema is not None and "deploymentparameters" in schema.text().lower()


def declared(
    work: Deployment,
    scope: str,
    sealing: Sealing,
    types: Mapping[str, str],
    *,
    passed: bool = False,
) -> Iterator[Declared | str]:
    """What a template declares where it is deployed once."""
    for made in _whole([*work.resources()]):
        type, settings = graph.translated(made.type, _settings(made))
        yield Declared(
            type=types.get(type.lower(), type), name=made.symbol or made.name, scope=scope,
            settings=settings, sealing=sealing,
        )  # fmt: skip
    for name, place, default, secure in work.parameters():
        yield _parameter(scope, sealing, name, place, default, secure=None if passed else secure)
    for name, value in work.outputs():
        settings = value.made({"Name": name, "Value": value})
        yield Declared(
            type=OUTPUT, name=f"outputs.{name}", scope=scope, settings=settings, sealing=sealing
        )
    for symbol, path, settings in work.modules():
        if path.startswith(("br:", "br/", "ts:", "ts/")):
            yield f"takes a module from elsewhere, as {symbol}; it was not read"
        yield Declared(
            type=MODULE, name=f"modules.{symbol}", scope=scope, settings=settings, sealing=sealing
        )


def _settings(made: Made) -> Node:
    place, entries = made.settings, dict(made.settings.entries())
    if made.parent:
        entries["parent"] = place.holding("${[" + made.parent + "].id}")
    if made.name:
        entries["name"] = place.holding(made.name)
    properties = entries.get("properties")
    if properties is None or not (
        isinstance(properties.value, dict) or is_unknown(properties.value)
    ):
        entries["properties"] = place.holding({})
    return place.holding(entries)


_PARTS = {
    ("microsoft.web/sites/config", "authsettings"): "authSettings",
    ("microsoft.web/sites/config", "authsettingsv2"): "authSettingsV2",
    ("microsoft.sql/servers/administrators", "activedirectory"): "administrators",
    ("microsoft.sql/servers/azureadonlyauthentications", "default"): "azureADOnly",
}
"""Type and name of what is an object of its own for Azure, and a setting for those who judge it."""


def _whole(resources: list[Made]) -> list[Made]:
    """The same, with what is set by an object of its own among the settings of what it is part of."""
    by_symbol = {one.symbol: one for one in resources}
    for one in resources:
        part = _PARTS.get((one.type.lower(), one.name.rpartition("/")[2].lower()))
        parent = by_symbol.get(one.parent)
        within = parent.settings.get("properties") if parent else None
        if part and within is not None and isinstance(within.value, dict):
            within.value[part] = one.settings.get("properties") or one.settings.holding({})
    return resources


def _parameter(
    scope: str,
    sealing: Sealing,
    name: str,
    place: Node,
    default: Node | None,
    *,
    secure: bool | None,
) -> Declared:
    settings: dict[str, object] = {"Name": name}
    if secure is not None:  # a file of parameters does not say
        settings["Secure"] = secure
    if default is not None:
        settings["Default"] = default
    return Declared(
        type=PARAMETER, name=f"parameters.{name}", scope=scope, settings=place.made(settings),
        sealing=sealing,
    )  # fmt: skip
