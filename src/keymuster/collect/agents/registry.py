"""The registry of agents, `.keymuster/agents.yaml`: what somebody answers for, to hold reality against."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from keymuster.collect.base import Blob
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import Broken, File
from keymuster.collect.syntax.typed import typed
from keymuster.errors import SettingsError
from keymuster.model import Resource, Storage, Trouble
from keymuster.model.ids import in_id
from keymuster.model.registration import TYPE, AgentRegistry

FILE = ".keymuster/agents.yaml"


def registrations(blob: Blob) -> Iterator[Resource]:
    """The entries of a registry file, each at its place; Broken for a file that is wrong. `storage` is
    where the file was seen."""
    documents = yaml.parse(blob.text.content.decode("utf-8", "replace"), File.of(blob))
    if not documents:
        return
    root = documents[0]
    if root.value is not None and not isinstance(root.value, dict):
        raise Broken(root.line, "it is no registry: `agents:` is missing")
    entries = root.get("agents")
    nodes = entries.items() if entries else []
    seen: set[str] = set()
    registry = typed(root, AgentRegistry)
    for agent, node in zip(registry.agents, nodes, strict=True):
        if agent.id in seen:
            raise Broken(node.line, f"a second agent is called `{agent.id}`")
        seen.add(agent.id)
        yield Resource(
            id=f"resource:{TYPE}:{in_id(blob.path)}:{agent.id}",
            type=TYPE,
            name=agent.id,
            location=node.location(),
            settings={
                **msgspec.to_builtins(agent),
                "storage": blob.storage.value,
                "owner_left": agent.owner in registry.left,
            },
        )


def standing(root: str, chosen: str) -> Iterator[Resource | Trouble]:
    """The entries of the registry that stands in a folder, or that settings name, though it was not
    among the files of the scan; SettingsError if one is named that is not there."""
    path = chosen or os.path.join(root, FILE)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        if chosen:
            raise SettingsError(
                f"agents.registry: there is no {chosen}", "Name the file, or remove the setting."
            ) from None
        return
    except OSError as error:
        yield Trouble(
            part="agent-registry", scope=path, message=f"cannot be read: {error.strerror}",
            advice="Make it readable.",
        )  # fmt: skip
        return
    inside = os.path.relpath(path, root).replace(os.sep, "/")
    name = path if inside.startswith("../") else inside
    try:
        yield from registrations(Blob(path=name, data=data, storage=Storage.OTHER))
    except Broken as error:
        yield Trouble(
            part="agent-registry", scope=name, message=error.message, advice=error.advice()
        )
