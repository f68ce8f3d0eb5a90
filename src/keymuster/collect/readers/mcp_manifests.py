"""Manifests of MCP servers: what their publishers say of how they are started and what secrets they want."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.marks import has_one

_NAMES = ("server.json", "manifest.json")
_MARKS = (b"mcp_config", b"dxt_version", b"mcpb_version", b'"packages"', b'"remotes"')
_LARGEST = 2 * 1024 * 1024


class McpManifests(Reader):
    """Reads `server.json` of the MCP registry and `manifest.json` of bundles (MCPB, formerly DXT)."""

    name: ClassVar[str] = "mcp-manifests"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return path.endswith(_NAMES)

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or blob.text.binary:
            return
        if not has_one(content, _MARKS):
            return
        from keymuster.collect.agents import manifests
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.syntax import json
        from keymuster.collect.syntax.node import Broken, File

        if len(content) > _LARGEST:
            if b"mcp" in content:
                raise Broken(1, "is too large to be read as a whole")
            return
        try:
            root = json.parse(
                content.decode("utf-8", "replace").removeprefix("\ufeff"), File.of(blob)
            )
        except Broken:  # many other things have manifests
            return
        if kind := manifests.kind(root):
            yield from manifests.of(
                root,
                kind,
                Sealing.of(self._context, blob),
                self._context.rules.resource_types,
                blob,
            )
