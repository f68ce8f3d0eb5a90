"""What the settings of a client allow its agent, in our words, each where it stands.

What a setting is about (`means`):
`approval` (never, edits, ask): whether somebody is asked. `sandbox` (none, workspace, read-only), `sandbox-leave`.
`bypass` (disabled, accepted): whether all checks may be switched off. `allow`, `deny`, `ask`, `core`: lists of rules;
`shell-allow`: of commands; `commands`, `files`, `urls`: maps of patterns; `tool-permissions`, `tool-defaults`,
`amp-permissions`: maps of tools; `tools`: those that an agent has at all. `project-servers`, `discovery`, `server-access`: which servers are started unasked.
`network`, `tls`, `endpoint`, `listener`, `listener-auth`. `credential-store`, `environment`, `variables`, `key-helper`.
`directories`, `hooks`, `folder-trust`, `shell`, `mcp-allow`; `other` says nothing that policies ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from keymuster.collect.agents import hooks, hosts, shown, tools
from keymuster.collect.agents.clients import Configured, places
from keymuster.collect.agents.folders import DISK, HOME
from keymuster.collect.ci.things import Thing
from keymuster.collect.syntax.node import Node
from keymuster.model import Effect

MOST_RULES = 2_000


class Said(NamedTuple):
    """A setting that stands in a file: its key as written, what it is about, and its value in our word."""

    key: str
    means: str
    value: str
    node: Node


class Rule(NamedTuple):
    """What an agent may do without being asked, or may not do."""

    text: str
    effect: Effect | None
    node: Node


_LISTS = {"allow": Effect.ALLOW, "deny": Effect.DENY, "ask": None, "core": None}


def said(root: Node, configured: Configured) -> Iterator[Said]:
    """Every setting of the file that its client is known to have."""
    for setting in configured.client.settings:
        for path in setting.at if isinstance(setting.at, list) else [setting.at]:
            for keys, node in places(root, path):
                key = ".".join(keys)
                if not setting.values:
                    yield Said(key, setting.means, "", node)
                    continue
                text = node.text()
                value = setting.values.get(text) or (setting.values.get("*", "") if text else "")
                if value:
                    yield Said(key, setting.means, value, node)


def rules(settings: list[Said]) -> Iterator[Rule]:
    """The rules that lists and maps of permissions hold."""
    for one in settings:
        if one.means in _LISTS:
            for item in one.node.items()[:MOST_RULES]:
                if isinstance(item.value, str):
                    yield Rule(item.value, _LISTS[one.means], item)
        elif one.means == "shell-allow":
            for item in one.node.items()[:MOST_RULES]:
                if isinstance(item.value, str):
                    yield Rule(f"Bash({item.value})", Effect.ALLOW, item)
        elif one.means == "tools":
            for item in one.node.items()[:MOST_RULES]:
                if item.text() in ("*", "all"):
                    yield Rule("*", Effect.ALLOW, item)
        elif one.means == "mcp-allow":
            for item in one.node.items()[:MOST_RULES]:
                if item.text() in ("*:*", "*"):
                    yield Rule("mcp__*", Effect.ALLOW, item)
        elif one.means == "commands":
            yield from _commands(one.node)
        elif one.means == "tool-permissions":
            yield from _tool_permissions(one.node)
        elif one.means == "tool-defaults":
            for name, tool in one.node.entries():
                default = tool.get("default")
                if default is not None and default.text() == "allow":
                    yield Rule(_tool(name), Effect.ALLOW, default)
        elif one.means == "amp-permissions":
            yield from _amp(one.node)


def _commands(node: Node) -> Iterator[Rule]:
    """A map of commands, or of patterns of such between slashes."""
    if isinstance(node.value, list):
        for item in node.value[:MOST_RULES]:
            yield Rule(f"Bash({item.text()})", Effect.ALLOW, item)
        return
    for pattern, value in list(node.entries())[:MOST_RULES]:
        approved = value.get("approve") if isinstance(value.value, dict) else value
        if approved is not None and isinstance(approved.value, bool):
            yield Rule(f"Bash({pattern})", Effect.ALLOW if approved.value else Effect.DENY, value)


_EFFECTS = {"allow": Effect.ALLOW, "deny": Effect.DENY, "ask": None}


def _tool_permissions(node: Node) -> Iterator[Rule]:
    """`allow` of all, or a map of tools, each with a word or with a map of patterns."""
    if isinstance(node.value, str):
        if node.value == "allow":
            yield Rule("*", Effect.ALLOW, node)
        return
    for name, tool in list(node.entries())[:MOST_RULES]:
        if isinstance(tool.value, str) and tool.value in _EFFECTS:
            yield Rule(_tool(name), _EFFECTS[tool.value], tool)
        for pattern, value in tool.entries():
            if value.text() in _EFFECTS:
                yield Rule(f"{_tool(name)}({pattern})", _EFFECTS[value.text()], value)


def _tool(name: str) -> str:
    return {"bash": "Bash", "edit": "Edit", "write": "Write", "terminal": "Bash"}.get(name, name)


def _amp(node: Node) -> Iterator[Rule]:
    for item in node.items()[:MOST_RULES]:
        tool, action = item.get("tool"), item.get("action")
        if tool is None or action is None:
            continue
        command = item.get("matches", "cmd")
        effect = {"allow": Effect.ALLOW, "reject": Effect.DENY}.get(action.text())
        text = (
            f"{tool.text()}({command.text()})"
            if command is not None and command.text()
            else tool.text()
        )
        yield Rule(text, effect, tool)


def things(settings: list[Said], configured: Configured) -> Iterator[Thing]:
    """All that policies may ask of the settings of a file."""
    client = configured.client.id
    for one in settings:
        if one.value:
            yield _thing("agent_setting", one.node, f"{one.key} = {one.node.text()}"[:120], one.key, client=client,
                         means=one.means, value=one.value)  # fmt: skip
        elif one.means == "hooks":
            for hook in hooks.of(one.node):
                yield _thing("agent_hook", hook.node, f"{hook.event or one.key}: {hook.shown}", f"{hook.event}:{hook.shown}",
                             client=client, managed=configured.file.managed, **hook.facts)  # fmt: skip
        elif one.means == "directories":
            for item in one.node.items():
                what = (
                    "disk"
                    if DISK.fullmatch(item.text())
                    else "home"
                    if HOME.fullmatch(item.text())
                    else ""
                )
                if what:
                    yield _thing("mcp_mount", item, item.text()[:80], item.text()[:80], client=client, server=client,
                                 what=what, read_only=False)  # fmt: skip
        elif one.means == "endpoint":
            yield from _endpoint(one.node, client)
        elif one.means == "variables":
            for name, value in one.node.entries():
                if name.upper().endswith(("_BASE_URL", "_API_BASE", "_ENDPOINT", "_API_URL")):
                    yield from _endpoint(value, client)
        elif one.means == "files":
            for pattern, value in one.node.entries():
                if value.value is True and re.fullmatch(r"(?:\*\*/)?\*{1,2}(?:/\*{1,2})?", pattern):
                    yield _thing("agent_permission", value, f"edits of {pattern}", pattern, client=client, effect="allow",
                                 reach="any-edit", tool="Edit")  # fmt: skip
        elif one.means == "urls":
            for pattern, value in one.node.entries():
                if value.value is True and re.fullmatch(
                    r"(?:https?://)?\*{1,2}(?:/\*{0,2})?|/\.\*/", pattern
                ):
                    yield _thing("agent_permission", value, f"addresses {pattern}", pattern, client=client, effect="allow",
                                 reach="any-address", tool="fetch")  # fmt: skip
    for rule in rules(settings):
        effect = rule.effect.value if rule.effect else "ask"
        yield _thing("agent_permission", rule.node, tools.shown(rule.text), tools.shown(rule.text), client=client,
                     effect=effect, reach=tools.reach(rule.text), tool=shown.text(tools.split(rule.text)[0])[:80])  # fmt: skip


def _endpoint(node: Node, client: str) -> Iterator[Thing]:
    url = hosts.parts(node.text())
    if url is None:
        return
    host = (url.hostname or "").lower()
    yield _thing(
        "agent_endpoint", node, f"{url.scheme}://{host}"[:200], host, client=client, scheme=url.scheme.lower(), host=host,
        where=hosts.kind(host),
    )  # fmt: skip


def whole(settings: list[Said], configured: Configured, root: Node) -> Thing:
    """The client as one file configures it."""
    values: dict[str, Any] = {}
    for one in settings:
        if one.value:
            values.setdefault(one.means.replace("-", "_"), one.value)
    listed = list(rules(settings))
    denied = [tools.shown(rule.text) for rule in listed if rule.effect is Effect.DENY]
    return _thing(
        "agent_client", root.start(), configured.client.name, configured.client.id, client=configured.client.id,
        managed=configured.file.managed, denies=len(denied), allows=sum(rule.effect is Effect.ALLOW for rule in listed),
        hooks=any(one.means == "hooks" for one in settings), settings=sorted({one.means for one in settings}), **values,
    )  # fmt: skip


def _thing(type: str, node: Node, name: str, key: str, **settings: Any) -> Thing:
    return Thing(type, key, name, node.location(), settings)
