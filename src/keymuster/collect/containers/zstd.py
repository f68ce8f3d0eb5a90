"""Files compressed with Zstandard."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.containers.base import (
    Budget,
    Container,
    Content,
    Decompressed,
    Decompressor,
    Form,
    Member,
)


class Zstd(Container):
    """One or more frames behind each other (RFC 8878). Frames that want a window of more than
    128 MiB are refused by the library."""

    name: ClassVar[str] = "zstd"
    form: ClassVar[Form] = Form.COMPRESSED
    streams: ClassVar[bool] = True

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(b"\x28\xb5\x2f\xfd")

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        yield Member("", Decompressed(content, decompressor, several=True))


def decompressor() -> Decompressor:
    """The standard library's; before Python 3.14 the same from its backport."""
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor
    else:
        from backports.zstd import ZstdDecompressor
    made: Decompressor = ZstdDecompressor()
    return made
