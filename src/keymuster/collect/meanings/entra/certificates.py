"""What a public certificate says of itself: who signed it, with what, how long its key is, and by what the
certificate and its private key are known elsewhere.

Enough of X.509 for that (RFC 5280, section 4.1), and no more; what is not well-formed says nothing.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

from keymuster.collect.syntax.node import Node
from keymuster.detect import ssh_keys

_MOST = 40_000
"""Characters: a certificate has one to four thousand."""

_BITS, _VERSION = 0x03, 0xA0

_WEAK = {
    bytes.fromhex("2a864886f70d010104"): "md5",
    bytes.fromhex("2a864886f70d010102"): "md2",
    bytes.fromhex("2a864886f70d010105"): "sha1",
    bytes.fromhex("2a8648ce380403"): "sha1",
    bytes.fromhex("2a8648ce3d0401"): "sha1",
}
"""The object identifiers of signatures by a hash that is broken -> the hash."""

_RSA = bytes.fromhex("2a864886f70d010101")


def facts(node: Node | None) -> dict[str, str]:
    """`self_signed`, `key_bits` of an RSA key, `weak_hash`, `x509_fingerprint` of the certificate and
    `public_key` of its key; nothing where no certificate is told."""
    text = node.text() if node else ""
    if not text or len(text) > _MOST:
        return {}
    try:
        return _facts(b64decode(text, validate=True))
    except (ValueError, binascii.Error, IndexError, StopIteration):
        return {}


def _facts(data: bytes) -> dict[str, str]:
    _, certificate = next(_values(data))
    _, body = next(_values(certificate))
    fields = [one for one in islice(_values(body), 8) if one[0] != _VERSION]
    _serial, (_, algorithm), (_, issuer), _validity, (_, subject), (_, key) = fields[:6]
    found = {
        "self_signed": "yes" if issuer == subject else "no",
        "x509_fingerprint": sha256(data).hexdigest(),
    }
    if public := ssh_keys.of_certificate(_sequence(key)):
        found["public_key"] = public
    _, signature = next(_values(algorithm))
    if signature in _WEAK:
        found["weak_hash"] = _WEAK[signature]
    (_, kind), (tag, bits) = islice(_values(key), 2)
    _, name = next(_values(kind))
    if name == _RSA and tag == _BITS:
        _, numbers = next(_values(bits[1:]))
        _, modulus = next(_values(numbers))
        found["key_bits"] = str(int.from_bytes(modulus, "big").bit_length())
    return found


def _sequence(content: bytes) -> bytes:
    """With its tag and length again."""
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
    return b"\x30" + (length if size < 128 else bytes([0x80 | len(length)]) + length) + content


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The tag and content of each value that stands in others. ValueError where one does not fit."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            octets = length & 0x7F
            if not 1 <= octets <= 4:
                raise ValueError("a length of this form is in no certificate")
            length = int.from_bytes(data[at : at + octets], "big")
            at += octets
        if at + length > len(data):
            raise ValueError("a value ends before its length says")
        yield tag, data[at : at + length]
        at += length
