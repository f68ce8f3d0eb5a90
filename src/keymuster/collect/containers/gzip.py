"""Files compressed with gzip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.containers.base import (
    Budget,
    Container,
    Content,
    Decompressed,
    Form,
    Inflater,
    Member,
)

_WITH_GZIP_HEADER = 31


class Gzip(Container):
    """One or more gzip members behind each other (RFC 1952)."""

    name: ClassVar[str] = "gzip"
    form: ClassVar[Form] = Form.COMPRESSED
    streams: ClassVar[bool] = True

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(b"\x1f\x8b\x08")

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        yield Member("", Decompressed(content, lambda: Inflater(_WITH_GZIP_HEADER), several=True))
