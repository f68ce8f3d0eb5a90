"""Base64 (RFC 4648) in both alphabets, on one line or wrapped, of text or around a known token.

Base64 of text shows itself in its first twelve letters: the high bit of every byte is 0, so the
first three letters of each group are of a few only. That is true of base64 of base64, too.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache

from keymuster import regex
from keymuster.detect.encodings._runs import Run, run
from keymuster.detect.encodings.base import Encoding, Ends, Gate, Piece, is_text
from keymuster.detect.text import as_text

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
STANDARD, URL = "+/0-9A-Za-z", "0-9A-Z_a-z-"

TEXT, _PACKED, _ANCHOR = 0, 1, 8
"""Marks of the gates: from `_ANCHOR` on, plus the hit's end within its group of four."""

_START = "(?:^|[^+0-9A-Z_a-z-])"
_ANY = r"[+/0-9A-Za-z_-]"
_TEXT_LENGTH = 12
_PACKED_LENGTH = 8
_LEAST = 16
_HEAD = regex.later(rb"[+/0-9A-Za-z_-]{0,800}")
_NEVER_CUT = regex.later(rb"\\/|\\u00|%2[BbFf]|%3[Dd]|&#|&(?:sol|plus|equals);")
"""Behind an escaped letter the run goes on; it is whole where the escapes are decoded."""


def decoded(letters: bytes) -> bytes:
    """The bytes that letters of either alphabet stand for; what is left over is no byte."""
    plain = letters.translate(_TO_STANDARD)
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))


_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def run_at(text: bytes, start: int) -> Run:
    """The run of base64 that starts here."""
    found = run(text, start, STANDARD, 4)
    if text[found.end : found.end + 1] not in (b"-", b"_"):
        return found
    other = run(text, start, URL, 4)
    return other if other.end > found.end else found


def _gates(anchors: Sequence[bytes]) -> list[Gate]:
    first = _those(lambda value: value in (2, 3) or 8 <= value < 32)
    second = _those(lambda value: not value & 8 and value & 15 != 1)
    third = _those(lambda value: not value & 2)
    wide = f"(?://[45]|[I-Za-f][AQgw][AB]){_ANY}A[C-H][048AEIMQUYcgkosw]A"
    return [
        (f"{_START}(?:{first}{second}{third}{_ANY}){{3}}", TEXT),
        (f"{_START}{wide}", _PACKED),  # UTF-16, with and without a byte-order mark
        (f"{_START}H4sI[A-H]{_ANY}{{3}}", _PACKED),  # gzip
        *(gate for anchor in anchors for gate in _anchored(anchor)),
    ]


def _those(wanted: Callable[[int], bool]) -> str:
    """The letters whose values are wanted, as a character class."""
    return f"[{''.join(letter for value, letter in enumerate(LETTERS) if wanted(value))}]"


def _anchored(anchor: bytes) -> Iterator[Gate]:
    """What a text looks like in base64, at each of the three places in a group."""
    bits = "".join(f"{byte:08b}" for byte in anchor)
    for lead in range(3):
        row = "?" * (8 * lead) + bits
        row += "?" * (-len(row) % 6)
        sixes = [row[at : at + 6] for at in range(0, len(row), 6)]
        fixed = [number for number, six in enumerate(sixes) if six != "??????"]
        gate = "".join(map(_spelled, sixes[fixed[0] : fixed[-1] + 1]))
        yield gate, _ANCHOR + (fixed[-1] + 1) % 4


@cache
def _spelled(six: str) -> str:
    """The letters for six bits, some of which may be unknown (`?`)."""
    return _those(lambda value: fnmatchcase(f"{value:06b}", six))


def _decode(text: bytes, ends: Ends, _: int) -> Iterator[Piece]:
    taken: list[tuple[int, int]] = []
    read = 0
    for start in sorted(
        {end - _TEXT_LENGTH for end in ends.get(TEXT, ())}
        | {end - _PACKED_LENGTH for end in ends.get(_PACKED, ())}
    ):
        if start < read or not _says_something(text, start):
            continue
        found = run_at(text, _first(text, read, start))
        read = found.end
        if _counts(text, found):
            yield _piece(found)
            taken.append((found.start, found.end))
    yield from _around_anchors(text, ends, taken)


def _first(text: bytes, floor: int, start: int) -> int:
    """Where the run begins. A slash before it may be a letter of it, or the path it stands in."""
    if text[start - 1 : start] != b"/":
        return start
    count = _lead(text, floor, start) // 4 * 4
    return start - count if count and is_text(decoded(text[start - count : start][:800])) else start


def _says_something(text: bytes, start: int) -> bool:
    """Whether what starts here decodes to text, or to something packed."""
    letters = _HEAD.match(text, start)
    assert letters is not None
    head = decoded(letters[0])
    shown = as_text(head)
    return head.startswith(b"\x1f\x8b\x08") or (not shown.binary and is_text(shown.content))


def _around_anchors(text: bytes, ends: Ends, taken: list[tuple[int, int]]) -> Iterator[Piece]:
    """Runs that hold a known token somewhere, and start with what is no text."""
    hits = sorted((end, mark - _ANCHOR) for mark in ends if mark >= _ANCHOR for end in ends[mark])
    waiting = iter([*taken, (len(text) + 1, 0)])
    first, last = next(waiting)
    read = 0
    for end, phase in hits:
        while last and last < end:
            read, (first, last) = max(read, last), next(waiting)
        if end <= read or first < end:
            continue
        lead = end - _lead(text, read, end)
        found = run_at(text, lead + (end - phase - lead) % 4)
        if found.end >= end and _counts(text, found):
            yield _piece(found)
        read = max(end, found.end)


def _lead(text: bytes, floor: int, end: int) -> int:
    """How many letters of base64 stand before a place."""
    size = 1024
    while True:
        before = text[max(floor, end - size) : end]
        count = len(before) - len(before.rstrip(_EITHER))
        if count < len(before) or len(before) < size:
            return count
        size *= 4


_EITHER = (LETTERS + "-_").encode()


def _counts(text: bytes, found: Run) -> bool:
    return len(found.letters) >= _LEAST and not _NEVER_CUT.match(text, found.end)


def _piece(found: Run) -> Piece:
    content = decoded(found.letters)
    shown = as_text(content)
    wide = shown.content is not content
    return Piece(
        text=shown.content,
        start=found.start,
        end=found.end,
        encoding="base64 > utf-16" if wide else "base64",
        binary=shown.binary,
    )


ENCODING = Encoding(gates=_gates, decode=_decode)
