"""The notation in which a token format states its facts: literals and `{alphabet:length}` fields.

`ghp_{base62:36}` is the text `ghp_` and 36 letters or digits. A length is `36`, `20-40` or `20+`;
`{live|test}` is one of several words, and `{uuid}` a UUID in hexadecimal.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from msgspec import Struct

from keymuster import regex

ALPHABETS = {
    "digits": "0-9",
    "hex": "0-9a-f",
    "hexupper": "0-9A-F",
    "hexany": "0-9A-Fa-f",
    "lower": "a-z",
    "upper": "A-Z",
    "letters": "A-Za-z",
    "lowernum": "0-9a-z",
    "uppernum": "0-9A-Z",
    "base62": "0-9A-Za-z",
    "word": "0-9A-Za-z_",
    "base58": "1-9A-HJ-NP-Za-km-z",
    "base32": "2-7A-Z",
    "base32lower": "2-7a-z",
    "base64": "+/0-9A-Za-z",
    "base64pad": "+/0-9=A-Za-z",
    "base64url": "0-9A-Z_a-z-",
    "base64urlpad": "0-9=A-Z_a-z-",
    "bech32upper": "AC-HJ-NP-Z02-9",
    "unreserved": "0-9A-Z_a-z.~-",
    "dotted": "0-9A-Z_a-z.-",
}
"""Name -> the members, as inside a character class of a regular expression."""

LONGEST = 4096
"""Where an open length (`20+`) ends."""


class Literal(Struct, frozen=True):
    """Text that stands as it is."""

    text: str

    @property
    def least(self) -> int:
        return len(self.text)

    @property
    def most(self) -> int:
        return len(self.text)


class Choice(Struct, frozen=True):
    """One of several words."""

    words: tuple[str, ...]

    @property
    def least(self) -> int:
        return min(map(len, self.words))

    @property
    def most(self) -> int:
        return max(map(len, self.words))


class Field(Struct, frozen=True):
    """`least` to `most` characters of one alphabet, given as the inside of a character class."""

    characters: str
    least: int
    most: int


Part: TypeAlias = Literal | Choice | Field

_FIELD = regex.later(r"\{([^{}]*)\}")
_LENGTH = regex.later(r"(\d+)(?:-(\d+)|(\+))?")
_UUID = tuple(
    part
    for size in (8, 4, 4, 4, 12)
    for part in (Field(ALPHABETS["hex"], size, size), Literal("-"))
)[:-1]


def parse(shape: str) -> tuple[Part, ...]:
    """The parts of a shape; ValueError says what is wrong with it."""
    parts: list[Part] = []
    position = 0
    for found in _FIELD.finditer(shape):
        if found.start() > position:
            parts.append(_literal(shape[position : found.start()]))
        parts.extend(_field(found.group(1)))
        position = found.end()
    if position < len(shape):
        parts.append(_literal(shape[position:]))
    return tuple(parts)


def members(characters: str) -> str:
    """Every character of an alphabet, sorted: `0-9a-f` -> `0123456789abcdef`."""
    test = re.compile(f"[{characters}]")
    return "".join(char for char in map(chr, range(33, 127)) if test.match(char))


def characters(part: Part) -> set[str]:
    """Every character that a part may have."""
    match part:
        case Literal(text):
            return set(text)
        case Choice(words):
            return set("".join(words))
        case Field(characters):
            return set(members(characters))


def has_marker(parts: tuple[Part, ...]) -> bool:
    """Whether fixed text makes a shape recognisable by itself."""
    longest = max(map(fixed, parts), default=0)
    return longest >= 3 or sum(part.least for part in parts if not isinstance(part, Field)) >= 4


def fixed(part: Part) -> int:
    """How many characters of a part are telling: fixed, and no mere separators."""
    match part:
        case Literal(text):
            return len(text.strip("-._=:"))
        case Choice():
            return part.least
        case Field():
            return 0


def _literal(text: str) -> Literal:
    if "{" in text or "}" in text:
        raise ValueError(f"a brace without its partner in `{text}`")
    if not text.isascii():
        raise ValueError(f"`{text}` is not ASCII")
    return Literal(text)


def _field(inside: str) -> tuple[Part, ...]:
    if inside == "uuid":
        return _UUID
    if "|" in inside:
        return (Choice(tuple(inside.split("|"))),)
    name, _, length = inside.partition(":")
    if name not in ALPHABETS:
        from keymuster.nearest import hint  # only for what is wrong

        raise ValueError(f"no alphabet `{name}`{hint(name, ALPHABETS)}")
    numbers = _LENGTH.fullmatch(length)
    if numbers is None:
        raise ValueError(f"`{length}` is not a length: write 36, 20-40 or 20+")
    least = int(numbers[1])
    most = LONGEST if numbers[3] else int(numbers[2] or least)
    if not least <= most <= LONGEST:
        raise ValueError(f"length {length} does not grow, or exceeds {LONGEST}")
    return (Field(ALPHABETS[name], least, most),)
