"""Text written as hexadecimal digits, two for each byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keymuster.detect.encodings._runs import run
from keymuster.detect.encodings.base import Encoding, Ends, Gate, Piece, is_text

_START = "(?:^|[^0-9A-WYZa-wyz])"
"""`x` may stand before: `0x...`, `\\\\x...`."""

_SEEN = 12
_LEAST = 24


def _gates(_: Sequence[bytes]) -> list[Gate]:
    return [(f"{_START}(?:[2-7][0-9A-Fa-f]){{{_SEEN // 2}}}", 0)]


def _decode(text: bytes, ends: Ends, _: int) -> Iterator[Piece]:
    read = 0
    for end in ends.get(0, ()):
        if end - _SEEN < read:
            continue
        found = run(text, end - _SEEN, "0-9A-Fa-f", 2)
        read = found.end
        digits = found.letters[: len(found.letters) // 2 * 2]
        if len(digits) >= _LEAST and is_text(content := bytes.fromhex(digits.decode("ascii"))):
            yield Piece(text=content, start=found.start, end=found.end, encoding="hex")


ENCODING = Encoding(gates=_gates, decode=_decode)
