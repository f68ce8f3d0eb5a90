"""The documents of a file that may be YAML or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from keymuster.collect.base import Blob
from keymuster.collect.syntax import json, yaml
from keymuster.collect.syntax.node import Broken, File, Node

MOST_BYTES = 8 * 1024 * 1024
"""Larger files that people write do not exist; what is made by machines is said to be unread."""

_NEXT = "\n---"
"""The end of a line, and what the next one begins with that begins a document."""
_BEHIND = ("", " ", "\t", "\r", "\n")


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
    starts = [0, *_starts(text), len(text)]
    pieces = []
    for begin, end in pairwise(starts):
        piece = text[begin:end]
        pieces.append(piece if is_wanted(piece) else "\n" * piece.count("\n"))
    return pieces


def _starts(text: str) -> Iterator[int]:
    """Where documents begin that say so."""
    if text.startswith(_NEXT[1:]) and text[3:4] in _BEHIND:
        yield 0
    at = text.find(_NEXT)
    while at >= 0:
        behind = at + len(_NEXT)
        if text[behind : behind + 1] in _BEHIND:
            yield at + 1
        at = text.find(_NEXT, behind)
