"""Files compressed with xz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from keymuster.collect.containers.base import (
    Budget,
    Container,
    Content,
    Decompressed,
    Form,
    Member,
)

if TYPE_CHECKING:
    from lzma import LZMADecompressor

MOST_MEMORY = 256 * 1024 * 1024
"""Bytes that the decoder may ask for: 65 MiB are enough for `xz -9`."""


class Xz(Container):
    """One or more xz streams behind each other."""

    name: ClassVar[str] = "xz"
    form: ClassVar[Form] = Form.COMPRESSED
    streams: ClassVar[bool] = True

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(b"\xfd7zXZ\0")

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        yield Member("", Decompressed(content, decompressor, several=True))


def decompressor() -> LZMADecompressor:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY)
