"""Zip archives by any name: jar, whl, docx, apk, nupkg, zipapps."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, ClassVar

from keymuster.collect.containers.base import (
    DAMAGED,
    ENCRYPTED,
    FALSE_SIZE,
    UNSUPPORTED,
    Budget,
    Container,
    Content,
    Decompressed,
    Decompressor,
    Form,
    Inflater,
    Member,
    Readable,
    Refused,
    Skipped,
    UpTo,
    Window,
)
from keymuster.collect.magic import TAIL

if TYPE_CHECKING:
    from zipfile import ZipInfo

_ENCRYPTED = 0x1
_NOTHING_DEFLATED = 2


class Zip(Container):
    """What the directory at the end of the archive lists. The library reads the directory; what it
    says of sizes is not believed but compared with what comes out."""

    name: ClassVar[str] = "zip"
    form: ClassVar[Form] = Form.ARCHIVE
    streams: ClassVar[bool] = False

    def recognizes(self, data: bytes) -> bool:
        if data[:2] in (b"MZ", b"#!"):
            return _is_behind(data)
        return data.startswith(
            (b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04", b"PK\x07\x08PK\x03\x04")
        )

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        from zipfile import ZipFile

        data = content.whole
        if data.count(b"PK\x01\x02") > budget.limits.members:  # each will be a record in memory
            budget.too_many()
        with ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
        for entry in entries:
            if entry.is_dir() and entry.compress_size <= _NOTHING_DEFLATED:
                continue
            if entry.flag_bits & _ENCRYPTED:
                yield Member(entry.filename, Refused(ENCRYPTED))
            else:
                yield Member(entry.filename, _Entry(data, entry))


def _is_behind(data: bytes) -> bool:
    """Whether a program has a zip behind it, and not just the code that makes one."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - TAIL))
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    return 0 <= size < end and data[end - size : end - size + 4] == b"PK\x01\x02"


class _Entry:
    """The plain bytes of an entry. A stream that ends by itself is read to its own end."""

    def __init__(self, data: bytes, entry: ZipInfo) -> None:
        self._data, self._entry = data, entry
        self._plain: Readable | None = None
        self._size = 0

    def read(self, size: int) -> bytes:
        if self._plain is None:
            self._plain = self._opened()
        data = self._plain.read(size)
        self._size += len(data)
        if not data and self._size != self._entry.file_size:
            raise Skipped(FALSE_SIZE)
        return data

    def _opened(self) -> Readable:
        offset, size = self._entry.header_offset, self._entry.compress_size
        header = self._data[offset : offset + 30]
        if not header.startswith(b"PK\x03\x04") or len(header) < 30:
            raise Skipped(DAMAGED)
        name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        start = offset + 30 + name + extra
        packed = Window(self._data, start, size)
        match self._entry.compress_type:
            case 0:
                return packed
            case 8:
                rest = Window(self._data, start, len(self._data))
                return Decompressed(rest, lambda: Inflater(-15))
            case 12:
                from bz2 import BZ2Decompressor

                return Decompressed(packed, BZ2Decompressor)
            case 14:
                return UpTo(Decompressed(packed, lambda: _lzma(packed)), self._entry.file_size)
            case 93:
                from keymuster.collect.containers.zstd import decompressor

                return Decompressed(packed, decompressor, several=True)
            case 95:
                from keymuster.collect.containers.xz import decompressor as xz

                return Decompressed(packed, xz, several=True)
        raise Skipped(UNSUPPORTED)


def _lzma(packed: Readable) -> Decompressor:
    """Method 14: two bytes of version, the size of the properties, and the properties."""
    import lzma

    from keymuster.collect.containers.seven_zip import lzma_filter

    head = packed.read(4)
    properties = packed.read(int.from_bytes(head[2:4], "little"))
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[lzma_filter(properties)])
