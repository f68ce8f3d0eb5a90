"""A2A agent cards: what agents publish about themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.marks import has_one

_PUBLISHED = regex.later(r"(?i)(?:\A|/)\.well-known/agent(?:-card)?\.json\Z")
_ADDRESSES = (b'"url"', b'"supportedInterfaces"')
_LARGEST = 1024 * 1024


class AgentCards(Reader):
    """Reads `.well-known/agent-card.json`, and cards under other names that speak of an agent or a card."""

    name: ClassVar[str] = "agent-cards"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        if not path.endswith(".json"):
            return False
        lower = path.lower()
        return "agent" in lower or "card" in lower or "a2a" in lower

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or blob.text.binary:
            return
        if b'"skills"' not in content or not has_one(content, _ADDRESSES):
            return
        from keymuster.collect.agents import cards
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.syntax import json
        from keymuster.collect.syntax.node import Broken, File

        if len(content) > _LARGEST:
            if _PUBLISHED.search(blob.path):
                raise Broken(1, "is too large to be read as a whole")
            return
        text = content.decode("utf-8", "replace").removeprefix("\ufeff")
        try:
            root = json.parse(text, File.of(blob))
        except Broken:
            if _PUBLISHED.search(blob.path):
                raise
            return
        if cards.is_card(root):
            yield from cards.of(
                root, Sealing.of(self._context, blob), self._context.rules.resource_types, blob
            )
