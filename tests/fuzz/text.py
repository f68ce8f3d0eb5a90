"""What kind of text bytes are: UTF-8 comes out, and plain text comes out of every form of it."""

from __future__ import annotations

from fuzz.making import mutated, seeds
from keymuster.detect.positions import Positions
from keymuster.detect.text import as_text

__all__ = ["check", "mutated", "seeds"]

_FORMS = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def check(data: bytes) -> None:
    shown = as_text(data)
    if shown.content is not data:
        shown.content.decode("utf-8")
        assert not shown.binary
        assert len(shown.content) <= 3 * len(data)
    positions = Positions(shown.content)
    last = (1, 1)
    for offset in range(0, len(shown.content) + 1, max(1, len(shown.content) // 50)):
        place = positions.at(offset)
        assert place >= last, "positions go back"
        last = place
    plain = bytes(byte for byte in data if 9 <= byte < 127)
    if len(plain) < 40:
        return
    for form in _FORMS:
        wide = plain.decode("ascii").encode(form)
        again = as_text(wide)
        assert not again.binary, f"{form} without a mark"
        assert again.content == plain, form
