"""A file too large to hold, as pieces that overlap."""

from __future__ import annotations

import os
from collections.abc import Iterator

from keymuster.collect.base import Blob
from keymuster.detect.positions import start_of_character
from keymuster.model import Storage

OVERLAP = 256 * 1024
"""More than the engine looks around a hit, on either side."""


_AT_ONCE = 1 << 28
"""Bytes that are asked for at once: what comes in several parts is copied."""


def pieces(
    name: str, storage: Storage, handle: int, content: bytes, left: int, size: int,
    overlap: int = OVERLAP,
) -> Iterator[Blob]:  # fmt: skip
    """An open file of which `content` was read already and `left` bytes were not, in pieces of `size`
    bytes besides what they share. The core of the last one ends where its text does."""
    line, column, lead = 1, 1, 0
    while True:
        end = len(content) - overlap if left else len(content)
        piece = Blob(
            path=name, data=content, storage=storage, line=line, column=column, core=(lead, end)
        )
        yield piece
        if not left:
            return
        keep = start_of_character(content, max(0, end - overlap))
        line, column = piece.positions().at(keep)
        more = read(handle, min(left, size))
        left = left - len(more) if more else 0
        content = content[keep:] + more
        lead = end - keep


def is_last(piece: Blob) -> bool:
    return piece.core is not None and piece.core[1] == len(piece.data)


def read(handle: int, size: int) -> bytes:
    """Up to `size` bytes; fewer only at the end of the file."""
    chunks = []
    while size > 0 and (chunk := os.read(handle, min(size, _AT_ONCE))):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
