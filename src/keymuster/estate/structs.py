"""JSON as Structs, read by many threads.

msgspec learns of a type when it first meets it. Two threads that both let it learn of the same one end the process
(by a segmentation fault, in 0.22), so that here one learns after the other.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}
_LEARNING = threading.Lock()


def decoded(data: bytes | bytearray, kind: type[T]) -> T:
    """As `msgspec.json.decode`. What has been read once may from then on be converted in any thread, too."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        with _LEARNING:
            decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    found: T = decoder.decode(data)
    return found
