"""Encoded text: what is found lies in the text, and what is decoded stands where it says."""

from __future__ import annotations

from functools import cache

from fuzz import making
from fuzz.making import mutated, seeds
from keymuster.detect import encodings
from keymuster.detect.encodings.base import Piece
from keymuster.detect.nested import Budget, Nested
from keymuster.detect.text import as_text

__all__ = ["check", "mutated", "seeds"]

_MOST_PIECES = 200


@cache
def _nested() -> Nested:
    return Nested(making.rules())


def check(data: bytes) -> None:
    shown = as_text(data)
    content = shown.content
    found = _nested().scan(content, binary=shown.binary, path="a.txt")
    for match in found.matches:
        assert 0 <= match.start < match.end <= len(content), f"{match.format.id}: the span"
        if "encoded" not in match.facts:
            assert match.secret.reveal() == content[match.start : match.end], match.format.id
    order = [(match.start, match.end) for match in found.matches]
    assert order == sorted(order)
    gated = _nested()._gated(content, Budget.of(len(content)))
    for name, ends in gated.items():
        for count, piece in enumerate(encodings.load(name).decode(content, ends, 1 << 22)):
            if count == _MOST_PIECES:
                break
            _placed(piece, len(content), name)


def _placed(piece: Piece, size: int, name: str) -> None:
    assert 0 <= piece.start < piece.end <= size, f"{name}: a piece"
    assert piece.lead <= len(piece.text), f"{name}: the lead"
    assert all(0 <= start < end <= size for start, end in piece.spans), f"{name}: a stretch"
    if piece.offsets is None:
        return
    step = max(1, len(piece.text) // 20)
    for begin in range(piece.lead, len(piece.text), step):
        for length in (1, 5, 40):
            end = min(len(piece.text), begin + length)
            span = piece.offsets(begin, end)
            if span is not None:
                assert piece.start <= span[0] < span[1] <= piece.end, f"{name}: offsets"
