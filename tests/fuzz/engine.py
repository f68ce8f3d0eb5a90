"""The engine: spans lie in the text, and text further off changes nothing."""

from __future__ import annotations

from functools import cache

from fuzz import making
from fuzz.making import mutated, seeds
from keymuster.detect.engine import Engine
from keymuster.detect.matches import Match

__all__ = ["check", "mutated", "seeds"]

_PARTED = b"\n\n~~~~ ~~~~\n\n"
"""Nothing reaches across but private keys, which may begin before and end behind."""


@cache
def _engine() -> Engine:
    return Engine(making.rules())


def check(data: bytes) -> None:
    _sound(data, _engine().scan(data, binary=True))
    whole = _engine().scan(data, path="src/settings.py")
    _sound(data, whole)
    half = len(data) // 2
    first, second = data[:half], data[half:]
    joined = _engine().scan(first + _PARTED + second)
    _kept(first, joined, 0, half)
    _kept(second, joined, half + len(_PARTED), half)


def _sound(content: bytes, matches: list[Match]) -> None:
    end = 0
    for match in matches:
        assert end <= match.start < match.end <= len(content), f"{match.format.id}: the span"
        assert match.secret.reveal() == content[match.start : match.end], match.format.id
        assert all(isinstance(fact, str) for fact in match.facts.values()), match.format.id
        match.secret.preview.encode()
        end = match.end


def _kept(part: bytes, joined: list[Match], shift: int, border: int) -> None:
    """What is found in a part is found in the whole, unless it lies in something larger. Values are
    left out: what stands near them counts."""
    places = {(one.format.id, one.start, one.end) for one in joined}
    across = [one for one in joined if one.start < border < one.end]
    for match in _engine().scan(part):
        begin, end = match.start + shift, match.end + shift
        if match.format.recognizer is not None or any(
            one.start < end and begin < one.end for one in across
        ):
            continue
        assert (match.format.id, begin, end) in places, f"{match.format.id}: lost beside other text"
