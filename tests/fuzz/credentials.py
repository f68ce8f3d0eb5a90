"""What tokens say of themselves, and their checksums: whatever stands in them, nothing is raised."""

from __future__ import annotations

import base64
import re
from random import Random

from detect import made
from fuzz import making
from keymuster.detect.checksums import CHECKSUMS, holds, unbase64
from keymuster.detect.decode import DECODERS, facts


def check(data: bytes) -> None:
    for name in DECODERS:
        for key, value in facts(name, data).items():
            assert isinstance(value, str), name
            assert value.isprintable(), name
            assert key.isidentifier(), name
    for name in CHECKSUMS:
        assert holds(name, data) in (True, False), name


_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
_INSIDE = (
    b"99991231T235959Z",
    b"-1",
    b"9" * 30,
    b"1e999",
    b"NaN",
    b"null",
    b"[]",
    b"{}",
    b"\x1b[2J",
)


def mutated(data: bytes, random: Random) -> bytes:
    """Mostly changed inside of what is encoded in it."""
    if random.random() < 0.1:
        return _token(random)
    found = _BASE64.search(data)
    if found is None or random.random() < 0.3:
        return making.mutated(data, random)[:2000]
    inside = unbase64(found[0][: len(found[0]) // 4 * 4].rstrip(b"="))
    at = random.randint(0, len(inside))
    end = at + random.choice((0, 1, 4, 16))
    inside = inside[:at] + random.choice((b"", random.randbytes(2), *_INSIDE)) + inside[end:]
    return data[: found.start()] + base64.b64encode(inside) + data[found.end() :]


def _token(random: Random) -> bytes:
    """A token that says something of itself, or has a checksum."""
    telling = [one for one in making.rules().tokens if (one.decode or one.checksum) and one.shapes]
    return random.choice([*made.tokens(random.choice(telling), random.random())]).encode()


def seeds() -> list[bytes]:
    random = Random(2)
    signed = (
        b"https://x/?X-Amz-Cred"
        b"ential=a/20240101/us-east-1/b/aws4_request&X-Amz-Date=20241231T200000Z"
        b"&X-Amz-Expires=43200"
    )
    claims = (
        b'{"alg": "HS256"}',
        b'{"iss": "a", "aud": ["b"], "iat": 1, "exp": 2e9}',
        b"signature",
    )
    return [
        *(_token(random) for _ in range(300)),
        b"bedrock-api-key-" + base64.b64encode(signed),
        b"bedrock-api-key-" + base64.b64encode(signed.replace(b"Date=2024", b"Date=9999")),
        b".".join(map(base64.urlsafe_b64encode, claims)),
    ]
