"""Objects that lie in files of their own."""

from __future__ import annotations

import os
import re
import zlib

from msgspec import Struct

from keymuster.collect.packs.base import WIDTHS, Unsupported
from keymuster.collect.packs.files import File, Garbled, inflated

TYPES = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}
"""As packs number them."""

_HEADER = re.compile(rb"(commit|tree|blob|tag) (0|[1-9][0-9]{0,17})\0")
_LONGEST_HEADER = 32
_FIRST = 4096
_HEX = frozenset("0123456789abcdef")
_LENGTHS = {2 * width for width in WIDTHS.values()}
_FOLDERS = [f"{number:02x}" for number in range(256)]


class Header(Struct):
    """What an object's file says of it; `length` is the header's own."""

    kind: int
    size: int
    length: int


def ids(folder: str, width: int) -> set[bytes]:
    """The objects with files of their own in an object folder, and ids of so many bytes."""
    found: set[bytes] = set()
    for first in _FOLDERS:
        try:
            names = os.listdir(os.path.join(folder, first))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise Unsupported(
                f"the object folder {first} cannot be listed: {error.strerror}"
            ) from error
        for name in names:
            if len(name) + 2 not in _LENGTHS or not _HEX.issuperset(name):
                continue  # something that git is writing, or nothing of git's
            if len(name) + 2 != 2 * width:
                raise Unsupported(f"the object {first}{name} has an id of another kind")
            found.add(bytes.fromhex(first + name))
    return found


def header(folder: str, id: bytes) -> Header:
    """Type and size of an object."""
    with _opened(folder, id) as file:
        return _header(file)


def read(folder: str, id: bytes, size: int) -> bytes:
    """The content of a blob of that size."""
    with _opened(folder, id) as file:
        begun = _header(file)
        if begun.kind != TYPES[b"blob"] or begun.size != size:
            raise Garbled("its file has changed")
        return _content(file, begun)


def content(folder: str, id: bytes, kind: int, most: int) -> bytes:
    """The content of an object of a kind that is no larger than that."""
    with _opened(folder, id) as file:
        begun = _header(file)
        if begun.kind != kind or begun.size > most:
            raise Garbled("its file is of another kind, or too large")
        return _content(file, begun)


def _content(file: File, begun: Header) -> bytes:
    try:
        data, end = inflated(file, 0, file.size, begun.length + begun.size)
    except Garbled as error:
        raise Garbled(f"its file {error}") from error
    if end != file.size:
        raise Garbled("its file has something behind its end")
    return data[begun.length :]


def _opened(folder: str, id: bytes) -> File:
    name = id.hex()
    try:
        return File(os.path.join(folder, name[:2], name[2:]))
    except FileNotFoundError as error:
        raise Garbled("its file is gone") from error
    except Unsupported as error:
        raise Garbled("its file is no regular file") from error
    except OSError as error:
        raise Garbled(f"its file cannot be opened: {error.strerror}") from error


def _header(file: File) -> Header:
    try:
        begun = zlib.decompressobj().decompress(file.at(0, _FIRST), _LONGEST_HEADER)
    except zlib.error as error:
        raise Garbled("its file is compressed wrongly") from error
    except OSError as error:
        raise Garbled(f"its file cannot be read: {error.strerror}") from error
    found = _HEADER.match(begun)
    if not found:
        raise Garbled("its file has no header that git knows")
    return Header(TYPES[found[1]], int(found[2]), found.end())
