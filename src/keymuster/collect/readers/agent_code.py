"""Agents that programs build with a framework, and the MCP servers that they use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.agents.imports import MARKS, NAMES, PROGRAMS, may_build_agents
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.marks import has, has_one
from keymuster.collect.together import Together


class AgentCode(Reader):
    """Reads Python, JavaScript and TypeScript that imports a framework for agents."""

    name: ClassVar[str] = "agent-code"
    programs: ClassVar[bool] = True

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return path.endswith(PROGRAMS)

    def among(self, together: Together) -> list[int]:
        files = together.files
        return [number for number in together.having(MARKS) if self.reads(files[number].path)]

    def read(self, blob: Blob) -> Iterator[Observed]:
        if blob.core is not None or not any(has(blob.data, mark) for mark in MARKS):
            return iter(())
        if not has_one(blob.data, NAMES) or not may_build_agents(blob.data):
            return iter(())
        return self._declared(blob)

    def _declared(self, blob: Blob) -> Iterator[Observed]:
        from keymuster.collect.agents.programs import observations
        from keymuster.collect.literals.sealing import Sealing

        yield from observations(
            blob, Sealing.of(self._context, blob), self._context.rules.resource_types
        )
