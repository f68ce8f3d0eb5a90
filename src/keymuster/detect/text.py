"""What kind of text a run of bytes is, and its UTF-8 form."""

from __future__ import annotations

import codecs

from msgspec import Struct

_SAMPLE = 8192
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BEGINS = frozenset(mark[:2] for mark, _ in _MARKS)
_UNMARKED = (
    ("utf-16-le", 0, 2),
    ("utf-16-be", 1, 2),
    ("utf-32-le", 0, 4),
    ("utf-32-be", 3, 4),
)
"""Encoding, the byte of each character that holds an ASCII letter, bytes of a character."""


class Text(Struct, frozen=True):
    """Bytes to scan. `binary` means that lines and names say nothing in them."""

    content: bytes
    binary: bool = False


def as_text(content: bytes) -> Text:
    """UTF-16 and UTF-32 become UTF-8; everything else stays as it is, Latin-1 included."""
    if content[:2] not in _BEGINS and content.find(b"\0", 0, _SAMPLE) < 0:
        return Text(content)  # nearly all is
    sample = content[:_SAMPLE]
    marked = next((name for mark, name in _MARKS if sample.startswith(mark)), None)
    encoding = marked or _unmarked(sample)
    if encoding is None:
        return Text(content, binary=True)
    decoded = content.decode(encoding, "replace").removeprefix("\ufeff")
    return Text(decoded.encode("utf-8", "replace"))


def is_plain(content: bytes) -> bool:
    """Whether text surely stays as it is, and so would each part of it."""
    return b"\0" not in content and b"\xff" not in content  # one of which all of `_MARKS` have


def _unmarked(sample: bytes) -> str | None:
    """Mostly-ASCII text has its zeros in every second byte in UTF-16, in three of four in UTF-32,
    and only there."""
    if 3 * sample.count(0) < len(sample):
        return None
    for name, letter, width in _UNMARKED:
        columns = [sample[at::width] for at in range(width)]
        shares = [column.count(0) / max(1, len(column)) for column in columns]
        inside = shares.pop(letter)
        if inside < 0.05 and min(shares) > 0.7:
            return name
    return None
