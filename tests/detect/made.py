"""Tokens of every length a shape allows, so that no test holds a literal one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from keymuster.detect import patterns
from keymuster.detect.checksums import CHECKSUMS
from keymuster.rules import shape
from keymuster.rules.schema import TokenFormat

LONGER = (0, 1, 7, 60, 400)
"""How much longer than they must be the fields of a token are made."""


def tokens(token: TokenFormat, seed: object = 0) -> Iterator[str]:
    """Tokens of every shape of a format, short and long, with a right checksum. A checksum that
    takes more room than a shape of this length has makes no token."""
    forms = [pattern.regex for pattern in patterns.of_format(0, token)]
    for one in token.shapes:
        made = set()
        for extra in LONGER:
            text = from_shape(one, extra, Random(f"{token.id} {one} {extra} {seed}"))
            if token.checksum is not None:
                text = CHECKSUMS[token.checksum].sign(text.encode()).decode()
            if text not in made and any(form.fullmatch(text.encode()) for form in forms):
                made.add(text)
                yield text


def from_shape(one: str, extra: int, random: Random) -> str:
    out = ""
    for part in shape.parse(one):
        match part:
            case shape.Literal(text):
                out += text
            case shape.Choice(words):
                out += random.choice(words)
            case shape.Field(characters, least, most):
                letters = shape.members(characters)
                out += "".join(random.choices(letters, k=min(least + extra, most)))
    return out


def in_context(token: TokenFormat, text: str, random: Random) -> tuple[str, str]:
    """What stands before and after a token where it is found: words and quotes that respect it."""
    word = random.choice(token.context) if token.context else random.choice(["", "key", "x = 1;"])
    joint = random.choice(["=", ": ", ' = "', " '", "\t", "=>`", '", "', " ("])
    return word + joint, random.choice(["", '"', "'", " ", "\n", ";", ",", ")", "<", "`", "\\n"])
