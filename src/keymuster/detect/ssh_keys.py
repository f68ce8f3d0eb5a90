"""SSH keys by their public halves: what `ssh-keygen -l` calls them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error

from keymuster import regex
from keymuster.model.sha256 import sha256

_MAGIC = b"openssh-key-v1\0"

_BODY = regex.later(rb"KEY-----((?:[\s\"',+A-Za-z0-9/=]|\\[nr])+)-----END")
_BREAK = regex.later(rb"\\[nr]|[^A-Za-z0-9+/=]")

_SEQUENCE, _INTEGER, _BITS, _OCTETS, _OBJECT = 0x30, 0x02, 0x03, 0x04, 0x06
_PARAMETERS, _POINT = 0xA0, 0xA1

_RSA = bytes.fromhex("2a864886f70d010101")
_EC = bytes.fromhex("2a8648ce3d0201")
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"): b"nistp256",
    bytes.fromhex("2b81040022"): b"nistp384",
    bytes.fromhex("2b81040023"): b"nistp521",
}
"""Object identifiers; of curves with what SSH calls them (RFC 5656)."""


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
    a passphrase or without, and keys of RSA and of NIST's curves as OpenSSL writes them. ValueError if it
    does not."""
    found = _BODY.search(token)
    if found is None:
        raise ValueError("no body")
    body = b64decode(_BREAK.sub(b"", found[1]))
    if body.startswith(_MAGIC):
        return _called(_of_openssh(body[len(_MAGIC) :]))
    return _called(_of_openssl(body))


def of_certificate(key: bytes) -> str:
    """The same of the public key in a certificate (SubjectPublicKeyInfo), by which its private half is
    known; empty if that is of another sort."""
    try:
        inside, _ = _element(key, _SEQUENCE)
        algorithm, inside = _element(inside, _SEQUENCE)
        bits, _ = _element(inside, _BITS)
        kind, parameters = _element(algorithm, _OBJECT)
        if kind == _RSA:
            numbers, _ = _element(bits[1:], _SEQUENCE)
            modulus, rest = _element(numbers, _INTEGER)
            exponent, _ = _element(rest, _INTEGER)
            return _called(_written(b"ssh-rsa", exponent, modulus))
        if kind == _EC:
            return _called(_on_curve(_element(parameters, _OBJECT)[0], bits[1:]))
    except (ValueError, IndexError):
        pass
    return ""


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


def _of_openssl(der: bytes, curve: bytes = b"") -> bytes:
    """Version, modulus and public exponent are what its sequence begins with (PKCS #1), or that of the
    text behind version and algorithm (PKCS #8). Of a curve, the point stands at the end (RFC 5915)."""
    inside, _ = _element(der, _SEQUENCE)
    _, inside = _element(inside, _INTEGER)
    if inside[:1] == bytes([_SEQUENCE]):
        algorithm, inside = _element(inside, _SEQUENCE)
        kind, parameters = _element(algorithm, _OBJECT)
        curve = _element(parameters, _OBJECT)[0] if kind == _EC else b""
        return _of_openssl(_element(inside, _OCTETS)[0], curve)
    if inside[:1] == bytes([_OCTETS]):
        return _of_curve(_element(inside, _OCTETS)[1], curve)
    modulus, inside = _element(inside, _INTEGER)
    exponent, _ = _element(inside, _INTEGER)
    return _written(b"ssh-rsa", exponent, modulus)


def _of_curve(parts: bytes, curve: bytes) -> bytes:
    if parts[:1] == bytes([_PARAMETERS]):
        named, parts = _element(parts, _PARAMETERS)
        curve = _element(named, _OBJECT)[0]
    inside, _ = _element(parts, _POINT)
    return _on_curve(curve, _element(inside, _BITS)[0][1:])


def _on_curve(curve: bytes, point: bytes) -> bytes:
    name = _CURVES.get(curve)
    if name is None or point[:1] != b"\x04":
        raise ValueError("a curve that SSH has no name for, or a point without its second half")
    return _written(b"ecdsa-sha2-" + name, name, point)


def _written(*parts: bytes) -> bytes:
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
