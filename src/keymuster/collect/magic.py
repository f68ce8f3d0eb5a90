"""Whether a file may be a container, told by its first bytes, without loading what opens it.

Every file passes here and nearly none is one, so this must cost nothing. It may say yes too often:
the containers themselves have the last word.
"""

from __future__ import annotations

_STARTS = frozenset(
    (b"PK", b"\x1f\x8b", b"BZ", b"\xfd7", b"\x28\xb5", b"7z", b"SQ", b"%P")
)  # zip, gzip, bzip2, xz, zstd, 7z, SQLite, PDF
_CODE = frozenset(b"\x0b\x0c\x0d\x0e\x0f\xf3")
"""The second byte of compiled Python, of any version."""
_XML = frozenset((b"<?", b"\xef\xbb"))
_PROGRAMS = frozenset((b"MZ", b"#!"))
_OBJECTS = frozenset(bytes((ord("{"), second)) for second in range(256))
_TELLING = _STARTS | _XML | _PROGRAMS | _OBJECTS

HEAD = 4096
"""Bytes of a file that are enough to tell."""
TAIL = 65_557
"""Bytes at the end of a file that hold the end of a zip: 22, and a comment."""


def may_be_container(data: bytes) -> bool:
    """`data` is a whole file, or its first `HEAD` bytes if that is all there is yet."""
    first = data[:2]
    if first not in _TELLING and data[257:262] != b"ustar" and data[2:4] != b"\r\n":
        return False  # nearly all
    if first in _STARTS or data[257:262] == b"ustar":
        return True
    if data[2:4] == b"\r\n":
        return data[1] in _CODE
    if first in _PROGRAMS:
        tail = max(0, len(data) - TAIL)  # a script has not even the one byte, which is sooner seen
        return data.find(b"\x05", tail) >= 0 and data.find(b"PK\x05\x06", tail) >= 0
    if first in _XML:
        return is_office_xml(data)
    return first in _OBJECTS and b'"architecture"' in data[:HEAD]


def is_office_xml(data: bytes) -> bool:
    """XML with a text in it: a part of an office document, or one in a single file."""
    head = data[:HEAD]
    return b"schemas.openxmlformats.org/" in head or b":opendocument:xmlns:office:" in head
