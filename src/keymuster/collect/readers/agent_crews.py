"""Agents of CrewAI that stand beside a program: `config/agents.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader

_NAMES = ("agents.yaml", "agents.yml")
_LARGEST = 1024 * 1024


class AgentCrews(Reader):
    """Reads `agents.yaml` with a role, a goal and a backstory for each agent."""

    name: ClassVar[str] = "agent-crews"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return path.endswith(_NAMES)

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or blob.text.binary:
            return
        if b"role" not in content or not (b"goal" in content or b"backstory" in content):
            return
        from keymuster.collect.agents import crews
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.syntax import documents
        from keymuster.collect.syntax.node import Broken

        if len(content) > _LARGEST:
            raise Broken(1, "is too large to be read as a whole")
        try:
            found = documents.documents(blob)
        except Broken:  # many things are called so
            return
        for root in found[:1]:
            yield from crews.of(
                root, Sealing.of(self._context, blob), self._context.rules.resource_types, blob
            )
