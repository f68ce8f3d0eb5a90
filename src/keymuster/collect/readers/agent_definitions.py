"""Agents, commands and skills that Markdown files declare in their first lines, and what they and instructions
tell to start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.agents import prose
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.model.ids import in_id

_FOLDERS = (
    "agent", "command", "skill", "droid", "mode", "prompt", "check", "claude", "gemini", "instructions", "steering", "rules",
    "guidelines",
)  # fmt: skip
_LARGEST = 1024 * 1024


class AgentDefinitions(Reader):
    """`.claude/agents/reviewer.md` and what other clients have like it: tools, permissions, servers."""

    name: ClassVar[str] = "agent-definitions"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        if not path.endswith((".md", ".mdc")):
            return False
        lower = path.lower()
        return any(word in lower for word in _FOLDERS)

    def read(self, blob: Blob) -> Iterator[Observed]:
        if blob.core is not None or len(blob.data) > _LARGEST or blob.text.binary:
            return  # that it is too large is said by the reader of instructions
        yield from self._orders(blob)
        if not blob.data[:6].lstrip(b"\xef\xbb\xbf").startswith(b"---"):
            return
        if not prose.client(blob.path):
            return
        from keymuster.collect.agents import definitions
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.syntax.node import Broken

        try:
            yield from definitions.of(
                blob, Sealing.of(self._context, blob), self._context.rules.resource_types
            )
        except Broken:
            return  # prose often has first lines that only look like YAML

    def _orders(self, blob: Blob) -> Iterator[Observed]:
        if b"--" not in blob.data and b"-mode" not in blob.data:
            return
        if not prose.defines_or_instructs(blob.path):
            return
        from keymuster.collect.agents import commands
        from keymuster.collect.ci.things import resources
        from keymuster.collect.syntax.node import File

        text = blob.text.content.decode("utf-8", "replace")
        found = commands.orders(text, File.of(blob))
        yield from resources(
            f"agent-orders:{in_id(blob.path)}", found, self._context.rules.resource_types, blob
        )
