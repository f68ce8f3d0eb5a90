"""Instructions, rules, skills and prompts of agents: what they hide, and what they tell to do with secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.agents import prose
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.model.ids import in_id

_WORDS = (
    "agent", "command", "skill", "droid", "mode", "prompt", "check", "claude", "gemini", "instructions", "steering", "rules",
    "guidelines",
)  # fmt: skip
"""What stands in the path of such prose."""
_LARGEST = 1024 * 1024


class AgentInstructions(Reader):
    """Reads prose that an agent takes for orders: `AGENTS.md`, `.cursorrules`, `SKILL.md`."""

    name: ClassVar[str] = "agent-instructions"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        lower = path.lower()
        if lower.endswith((".md", ".mdc")):
            return any(word in lower for word in _WORDS)
        name = lower.rpartition("/")[2]
        return name.startswith(".") and name.endswith(("rules", "hints"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or blob.text.binary:
            return
        if not prose.instructs(blob.path):
            return
        from keymuster.collect.agents import instructions
        from keymuster.collect.ci.things import resources
        from keymuster.collect.syntax.node import Broken, File

        if len(content) > _LARGEST:
            raise Broken(1, "is too large to be read as a whole")
        found = instructions.things(content.decode("utf-8", "replace"), File.of(blob))
        yield from resources(
            f"agent-instructions:{in_id(blob.path)}",
            found,
            self._context.rules.resource_types,
            blob,
        )
