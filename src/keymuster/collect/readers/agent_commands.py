"""Agents that workflows, tasks and services start."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.margin import AtMargin
from keymuster.collect.marks import has_one
from keymuster.model.ids import in_id

if TYPE_CHECKING:
    from keymuster.collect.agents.clients import Clients
    from keymuster.collect.ci.things import Thing
    from keymuster.collect.syntax.node import Node

_JSON = regex.later(
    r"(?:\A|/)(?:package|tasks|launch|devcontainer)\.json\Z|(?:\A|/)\.devcontainer\.json\Z"
)
_COMPOSE = AtMargin(rb"[\"']?services[\"']?[ \t]{0,8}:")
_FOR_AGENTS = (
    b"mcp", b"agent", b"claude", b"codex", b"gemini", b"opencode", b"openclaw", b"goose", b"aider", b"openhands",
)  # fmt: skip
_MARKS = (
    b"claude", b"codex", b"gemini", b"qwen", b"copilot", b"opencode", b"cursor-agent", b"amp ", b"aider", b"goose", b"GOOSE",
    b"droid", b"kiro-cli", b"q chat", b"dangerously", b"--yolo", b"trust-all-tools", b"allow-all-tools",
)  # fmt: skip
"""What a file holds that speaks of agents: most do not."""
_STARTS = regex.later(
    rb"(?m)^[\"']?(?:jobs|services|steps|stages|pipelines|runs|tasks|apiVersion|workflows|script|before_script|pool)[\"']?[ \t]{0,8}:"
)
"""What a file in YAML has at its margin if it starts something; others may only speak of it."""
_EMBEDDED = (b"mcpServers", b"mcp_config", b"mcp-config")
"""What a file holds that has settings of an agent in it: these, or what is called settings."""
_SETTINGS = b"settings"
_BEFORE = regex.later(rb"(?:\A|[\"'{\[,:?-]|(?:\A|\s)[&!]\S{0,80})[ \t]*(?:claude_|gemini_)?\Z")
_BEHIND = regex.later(rb"[\"']?\s*(?:[:,}\]#]|\n|\Z)")
"""What stands around a name, and not around a word of a sentence."""
_OTHERS = (b"mcp_servers", b"mcp_config", b"mcp-config")
_LARGEST = 4 * 1024 * 1024
"""What the readers of pipelines say of a larger file."""


class AgentCommands(Reader):
    """Reads YAML of whatever system, files of tasks, and Dockerfiles, for agents that are started there."""

    name: ClassVar[str] = "agent-commands"

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def _clients(self) -> Clients:
        from keymuster.collect.agents.clients import Clients

        return Clients(self._context.rules.agents)

    def reads(self, path: str) -> bool:
        if path.endswith((".yml", ".yaml")):
            return True
        if path.endswith(".json") and _JSON.search(path):
            return True
        return "dockerfile" in path.rpartition("/")[2].lower()

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or len(content) > _LARGEST or blob.text.binary:
            return
        speaks = has_one(content, _MARKS)
        is_compose = b"services" in content and has_one(content, _FOR_AGENTS)
        if not speaks and not is_compose:
            return
        if blob.path.endswith((".yml", ".yaml")) and not _STARTS.search(content):
            return
        is_compose = is_compose and bool(_COMPOSE.search(content))
        from keymuster.collect.agents import composed, embedded
        from keymuster.collect.ci.things import resources
        from keymuster.collect.literals.sealing import Sealing

        lower = content.lower()
        holds_settings = _holds_settings(content, lower)
        roots = _documents(blob) if is_compose or holds_settings else []
        things = list(_commands(blob, lower))
        if is_compose:
            things += (one for root in roots for one in composed.of(root))
        yield from resources(
            f"agent-commands:{in_id(blob.path)}", things, self._context.rules.resource_types, blob
        )
        if holds_settings:
            sealing = Sealing.of(self._context, blob)
            for root in roots:
                yield from embedded.of(
                    root, self._clients, sealing, self._context.rules.resource_types, blob
                )


def _holds_settings(content: bytes, lower: bytes) -> bool:
    """Whether there is a name in a file that settings of an agent may have."""
    if has_one(content, _EMBEDDED):
        return True
    if _SETTINGS not in content:
        return False
    return _is_called_settings(lower) or has_one(lower, _OTHERS)


def _is_called_settings(lower: bytes) -> bool:
    at = lower.find(_SETTINGS)
    while at >= 0:
        before, end = lower[max(0, at - 200) : at].rpartition(b"\n")[2], at + len(_SETTINGS)
        if _BEHIND.match(lower, end) and _BEFORE.search(before):
            return True
        at = lower.find(_SETTINGS, end)
    return False


def _documents(blob: Blob) -> list[Node]:
    from keymuster.collect.syntax import documents
    from keymuster.collect.syntax.node import Broken

    try:
        return documents.documents(blob)
    except Broken:  # said by the reader of what else the file is
        return []


def _commands(blob: Blob, lower: bytes) -> Iterator[Thing]:
    from keymuster.collect.agents import commands

    if not commands.may_start_one(lower):
        return
    from keymuster.collect.ci.things import Thing
    from keymuster.collect.syntax.node import File

    text = blob.text.content.decode("utf-8", "replace")
    for one in commands.of(text, File.of(blob)):
        settings = {"means": one.means}
        kind = "agent_command"
        if one.means == "unpinned":
            kind, settings = "mcp_launch", {"kind": one.value, "pinned": "no", "package": one.shown}
        elif one.means == "rule":
            kind, settings = (
                "agent_permission",
                {"effect": "allow", "reach": one.value, "tool": one.shown},
            )
        yield Thing(kind, one.shown, one.shown, one.node.location(), settings)
