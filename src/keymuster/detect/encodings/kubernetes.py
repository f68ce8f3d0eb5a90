"""The `data` of a Kubernetes Secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keymuster.detect import kubernetes
from keymuster.detect.encodings.base import Encoding, Ends, Gate, Piece, is_text
from keymuster.detect.text import as_text

_SAYS_SECRET = b"secret."
"""Put before each key: every value of a Secret is one, whatever its key says."""


def _gates(_: Sequence[bytes]) -> list[Gate]:
    return [(kubernetes.GATE, 0)]


def _decode(text: bytes, ends: Ends, _: int) -> Iterator[Piece]:
    for entry in kubernetes.entries(text, ends.get(0, ())):
        lead = _SAYS_SECRET + entry.key + b": "
        shown = as_text(entry.content)
        clear = is_text(entry.content)
        yield Piece(
            text=lead + shown.content if clear else shown.content,
            start=entry.start,
            end=entry.end,
            encoding="base64",
            lead=len(lead) if clear else 0,
            binary=shown.binary,
            certain=clear,
        )


ENCODING = Encoding(gates=_gates, decode=_decode, in_binary=False)
