"""UTF-16 in the middle of other content: strings of programs, text appended to a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from keymuster.detect.encodings.base import Encoding, Ends, Gate, Offsets, Piece

_LETTER = r"[\t\n\r -~]"
_SEEN = 8
_LAST = re.compile(rb"[ -~](?!\0)|\0(?!\0)")
"""What follows if the zeros stand before their letters: the last letter, or half of an end."""

_LETTERS = re.compile(rb"(?:[\t\n\r -~\x80-\xff]\0)++")


def _gates(_: Sequence[bytes]) -> list[Gate]:
    before = r"(?:^|[^\0]|[^\t\n\r -~]\0)"
    return [(f"{before}(?:{_LETTER}\\0){{{_SEEN}}}", 0)]


def _decode(text: bytes, ends: Ends, _: int) -> Iterator[Piece]:
    read = 0
    for end in ends.get(0, ()):
        start = end - 2 * _SEEN
        if start < read or (found := _LETTERS.match(text, start)) is None:
            continue
        read = stop = found.end()
        big_endian = text[start - 1 : start] == b"\0" and _LAST.match(text, stop) is not None
        stop += big_endian
        yield Piece(
            text=text[start:stop:2],
            start=start - big_endian,
            end=stop,
            encoding="utf-16",
            offsets=_offsets(start - big_endian),
        )


def _offsets(start: int) -> Offsets:
    return lambda begin, end: (start + 2 * begin, start + 2 * end)


ENCODING = Encoding(gates=_gates, decode=_decode)
