"""Character references of HTML and XML: `&quot;`, `&#61;`, `&#x2F;`."""

from __future__ import annotations

from keymuster.detect.encodings._escapes import encoding

_NAMED = {
    b"quot": b'"', b"apos": b"'", b"amp": b"&", b"lt": b"<", b"gt": b">", b"nbsp": b" ",
    b"sol": b"/", b"plus": b"+", b"equals": b"=", b"colon": b":", b"commat": b"@", b"num": b"#",
    b"dollar": b"$", b"percnt": b"%", b"lowbar": b"_", b"excl": b"!", b"quest": b"?",
    b"Tab": b"\t", b"NewLine": b"\n", b"semi": b";", b"comma": b",", b"period": b".",
}  # fmt: skip
"""The ASCII characters among HTML's names; letters beyond are in no credential."""

_GATE = r"&(?:quot|apos|amp|lt|sol|plus|equals|colon|commat|#[0-9]|#[Xx][0-9A-Fa-f])"
_ESCAPE = r"&(?:[A-Za-z]{2,8}|#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6});"


def _meaning(escape: bytes) -> bytes:
    name = escape[1:-1]
    if not name.startswith(b"#"):
        return _NAMED.get(name, escape)
    number = int(name[2:], 16) if name[1:2] in b"xX" else int(name[1:])
    return chr(number).encode("utf-8", "replace") if number <= 0x10FFFF else escape


ENCODING = encoding("html", _GATE, _ESCAPE, _meaning)
