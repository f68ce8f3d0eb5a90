"""Seeds and mutations that the targets for text share: tokens in context, encoded and mangled."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from urllib.parse import quote

from detect import made
from keymuster import pipeline
from keymuster.rules.schema import RuleSet

LARGEST = 65_536


@cache
def rules() -> RuleSet:
    """The shipped rules."""
    return pipeline.load_rules()


def token(random: Random) -> bytes:
    """A token of a random format, as it stands in a file."""
    while not (one := random.choice(rules().tokens)).shapes:
        pass
    texts = list(made.tokens(one, random.random()))
    before, after = made.in_context(one, random.choice(texts), random)
    return (before + random.choice(texts[: random.choice((1, 1, len(texts)))]) + after).encode()


def line(random: Random) -> bytes:
    """Something that a scanner looks at twice."""
    name = random.choice(_NAMES)
    value = "".join(random.choices(_LETTERS, k=random.choice((6, 12, 20, 32, 64)))).encode()
    dashes = b"-" * 5
    return random.choice((
        name + b" = '" + value + b"'",
        name + b": " + value,
        b'"' + name + b'": ["' + value + b'", "' + value[::-1] + b'"]',
        b"https://user:" + value + b"@host/",
        b"--" + name + b" " + value,
        b"Authorization: Basic " + base64.b64encode(b"user:" + value),
        b"kind: Secret\ndata:\n  " + name + b": " + base64.b64encode(value) + b"\n",
        dashes + b"BEGIN RSA PRIVATE KEY" + dashes + b"\n" + base64.b64encode(value * 9) + b"\n",
        dashes + b"END RSA PRIVATE KEY" + dashes,
        b'{"kty": "EC", "d": "' + value + b'"}',
        b"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n",
    ))  # fmt: skip


_NAMES = (
    b"password",
    b"db_passwd",
    b"api_key",
    b"token",
    b"secret",
    b"aws_secret_access_key",
    b"x",
)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_PIECES = (
    b"\n", b"\r\n", b" ", b"\t", b"\0", b"\\", b'"', b"'", b"=", b":", b"://", b"&", b"%3D", b"\\u003d",
    b"&#61;", b"\\n", b"\\\"", b"x'", b"{", b"}", b"[", b"<", b">", b"-----", b"\xff\xfe", b"\xfe\xff",
    b"\xef\xbb\xbf", b"\xc3\xa9", b"\xed\xa0\x80", b"\xff", b"=" * 3, b"A" * 64, b"a" * 300, b"//", b"+",
    b"---\n", b"kind: Secret\n", b"data:\n", b"stringData:\n", b"example", b"H4sI", b"\x1f\x8b\x08",
)  # fmt: skip


def _folded(text: bytes) -> bytes:
    plain = base64.b64encode(text)
    return b"\n".join(plain[at : at + 64] for at in range(0, len(plain), 64))


def _escaped(text: bytes) -> bytes:
    return b"".join(b"\\u%04x" % byte for byte in text)


ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64 for URLs": base64.urlsafe_b64encode,
    "base64 in lines": _folded,
    "hex": lambda text: text.hex().encode(),
    "percent": lambda text: quote(text, safe="").encode(),
    "percent, all of it": lambda text: b"".join(b"%%%02X" % byte for byte in text),
    "JSON": lambda text: json.dumps(text.decode("latin-1")).encode(),
    "JSON, all of it": _escaped,
    "HTML": lambda text: html.escape(text.decode("latin-1")).encode("latin-1"),
    "HTML, all of it": lambda text: b"".join(b"&#%d;" % byte for byte in text),
    "UTF-16": lambda text: text.decode("latin-1").encode("utf-16-le"),
    "UTF-16 backwards": lambda text: text.decode("latin-1").encode("utf-16-be"),
    "UTF-32": lambda text: text.decode("latin-1").encode("utf-32-le"),
    "gzip": gzip.compress,
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text)),
}


def mutated(data: bytes, random: Random) -> bytes:
    """The text with a few things done to it."""
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        data = _changed(data, random)[:LARGEST]
    return data


def _changed(data: bytes, random: Random) -> bytes:
    begin = random.randint(0, len(data))
    end = min(len(data), begin + random.choice((0, 1, 2, 8, 40, 400, len(data))))
    before, piece, after = data[:begin], data[begin:end], data[end:]
    match random.randrange(10):
        case 0 | 1:
            return before + token(random) + after
        case 2:
            return before + line(random) + after
        case 3 | 4:
            return before + random.choice(list(ENCODINGS.values()))(piece) + after
        case 5:
            return before + random.choice(_PIECES) * random.choice((1, 1, 2, 9)) + after
        case 6:
            return before + after
        case 7:
            times = random.choice((2, 3, 10, 100, 2000))
            return before + piece[: LARGEST // times] * times + after
        case 8:
            spoiled = bytearray(piece[:40])
            for _ in range(random.randint(1, 4) if spoiled else 0):
                spoiled[random.randrange(len(spoiled))] = random.randrange(256)
            return before + bytes(spoiled) + piece[40:] + after
        case _:
            return before + piece[::-1][:40] + after + piece


def seeds() -> list[bytes]:
    random = Random(1)
    tokens = [token(random) for _ in range(40)]
    lines = [line(random) for _ in range(40)]
    plain = [b"", *tokens, *lines, b"\n".join(tokens[:5] + lines[:5])]
    return plain + [encode(one) for encode in ENCODINGS.values() for one in plain[1:80:12]]
