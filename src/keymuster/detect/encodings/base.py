"""The contract of an encoding, and what decoding gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

Offsets: TypeAlias = Callable[[int, int], tuple[int, int] | None]
"""From a span of the decoded text to the span of the source that spells it; None if none does."""

Gate: TypeAlias = tuple[str, int]
"""What Hyperscan searches, and a mark by which the encoding tells its gates apart."""

Ends: TypeAlias = Mapping[int, Sequence[int]]
"""Where gates matched: mark -> the ends of the hits, never decreasing."""


class Piece(Struct, frozen=True, kw_only=True):
    """Decoded text, and the span of the source that it was.

    Without `offsets` the encoded text is one whole: what is found in it lies in all of it. `lead`
    leading bytes of the text were put there to say what the rest is (`password: `). `certain` means
    that the source says outright that the span is encoded text. `cut` means that decoding stopped
    at a limit. `spans` are the stretches of the source that were decoded, if not all of it.
    """

    text: bytes
    start: int
    end: int
    encoding: str
    lead: int = 0
    offsets: Offsets | None = None
    binary: bool = False
    certain: bool = False
    cut: bool = False
    spans: Sequence[tuple[int, int]] = ()

    def __repr__(self) -> str:  # without its text
        return f"Piece({self.start}, {self.end}, {self.encoding!r})"


class Encoding(Struct, frozen=True, kw_only=True):
    """`gates` says what to search for; it is given the texts that tokens begin with. `decode` gets
    a text, the hits of the gates in it and how many bytes it may give; it looks at each byte of
    the text a bounded number of times, however many hits there are.

    `in_binary` says whether to look in content that is no text; `inner`, whether to look in
    nothing but decoded content. `escapes` says that most of the text stands for itself. `spells`
    says that what it gives depends on nothing but the stretches around the ends without a mark.
    """

    gates: Callable[[Sequence[bytes]], list[Gate]]
    decode: Callable[[bytes, Ends, int], Iterator[Piece]]
    in_binary: bool = True
    inner: bool = False
    escapes: bool = False
    spells: bool = False


_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\f\r\x1b") + b"\x7f"
_SAMPLE = 512


def is_text(content: bytes) -> bool:
    """Whether decoded bytes read as text in ASCII, UTF-8 or, if nearly ASCII, Latin-1. What was
    never encoded text decodes to noise."""
    sample = content[:_SAMPLE]
    if not sample or len(sample.translate(None, _CONTROLS)) < len(sample):
        return False
    if sample.isascii():
        return True
    letters = sample.decode("utf-8", "replace")
    return letters[:-1].count("\ufffd") <= len(letters) // 16
