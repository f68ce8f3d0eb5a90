"""Tokens made from a format's facts, so that no rule file and no test has to hold a literal one.

In a text, `{token}` is a token of the format, `{short}` the same without its last character,
`{broken}` the same with a wrong checksum, `{base62:12}` twelve characters of an alphabet,
and `{token:github-pat}` a token of another format. `{-----}` are the dashes around PEM labels and
`{keymuster}` the first word of an inline comment: so written, no scanner, ours included, takes an
example for the real thing. The same text always gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from keymuster.detect.checksums import CHECKSUMS
from keymuster.rules import shape
from keymuster.rules.schema import TokenFormat

_HOLE = re.compile(
    r"\{(-----|keymuster|token|short|broken|token:[a-z0-9-]+|uuid|(?:"
    + "|".join(shape.ALPHABETS)
    + r"):\d+)\}"
)


def expand(text: str, token: TokenFormat | None, formats: Mapping[str, TokenFormat]) -> str:
    """A template with its holes filled; `formats` are the formats by id."""
    count = 0

    def fill(hole: re.Match[str]) -> str:
        nonlocal count
        count += 1
        what = hole[1]
        if what in ("-----", "keymuster"):
            return what
        if what.startswith("token:"):
            return make(formats[what.removeprefix("token:")])
        if what in ("token", "short", "broken"):
            if token is None:
                raise ValueError(f"`{{{what}}}` needs a format; write `{{token:FORMAT}}`")
            made = make(token)
            return {"token": made, "short": made[:-1], "broken": _broken(made)}[what]
        return from_shape(hole[0], f"{token.id if token else ''} {count}")

    return _HOLE.sub(fill, text)


def make(token: TokenFormat) -> str:
    """A token of the first shape with a right checksum; ValueError where only code knows the form."""
    if not token.shapes:
        raise ValueError(f"{token.id} has no shape to make a token from")
    made = from_shape(token.shapes[0], token.id)
    if token.checksum is not None:
        made = CHECKSUMS[token.checksum].sign(made.encode()).decode()
    return made


def from_shape(one: str, seed: str) -> str:
    """The shortest text of a shape, with characters drawn by a hash of the seed."""
    stream = _stream(seed)
    out = ""
    for part in shape.parse(one):
        match part:
            case shape.Literal(text):
                out += text
            case shape.Choice(words):
                out += words[0]
            case shape.Field(characters, least, _):
                letters = shape.members(characters)
                out += "".join(letters[next(stream) % len(letters)] for _ in range(least))
    return out


def _broken(made: str) -> str:
    """Another character near the middle, where no format keeps a fixed one."""
    for place in range(len(made) // 2, len(made)):
        if made[place].isalnum():
            other = {"a": "b", "A": "B", "0": "1"}.get(made[place])
            other = other or (
                "a" if made[place].islower() else "A" if made[place].isupper() else "0"
            )
            return made[:place] + other + made[place + 1 :]
    raise ValueError("nothing to change in the token")


def _stream(seed: str) -> Iterator[int]:
    counter = 0
    while True:
        yield from sha256(f"keymuster {seed} {counter}".encode()).digest()
        counter += 1
