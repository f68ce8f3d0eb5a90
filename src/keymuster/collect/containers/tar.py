"""Tape archives: source releases, layers of images, `docker save`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.containers.base import (
    CHUNK,
    DAMAGED,
    Budget,
    Container,
    Content,
    Form,
    Member,
    Skipped,
)

_BLOCK = 512
_MOST_OF_A_HEADER = 1024 * 1024
"""Bytes of an extended header (long names, attributes). It is held in memory, so its size must not
be what the archive says."""


class Tar(Container):
    """Members one by one as they come: ustar, GNU and pax headers.

    The headers are read here and not by `tarfile.open`, which trusts the sizes of extended headers,
    and for which a damaged header is the end of the archive. Holes of sparse files stay out. Links
    have no content of their own.
    """

    name: ClassVar[str] = "tar"
    form: ClassVar[Form] = Form.ARCHIVE
    streams: ClassVar[bool] = True

    def recognizes(self, data: bytes) -> bool:
        return data[257:262] == b"ustar"

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        from tarfile import TarInfo

        long_name = ""
        pax: dict[str, str] = {}
        while header := content.exactly(_BLOCK):
            if not header.strip(b"\0"):
                _check_rest(content)
                return
            info = TarInfo.frombuf(header, "utf-8", "surrogateescape")
            size = int(pax.get("size", info.size))
            if size < 0:
                raise Skipped(DAMAGED)
            match info.type:
                case b"x":
                    pax = dict(_records(_extended(content, size)))
                case b"L":
                    long_name = _text(_extended(content, size).rstrip(b"\0"))
                case b"K" | b"g" | b"X":
                    _extended(content, size)
                case b"1" | b"2" | b"3" | b"4" | b"5" | b"6":
                    budget.member()
                    long_name, pax = "", {}
                case kind:
                    if kind == b"S":
                        _skip_map(content, header)
                    name = pax.get("GNU.sparse.name") or pax.get("path") or long_name or info.name
                    data = _Part(content, size)
                    yield Member(name, data)
                    data.finish()
                    long_name, pax = "", {}


class _Part:
    """The bytes of one member, out of those of the archive."""

    def __init__(self, content: Content, size: int) -> None:
        self._content = content
        self._left = size
        self._padding = -size % _BLOCK

    def read(self, size: int) -> bytes:
        data = self._content.read(min(size, self._left))
        if not data and self._left and size:
            raise EOFError("cut short")
        self._left -= len(data)
        return data

    def finish(self) -> None:
        """Go to the next header, whatever was read."""
        while self._left:
            self.read(CHUNK)
        if len(self._content.exactly(self._padding)) < self._padding:
            raise EOFError("cut short")


def _extended(content: Content, size: int) -> bytes:
    if size > _MOST_OF_A_HEADER:
        raise Skipped(DAMAGED)
    data = _Part(content, size)
    parts = []
    while part := data.read(size):
        parts.append(part)
    data.finish()
    return b"".join(parts)


def _records(header: bytes) -> Iterator[tuple[str, str]]:
    """The records of a pax header, each as `length key=value` and a line end."""
    at = 0
    while at < len(header):
        space = header.find(b" ", at, at + 20)
        length = int(header[at:space]) if space > at else 0
        if not 0 <= space - at < length or at + length > len(header):
            raise Skipped(DAMAGED)
        key, _, value = header[space + 1 : at + length - 1].partition(b"=")
        yield _text(key), _text(value)
        at += length


def _skip_map(content: Content, header: bytes) -> None:
    """The rest of the map of an old GNU sparse file, in blocks that say whether one more follows."""
    more = header[482]
    while more:
        block = content.exactly(_BLOCK)
        if len(block) < _BLOCK:
            raise EOFError("cut short")
        more = block[504]


def _check_rest(content: Content) -> None:
    """Behind the end there may be zeros; another archive there is not seen by most tools, and would
    not be seen here."""
    while rest := content.read(CHUNK):
        if rest.strip(b"\0"):
            raise Skipped("behind the end of an archive")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
