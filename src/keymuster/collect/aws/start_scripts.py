"""What machines are told to do when they start: user data, as AWS keeps it."""

from __future__ import annotations

import zlib
from base64 import b64decode
from email import message_from_bytes
from email.message import Message

_MOST = 1024 * 1024
"""Bytes. User data has at most 16 KiB, but it may be compressed."""

_GZIP = b"\x1f\x8b"
_SEVERAL = b"content-type: multipart/"


def script(encoded: str) -> str:
    """The text behind base64 and gzip, with each of the parts that cloud-init takes several of."""
    try:
        content = _unpacked(b64decode(encoded))
    except ValueError:
        return encoded
    if _SEVERAL in content[:2000].lower():
        parts = (part for part in message_from_bytes(content).walk() if not part.is_multipart())
        content = b"\n".join(map(_of_part, parts))
    return content.decode("utf-8", "replace")


def _of_part(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return _unpacked(found) if isinstance(found, bytes) else b""


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        return zlib.decompressobj(wbits=31).decompress(content, _MOST)
    except zlib.error:
        return content
