"""SSH keys by their public halves: what `ssh-keygen -l` calls them."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha256

_MAGIC = b"openssh-key-v1\0"

_BODY = re.compile(rb"KEY-----((?:[\s\"',+A-Za-z0-9/=]|\\[nr])+)-----END")
_BREAK = re.compile(rb"\\[nr]|[^A-Za-z0-9+/=]")

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04


def fingerprint(line: str) -> str:
    """Of a public key as in `authorized_keys`: `SHA256:...`; empty if it is none."""
    blob = next((word for word in line.split() if word.startswith("AAAA")), "")
    try:
        key = b64decode(blob, validate=True)
    except (Error, ValueError):
        return ""
    return _called(key) if key else ""


def public_half(token: bytes) -> str:
    """The same of a private key, where it holds its public half in plain text: as OpenSSH writes keys, with
    a passphrase or without, and RSA keys as OpenSSL writes them. ValueError if it does not."""
    found = _BODY.search(token)
    if found is None:
        raise ValueError("no body")
    body = b64decode(_BREAK.sub(b"", found[1]))
    if body.startswith(_MAGIC):
        return _called(_of_openssh(body[len(_MAGIC) :]))
    return _called(_of_rsa(body))


def _called(blob: bytes) -> str:
    return f"SHA256:{b64encode(sha256(blob).digest()).decode().rstrip('=')}"


def _of_openssh(body: bytes) -> bytes:
    """Behind the names of cipher and key derivation, its options and the number of keys."""
    for _ in range(3):
        _, body = _taken(body)
    if int.from_bytes(body[:4], "big") != 1:
        raise ValueError("not one key")
    return _taken(body[4:])[0]


def _taken(body: bytes) -> tuple[bytes, bytes]:
    """A text with its length before it, and what follows."""
    end = 4 + int.from_bytes(body[:4], "big")
    if not 4 <= end <= len(body):
        raise ValueError("cut short")
    return body[4:end], body[end:]


def _of_rsa(der: bytes) -> bytes:
    """Version, modulus and public exponent are what its sequence begins with (PKCS #1), or that of the
    text behind version and algorithm (PKCS #8)."""
    inside, _ = _element(der, _SEQUENCE)
    _, inside = _element(inside, _INTEGER)
    if inside[:1] == bytes([_SEQUENCE]):
        _, inside = _element(inside, _SEQUENCE)
        return _of_rsa(_element(inside, _OCTETS)[0])
    modulus, inside = _element(inside, _INTEGER)
    exponent, _ = _element(inside, _INTEGER)
    parts = (b"ssh-rsa", exponent, modulus)
    return b"".join(len(one).to_bytes(4, "big") + one for one in parts)


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """What an element of DER holds, and what follows."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("another tag")
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    if start + length > len(der):
        raise ValueError("cut short")
    return der[start : start + length], der[start + length :]
