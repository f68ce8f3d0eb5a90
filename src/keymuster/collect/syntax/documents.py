"""The documents of a file that may be YAML or JSON."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from keymuster import regex
from keymuster.collect.base import Blob
from keymuster.collect.syntax import json, yaml
from keymuster.collect.syntax.node import Broken, File, Node

MOST_BYTES = 8 * 1024 * 1024
"""Larger files that people write do not exist; what is made by machines is said to be unread."""

_NEXT = regex.later(r"(?m)^---(?=[ \t\r\n]|\Z)")


def documents(
    blob: Blob, is_wanted: Callable[[str], object] = bool, mask: Callable[[str], str] | None = None
) -> list[Node]:
    """The documents of a file whose text `is_wanted`; Broken for a file that is not well-formed. A
    file that is a piece of one has none."""
    if blob.core is not None:
        return []
    content = blob.text.content
    if len(content) > MOST_BYTES:
        raise Broken(1, "is too large to be read as a whole")
    text = content.decode("utf-8", "replace")
    if blob.path.lower().endswith(".json"):
        return [json.parse(text, File.of(blob))] if is_wanted(text) else []
    wanted = "".join(_blanked(text, is_wanted))
    if not wanted.strip():
        return []
    return yaml.parse(mask(wanted) if mask else wanted, File.of(blob))


def _blanked(text: str, is_wanted: Callable[[str], object]) -> list[str]:
    """The text, with the documents that nobody wants made blank: most of a large file is such."""
    starts = [0, *(found.start() for found in _NEXT.finditer(text)), len(text)]
    pieces = []
    for begin, end in pairwise(starts):
        piece = text[begin:end]
        pieces.append(piece if is_wanted(piece) else "\n" * piece.count("\n"))
    return pieces
