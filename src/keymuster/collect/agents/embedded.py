"""Settings of agents that stand as JSON in a file of another kind: what an action in a workflow is told."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from keymuster.collect.agents import records
from keymuster.collect.agents.clients import Clients, Configured
from keymuster.collect.base import Blob
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.literals.search import named
from keymuster.collect.syntax import json
from keymuster.collect.syntax.node import Broken, Node
from keymuster.model import Observation

_NAMES = {
    "mcp_config": "claude-code", "mcp-config": "claude-code", "claude_settings": "claude-code",
    "gemini_settings": "gemini-cli", "additional_mcp_config": "copilot", "mcp_servers": "mcp",
}  # fmt: skip
"""Inputs and variables, and the client whose settings they are."""
_MOST = 200_000


class Embedded(NamedTuple):
    """Settings, and the client whose they are."""

    root: Node
    client: str


def of(
    document: Node, clients: Clients, sealing: Sealing, wanted: Container[str], blob: Blob
) -> Iterator[Observation]:
    """What the settings within a file say."""
    for one in _within(document, b"gemini" in blob.data):
        configured = clients.known(one.client)
        if configured is not None:
            here = Configured(configured.client, configured.file, blob.path.rpartition("/")[0])
            yield from records.of(one.root, here, sealing, wanted, blob)


def _within(document: Node, for_gemini: bool) -> Iterator[Embedded]:
    for name, _, node, _ in named(document):
        text = node.text()
        if "{" not in text[:200] or len(text) > _MOST:
            continue
        client = _NAMES.get(name.lower(), "")
        if name.lower() == "settings" and text.lstrip().startswith("{"):
            client = "gemini-cli" if for_gemini else "claude-code"
        elif not client and '"mcpServers"' in text and text.lstrip().startswith("{"):
            client = "mcp"
        if client:
            try:
                yield Embedded(_parsed(text, node), client)
            except Broken:  # filled in when it runs, or the text of a script
                continue


def _parsed(text: str, node: Node) -> Node:
    """The value in a text: the lines of a block stand below its key, other text is where its key is."""
    is_block = node.style == "|"

    def place(at: int) -> tuple[int, int]:
        return (
            (node.line + 1 + text.count("\n", 0, at), 1) if is_block else (node.line, node.column)
        )

    return json.parse(text, node.file, place)
