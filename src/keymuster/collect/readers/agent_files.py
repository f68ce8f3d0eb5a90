"""Files of the programs that run AI agents, as files: who may read them, and whether tokens lie in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.model import Resource, Storage
from keymuster.model.ids import in_id

_PERSONAL = ("~/", "/")
_DRIVE = regex.later(r"[A-Za-z]:/")
_TOKEN = regex.later(rb"""[:=]\s{0,4}["']?(?!\$\{)[^\s"'$<{\[][^\s"'<]{19,}""")
"""A value that is long enough to be one. Who keeps it elsewhere leaves an empty file, or a short word."""


class AgentFiles(Reader):
    """Reads files of which the source says who may read them."""

    name: ClassVar[str] = "agent-files"

    def __init__(self, context: Context) -> None: ...

    def reads(self, path: str) -> bool:
        return path.startswith(_PERSONAL) or _DRIVE.match(path) is not None

    def read(self, blob: Blob) -> Iterator[Observed]:
        if blob.mode is None:
            return
        holds = "tokens" if blob.storage is Storage.AGENT_TOKENS else "settings"
        yield Resource(
            id=f"resource:agent_file:{in_id(blob.path)}", type="agent_file", name=blob.path,
            location=blob.location((1, 1), (1, 2)),
            settings={
                "holds": holds,
                "readable_by_others": bool(blob.mode & 0o044), "writable_by_others": bool(blob.mode & 0o022),
                "has_value": holds == "tokens" and _TOKEN.search(blob.data) is not None,
            },
        )  # fmt: skip
