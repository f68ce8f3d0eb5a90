"""Gzip (RFC 1952) inside decoded text: user data, Helm releases."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from keymuster.detect.encodings.base import Encoding, Ends, Gate, Piece
from keymuster.detect.text import as_text

_MOST_TIMES = 40
"""Output for each byte of input; text shrinks to a tenth, seldom to a fortieth."""

_ALWAYS = 256 * 1024


def _gates(_: Sequence[bytes]) -> list[Gate]:
    return [(r"^\x1f\x8b\x08", 0)]


def _decode(text: bytes, ends: Ends, room: int) -> Iterator[Piece]:
    if not ends.get(0):
        return
    most = max(1, min(room, _ALWAYS + _MOST_TIMES * len(text)))
    unpacking = zlib.decompressobj(wbits=31)
    try:
        content = unpacking.decompress(text, most)
    except zlib.error:
        return
    shown = as_text(content)
    yield Piece(
        text=shown.content,
        start=0,
        end=len(text),
        encoding="gzip",
        binary=shown.binary,
        cut=bool(unpacking.unconsumed_tail),
    )


ENCODING = Encoding(gates=_gates, decode=_decode, inner=True)
