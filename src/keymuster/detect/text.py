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


class Text(Struct, frozen=True):
    """Bytes to scan. `binary` means that lines and names say nothing in them."""

    content: bytes
    binary: bool = False


def as_text(content: bytes) -> Text:
    """UTF-16 and UTF-32 become UTF-8; everything else stays as it is, Latin-1 included."""
    sample = content[:_SAMPLE]
    if b"\0" not in sample:
        return Text(content)
    encoding = next((name for mark, name in _MARKS if sample.startswith(mark)), None)
    encoding = encoding or _unmarked_utf16(sample)
    if encoding is None:
        return Text(content, binary=True)
    decoded = content.decode(encoding, "replace").removeprefix("\ufeff")
    return Text(decoded.encode("utf-8", "replace"))


def _unmarked_utf16(sample: bytes) -> str | None:
    """Mostly-ASCII text in UTF-16 has its zeros in every second byte, and only there."""
    even, odd = sample[::2], sample[1::2]
    zeros_even, zeros_odd = even.count(0), odd.count(0)
    if zeros_odd > 0.7 * len(odd) and zeros_even < 0.05 * len(even):
        return "utf-16-le"
    if zeros_even > 0.7 * len(even) and zeros_odd < 0.05 * len(odd):
        return "utf-16-be"
    return None
