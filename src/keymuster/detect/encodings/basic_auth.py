"""`user:password` in base64: HTTP Basic headers (RFC 7617), `auth` of docker, `_auth` of npm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keymuster import regex
from keymuster.detect.encodings.base import Encoding, Ends, Gate, Piece, is_text
from keymuster.detect.encodings.base64 import decoded, run_at

_SEEN = 6
_WORD = regex.later(rb"[+/0-9A-Za-z]{6,39}(?![+/0-9A-Za-z_-])={0,2}")
"""All of a run that is too short to be wrapped. By its length three words of four are no base64."""

_USER = b"username: "
_PASSWORD = b"\npassword: "


def _gates(_: Sequence[bytes]) -> list[Gate]:
    letters = f"[+/0-9A-Za-z]{{{_SEEN}}}"
    return [
        (f"auth[\"']?[ \\t]{{0,8}}[:=][ \\t]{{0,8}}[\"']?{letters}", 0),
        (f"[Bb]asic[ \\t]{{1,4}}{letters}", 0),
    ]


def _decode(text: bytes, ends: Ends, _: int) -> Iterator[Piece]:
    for end in ends.get(0, ()):
        word = _WORD.match(text, end - _SEEN)
        if word is not None and len(word[0]) % 4:
            continue
        found = run_at(text, end - _SEEN)
        user, colon, password = decoded(found.letters).partition(b":")
        if not (user and colon and is_text(user + password)) or (found.end - found.start) % 4:
            continue
        yield Piece(
            text=_USER + user + _PASSWORD + password,
            start=found.start,
            end=found.end,
            encoding="base64",
            lead=len(_USER),
            certain=True,
        )


ENCODING = Encoding(gates=_gates, decode=_decode, in_binary=False)
