"""Private keys in text: PEM (RFC 7468 and its elders), OpenSSH, OpenPGP (RFC 9580), PuTTY."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from keymuster import regex
from keymuster.detect.candidates import Candidate, Recognized, Recognizer
from keymuster.model import Confidence, CredentialStatus

LONGEST = 65_536
_BEFORE = 100
"""Bytes before the end of a hit in which it begins."""

"""Bytes from header to footer; a 16,384-bit RSA key needs 13,000."""

_LEAST_BYTES = 30
_LEAST_VARIETY = 16
"""Different bytes in a real key; a made-up body repeats itself. Runs say nothing here: lengths and
prime moduli are full of zeros and ones."""

_EITHER = regex.later(
    rb"-----(?:BEGIN |(?P<end>END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----))", re.IGNORECASE
)
"""What comes after a header: the footer, or the next header."""
_FIELD = regex.later(rb"(?:^|\n|\\n)[ \t\"'+]*[A-Za-z][A-Za-z-]*: [^\n\\]*")
_ESCAPE = regex.later(rb"\\+[nrt]|\\u000[adAD]|&#(?:1[03]|x0*[aAdD]);")
_BASE64 = regex.later(rb"[+/]*[A-Za-z0-9][A-Za-z0-9+/]*")
_LINE = regex.later(rb"[A-Za-z0-9+/]{16,}={0,2}")
_TRUNCATED = regex.later(
    rb"(?:[\s\"'+,;#*>\\-]|\\[nr])*(?:[A-Za-z0-9+/]{16,}={0,2}(?:[\s\"'+,;#*>\\]|\\[nr]|-(?!-))*)+"
)

Judge = Callable[[bytes, bytes, bytes], tuple[CredentialStatus | None, Confidence]]


def _recognizer(header: str, judge: Judge) -> Recognizer:
    """`judge(label, text between header and footer, decoded start)` says encrypted and how sure."""
    starts = re.compile(rf"-----BEGIN {header}-----".encode(), re.IGNORECASE)

    def recognize(content: bytes, end: int, _: int, __: str) -> Recognized:
        return keys(content, end), end - _BEFORE, end + LONGEST

    def keys(content: bytes, end: int) -> Iterator[Candidate]:
        begin = content.rfind(b"-----", max(0, end - _BEFORE), end - 5)
        head = starts.fullmatch(content, begin, end) if begin >= 0 else None
        if head is None:
            return
        footer = _EITHER.search(content, end, end + LONGEST)
        if footer and footer["end"]:
            inside, stop = content[end : footer.start()], footer.end()
        else:  # the footer is missing or belongs to another key
            cut = _TRUNCATED.match(content, end, end + LONGEST)
            if cut is None:
                return
            *_, last = _LINE.finditer(cut[0])
            inside, stop = cut[0][: last.end()], end + last.end()
        decoded = _decoded(inside)
        if len(decoded) < _LEAST_BYTES or len(set(decoded)) < _LEAST_VARIETY:
            return
        status, confidence = judge(head[0], inside, decoded)
        yield Candidate(
            start=begin, end=stop, public=end - begin, status=status, confidence=confidence
        )

    return Recognizer(gates=(f"-----BEGIN {header}-----",), recognize=recognize)


def _decoded(inside: bytes) -> bytes:
    """The bytes of the base64 body, whatever string syntax it is wrapped in; empty if there is
    none. A body with a gap (`...`) ends there."""
    plain = _ESCAPE.sub(b"\n", _FIELD.sub(b"", inside)).split(b"...")[0]
    body = b"".join(_BASE64.findall(plain))
    try:
        return base64.b64decode(body[: len(body) // 4 * 4])
    except (ValueError, binascii.Error):
        return b""


def _pem(label: bytes, inside: bytes, decoded: bytes) -> tuple[CredentialStatus | None, Confidence]:
    if b"ENCRYPTED" in label.upper() or b"ENCRYPTED" in inside[:400]:
        return CredentialStatus.ENCRYPTED, Confidence.HIGH
    return None, Confidence.HIGH if decoded[0] == 0x30 else Confidence.MEDIUM


def _openssh(_: bytes, __: bytes, decoded: bytes) -> tuple[CredentialStatus | None, Confidence]:
    """PROTOCOL.key: magic, then the cipher name as a length-prefixed string."""
    magic = b"openssh-key-v1\0"
    if not decoded.startswith(magic):
        return None, Confidence.MEDIUM
    size = int.from_bytes(decoded[len(magic) : len(magic) + 4], "big")
    cipher = decoded[len(magic) + 4 : len(magic) + 4 + min(size, 64)]
    return None if cipher == b"none" else CredentialStatus.ENCRYPTED, Confidence.HIGH


def _pgp(_: bytes, __: bytes, decoded: bytes) -> tuple[CredentialStatus | None, Confidence]:
    """The first packet is a secret key (tag 5) in the old or new packet format."""
    new = decoded[0] & 0xC0 == 0xC0
    tag = decoded[0] & 0x3F if new else decoded[0] >> 2 & 0xF
    if not decoded[0] & 0x80 or tag != 5:
        return None, Confidence.MEDIUM
    if new:
        header = 2 if decoded[1] < 192 else 3 if decoded[1] < 224 else 6
    else:
        header = 1 + (1, 2, 4, 0)[decoded[0] & 3]
    status = CredentialStatus.ENCRYPTED if _pgp_is_encrypted(decoded[header:]) else None
    return status, Confidence.HIGH


_PGP_PUBLIC = {1: "mm", 2: "mm", 3: "mm", 16: "mmm", 17: "mmmm", 18: "omo", 19: "om", 22: "om"}
_PGP_NATIVE = {25: 32, 26: 56, 27: 32, 28: 57}
"""Public fields of each algorithm: numbers (m), short octet strings (o), or so many bytes."""


def _pgp_is_encrypted(packet: bytes) -> bool:
    """RFC 9580, 5.5.3: the octet behind the public fields is zero for a key in clear."""
    version, algorithm, at = packet[0], packet[5:6], 6
    if not algorithm or version not in (4, 6):
        return False
    if version == 6:
        return packet[10 + int.from_bytes(packet[6:10], "big") :][:1] not in (b"", b"\0")
    at += _PGP_NATIVE.get(algorithm[0], 0)
    for field in _PGP_PUBLIC.get(algorithm[0], ""):
        if field == "m":
            at += 2 + (int.from_bytes(packet[at : at + 2], "big") + 7) // 8
        else:
            at += 1 + int.from_bytes(packet[at : at + 1], "big")
    known = algorithm[0] in _PGP_PUBLIC or algorithm[0] in _PGP_NATIVE
    return known and packet[at : at + 1] not in (b"", b"\0")


PEM = _recognizer("(?:(?:RSA|EC|DSA|ENCRYPTED|ANY|DH) )?PRIVATE KEY", _pem)
OPENSSH = _recognizer("OPENSSH PRIVATE KEY", _openssh)
PGP = _recognizer("PGP PRIVATE KEY BLOCK", _pgp)

_PUTTY = regex.later(
    rb"PuTTY-User-Key-File-[23]: [a-z0-9-]{4,40}\r?\n"
    rb"Encryption: (?P<cipher>[\w-]{4,20})\r?\n"
    rb"(?:(?!Private-Lines)[^\n]{0,400}\n){1,400}?"
    rb"Private-Lines: \d{1,4}\r?\n"
    rb"(?:[A-Za-z0-9+/=]{1,80}\r?\n){1,400}"
    rb"Private-MAC: [0-9a-f]{40,64}"
)


def _putty(content: bytes, end: int, _: int, __: str) -> Recognized:
    return _putty_keys(content, end), end - _BEFORE, end + LONGEST


def _putty_keys(content: bytes, end: int) -> Iterator[Candidate]:
    begin = end - len(b"PuTTY-User-Key-File-2:")
    found = _PUTTY.match(content, begin, begin + LONGEST)
    if found is None:
        return
    encrypted = found["cipher"] != b"none"
    yield Candidate(
        start=begin,
        end=found.end(),
        public=end - begin,
        status=CredentialStatus.ENCRYPTED if encrypted else None,
    )


PUTTY = Recognizer(gates=("PuTTY-User-Key-File-[23]:",), recognize=_putty)
