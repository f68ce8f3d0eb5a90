"""Structs as bytes for a column: JSON, compressed."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

import keymuster.model.roll  # noqa: F401  a report cannot be decoded without
from keymuster.estate.structs import decoded

T = TypeVar("T")

PIECE = 500
"""Records in one piece: whoever goes through them all holds no more at a time."""


def pack(value: Any) -> bytes:
    return squeezed(written(value))


def unpack(data: bytes, kind: type[T]) -> T:
    return read(zlib.decompress(data), kind)


def written(value: Any) -> bytes:
    """As JSON. Names of files may hold what stands for bytes that are no UTF-8; only the slower writer has a form
    for that."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode()


def read(data: bytes, kind: type[T]) -> T:
    try:
        return decoded(data, kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(data), type=kind)


def squeezed(data: bytes) -> bytes:
    return zlib.compress(data)


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def pieces(values: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    """How many there are in each piece, and the piece."""
    for start in range(0, len(values), PIECE):
        some = values[start : start + PIECE]
        yield len(some), b"\n".join(map(written, some))


def lines(data: bytes, kind: Any) -> Iterable[Any]:
    """The values of a piece."""
    for line in zlib.decompress(data).split(b"\n"):
        yield read(line, kind)
