"""Files compressed with bzip2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.containers.base import (
    Budget,
    Container,
    Content,
    Decompressed,
    Form,
    Member,
)


class Bzip2(Container):
    """One or more bzip2 streams behind each other."""

    name: ClassVar[str] = "bzip2"
    form: ClassVar[Form] = Form.COMPRESSED
    streams: ClassVar[bool] = True

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(b"BZh") and data[4:10] in (_BLOCK, _END)

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        from bz2 import BZ2Decompressor

        yield Member("", Decompressed(content, BZ2Decompressor, several=True))


_BLOCK, _END = b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"
