"""The registry of agents, where it is among the files of a scan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader

_NAMES = (".keymuster/agents.yaml", ".keymuster/agents.yml")


class AgentRegistry(Reader):
    """Reads `.keymuster/agents.yaml`. One that settings name is read for every scan that sees agents."""

    name: ClassVar[str] = "agent-registry"

    def __init__(self, context: Context) -> None:
        pass

    def reads(self, path: str) -> bool:
        return path.endswith(_NAMES) and f"/{path}".endswith(tuple(f"/{one}" for one in _NAMES))

    def read(self, blob: Blob) -> Iterator[Observed]:
        from keymuster.collect.agents.registry import registrations

        yield from registrations(blob)
