"""Escapes of JSON (RFC 8259, 7) and of the string literals of JavaScript and its kin."""

from __future__ import annotations

from keymuster.detect.encodings._escapes import encoding

_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_GATE = (
    r"[=:,(>][ \t]{0,2}\\{1,7}[\"']|[^\s\"'\\,;:(){}<>]{6}\\{1,7}[nr]|"
    r"\\(?:/|u00[0-7]|u\{|x[2-7][0-9A-Fa-f])"
)
"""Escapes of which a secret may be made, or where one may begin or end: a quote behind a sign, a
line's end behind a value. Strings are full of others."""

_ESCAPE = r"\\(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}|[\"'/\\`bfnrt])"


def _meaning(escape: bytes) -> bytes:
    kind, rest = escape[1:2], escape[2:]
    if not rest:
        return _LETTERS.get(kind, kind)
    number = int(rest.strip(b"{}"), 16)
    return chr(number).encode("utf-8", "replace") if number <= 0x10FFFF else escape


ENCODING = encoding("json", _GATE, _ESCAPE, _meaning)
