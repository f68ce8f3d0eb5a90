"""Regular files, read at any place by several processes at once."""

from __future__ import annotations

import os
import stat
import threading
from typing import Self

from keymuster.collect.packs.base import Unsupported

try:  # measured: it takes half as long
    from isal import isal_zlib as zlib
except ImportError:
    import zlib  # type: ignore[no-redef]

_WRONG: type[Exception] = zlib.error  # type: ignore[assignment]  # which is no class to its types

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe in a file's place must not make us wait
    | getattr(os, "O_NOCTTY", 0)
)
_AT_ONCE = 1 << 30
"""Systems read somewhat less than 2 GiB in one call."""


class File:
    """An open file stays readable after its name is gone, and in forked processes."""

    def __init__(self, path: str) -> None:
        self.name = os.path.basename(path)
        self.descriptor = os.open(path, _FLAGS)
        found = os.fstat(self.descriptor)
        self.size = found.st_size
        if not stat.S_ISREG(found.st_mode):
            self.close()
            raise Unsupported(f"{self.name} is no regular file")

    def at(self, offset: int, size: int) -> bytes:
        """Bytes from an offset on; fewer where the file ends."""
        data = pread(self.descriptor, min(size, _AT_ONCE), offset)
        while 0 < len(data) < size:
            more = pread(self.descriptor, min(size - len(data), _AT_ONCE), offset + len(data))
            if not more:
                break
            data += more
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Garbled(Exception):
    """What should be compressed is not, or has another size; the message is the reason. `is_too_much`
    says that it is the size, and `of_base` that it is another object that failed."""

    def __init__(self, reason: str, *, is_too_much: bool = False, of_base: bool = False) -> None:
        super().__init__(reason)
        self.is_too_much = is_too_much
        self.of_base = of_base


def inflated(file: File, place: int, end: int, size: int) -> tuple[bytes, int]:
    """What is compressed between two offsets, which must be so many bytes, and where it ends. No
    more than that is ever made of it, and little more is read than it needs."""
    inflater = zlib.decompressobj()
    reach = min(end, place + size + (size >> 3) + _CHUNK)
    pieces: list[bytes] = []
    left = size + 1
    compressed = b""
    try:
        compressed = file.at(place, reach - place)
        while compressed:
            pieces.append(inflater.decompress(compressed, left))
            left -= len(pieces[-1])
            if inflater.eof or not left:
                break
            compressed = file.at(reach, min(_CHUNK, end - reach))
            reach += len(compressed)
    except _WRONG as error:
        raise Garbled("is compressed wrongly") from error
    except OSError as error:
        raise Garbled(f"cannot be read: {error.strerror}") from error
    data = b"".join(pieces)
    if len(data) > size:
        raise Garbled("is larger than it declares")
    if not inflater.eof:
        raise Garbled("is cut off")
    if len(data) < size:
        raise Garbled("is smaller than it declares")
    return data, reach - len(inflater.unused_data)


_CHUNK = 64 * 1024


def content(path: str, most: int) -> bytes:
    """All of a file; Unsupported if it is larger than that."""
    with File(path) as file:
        if file.size > most:
            raise Unsupported(f"{file.name} has {file.size:,} bytes")
        return file.at(0, file.size)


if hasattr(os, "pread"):
    pread = os.pread
else:  # Windows, where nothing is forked
    _turn = threading.Lock()

    def pread(descriptor: int, size: int, offset: int, /) -> bytes:
        with _turn:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, size)
