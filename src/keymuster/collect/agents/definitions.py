"""Agents, commands and skills that a Markdown file declares in its first lines."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from keymuster import regex
from keymuster.collect.agents import records, settings, shown, tools
from keymuster.collect.agents.launchers import launch
from keymuster.collect.agents.prose import client
from keymuster.collect.agents.server_facts import things as server_things
from keymuster.collect.agents.servers import servers
from keymuster.collect.base import Blob
from keymuster.collect.ci.things import Thing, resources
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import File, Node
from keymuster.model import Effect, Grant, GrantKind, Identity, IdentityKind, Observation
from keymuster.model.ids import in_id

_FRONT = regex.later(r"\A\ufeff?---[ \t]*\r?\n(?P<yaml>.*?\r?\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_LARGEST = 100_000
"""Characters of the first lines."""

_MODES = {
    "bypassPermissions": "never",
    "acceptEdits": "edits",
    "dontAsk": "ask",
    "plan": "ask",
    "default": "ask",
}
_ALLOWED = ("allowed-tools", "allowedTools", "allowed_tools", "auto-approve")
_SPLIT = regex.later(r",\s*(?![^()]*\))|\s+(?=[A-Z@*])(?![^()]*\))")


def of(blob: Blob, sealing: Sealing, wanted: Container[str]) -> Iterator[Observation]:
    """What the first lines of a file declare; Broken if they are not well-formed."""
    text = blob.text.content[: 4 * _LARGEST].decode("utf-8", "replace")
    front = _FRONT.match(text)
    if front is None or len(front["yaml"]) > _LARGEST:
        return
    # One line before keeps the numbers of the lines.
    documents = yaml.parse("\n" + front["yaml"], File.of(blob))
    if not documents or not isinstance(documents[0].value, dict):
        return
    root, whose = documents[0], client(blob.path)
    if not any(root.get(key) for key in ("name", "description", "tools", "permission", *_ALLOWED)):
        return
    name = (
        shown.text((root.get("name") or root).text()) or blob.path.rpartition("/")[2].split(".")[0]
    )
    agent = f"agent:{whose}:{in_id(blob.path)}:{name}"
    place = _place(root)
    yield Identity(
        id=agent, kind=IdentityKind.AGENT, provider=whose, name=name, location=place.location(),
        aliases=(f"agent:{name}",), purpose=shown.text((root.get("description") or place.holding("")).text())[:300],
    )  # fmt: skip
    declared = [
        records.Started(one, launch(one.words))
        for one in servers(root, ["mcpServers", "mcp-servers", "mcp_servers"])
    ]
    folder = blob.path.partition("/.")[0] if "/." in blob.path else ""
    for one in declared:
        yield from records.server_records(one, whose, agent, blob.path, folder, sealing)
    for rule in _rules(root):
        said = tools.shown(rule.text)
        if rule.effect is not None:
            yield Grant(
                id=f"{agent}#{rule.effect}:{said}", identity=agent, kind=GrantKind.TOOL_PERMISSION, provider=whose,
                actions=(said,), resources=(blob.path,), effect=Effect(rule.effect), location=rule.node.location(),
            )  # fmt: skip
    found = [thing for one in declared for thing in server_things(one.server, one.launch, whose)]
    found += _things(root, place, name, whose)
    yield from resources(f"agents:{in_id(blob.path)}", found, wanted, blob)


def _things(root: Node, place: Node, name: str, whose: str) -> Iterator[Thing]:
    listed = [item for key in ("tools", *_ALLOWED) for item in _names(root.get(key))]
    mode = root.get("permissionMode") or root.get("permission-mode")
    model = root.get("model")
    yield Thing(
        "agent_definition", name, name, place.location(),
        {"name": name, "client": whose, "model": model.text() if model else "", "tools": [tools.shown(text) for text, _ in listed],
         "permission_mode": mode.text() if mode else "", "all_tools": any(text in ("*", "all") for text, _ in listed)},
    )  # fmt: skip
    if mode is not None and (value := _MODES.get(mode.text())):
        settings_ = {"client": whose, "means": "approval", "value": value}
        yield Thing(
            "agent_setting",
            "permissionMode",
            f"{name}: permissionMode = {mode.text()}",
            mode.location(),
            settings_,
        )
    for rule in _rules(root):
        said = tools.shown(rule.text)
        yield Thing(
            "agent_permission", said, f"{name}: {said}", rule.node.location(),
            {"client": whose, "effect": rule.effect.value if rule.effect else "ask", "reach": tools.reach(rule.text),
             "tool": shown.text(tools.split(rule.text)[0])[:80]},
        )  # fmt: skip


def _rules(root: Node) -> Iterator[settings.Rule]:
    """What it may do: tools that it has matter if they are all there are, tools that are allowed always."""
    for text, node in _names(root.get("tools")):
        if text in ("*", "all"):
            yield settings.Rule("*", Effect.ALLOW, node)
    for key in _ALLOWED:
        for text, node in _names(root.get(key)):
            yield settings.Rule("*" if text == "all" else text, Effect.ALLOW, node)
    permission = root.get("permission")
    if permission is not None:
        said = settings.Said("permission", "tool-permissions", "", permission)
        yield from settings.rules([said])


def _names(node: Node | None) -> Iterator[tuple[str, Node]]:
    """The tools of a list, of a line with commas, or of a map to yes and no."""
    if node is None:
        return
    if isinstance(node.value, dict):
        for name, value in node.entries():
            if value.value is True:
                yield name, value
        return
    for item in node.items():
        if isinstance(item.value, str):
            for name in _SPLIT.split(item.value[:20_000]):
                if name.strip():
                    yield name.strip(), item


def _place(root: Node) -> Node:
    """The line of its name, or the first."""
    return root.get("name") or root.get("description") or root.holding("")
