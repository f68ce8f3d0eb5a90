"""Settings of the programs that run AI agents, and the MCP servers that they start or reach."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.marks import has

if TYPE_CHECKING:
    from keymuster.collect.agents.clients import Clients, Configured
    from keymuster.collect.syntax.node import Node

_ENDINGS = (".json", ".jsonc", ".json5", ".toml", ".yaml", ".yml", ".code-workspace")
_MAYBE = regex.later(
    r"""(?xi) mcp | settings\.jsonc?\Z | devcontainer | \.code-workspace\Z | openclaw | clawdbot | moltbot | librechat |
    managed[-_] | (?:\A|[/.]) (?: claude | cursor | copilot | codeium | windsurf | codex | gemini | qwen | continue | cline | roo |
    kilo | kiro | grok | amazonq | opencode | goose | junie | amp/ | crush | factory | rovodev | augment | power\.json\Z ) """
)
"""What the path of every file in the table of clients holds: most files need not be looked for there."""
_SERVERS = regex.later(rb"\"mcpServers\"\s{0,20}:\s{0,20}\{")
_LARGEST = 8 * 1024 * 1024


class AgentClients(Reader):
    """Reads the files of `rules/known/agent-clients.yaml`, and servers under whatever name."""

    name: ClassVar[str] = "agent-clients"

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def _clients(self) -> Clients:
        from keymuster.collect.agents.clients import Clients

        return Clients(self._context.rules.agents)

    def reads(self, path: str) -> bool:
        return path.endswith(_ENDINGS)

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or blob.text.binary:
            return
        configured = self._clients.of(blob.path) if _MAYBE.search(blob.path) else None
        if configured is None and not (has(content, b'"mcpServers"') and _SERVERS.search(content)):
            return
        from keymuster.collect.agents import clients

        if configured is None:
            configured = self._clients.by_content(blob.path)
            is_sure = False
        else:
            is_sure = True
        if configured is None:
            return
        if not _is_only_for_agents(configured) and not clients.may_speak(configured, content):
            return
        from keymuster.collect.syntax.node import Broken

        if len(content) > _LARGEST:
            if is_sure:
                raise Broken(1, "is too large to be read as a whole")
            return
        from keymuster.collect.agents import records
        from keymuster.collect.literals.sealing import Sealing

        try:
            root = _parsed(blob, content.decode("utf-8", "replace"))
        except Broken:
            if is_sure and _is_only_for_agents(configured):
                raise
            return
        if root is not None:
            sealing = Sealing.of(self._context, blob)
            yield from records.of(
                root, configured, sealing, self._context.rules.resource_types, blob
            )


def _parsed(blob: Blob, text: str) -> Node | None:
    from keymuster.collect.syntax import json, toml, yaml
    from keymuster.collect.syntax.node import File

    file = File.of(blob)
    if blob.path.endswith(".toml"):
        return toml.parse(text, file)
    if not blob.path.endswith((".yaml", ".yml")):
        return json.parse(text.removeprefix("\ufeff"), file) if text.strip() else None
    documents = yaml.parse(text, file)
    return documents[0] if documents else None


def _is_only_for_agents(configured: Configured) -> bool:
    """Whether a file has nothing else to tell: settings of an editor may hold what its own parser takes."""
    return bool(configured.file.servers) and configured.client.id not in ("vscode", "zed", "mcp")
