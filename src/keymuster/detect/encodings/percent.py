"""Percent-encoding (RFC 3986, 2.1), as in URLs and forms."""

from __future__ import annotations

from keymuster.detect.encodings._escapes import encoding


def _meaning(escape: bytes) -> bytes:
    return bytes.fromhex(escape[1:].decode("ascii"))


ENCODING = encoding("percent", "%[2-7][0-9A-Fa-f]", "%[0-9A-Fa-f]{2}", _meaning)
