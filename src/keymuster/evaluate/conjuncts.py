"""The parts of a condition that must all hold, and those that can be judged without a runtime."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from keymuster import regex


def conjuncts(when: str) -> list[str]:
    """What stands between the outermost `&&` of a condition; all of it as one where something else
    holds it together."""
    return _between(when, "&&", ("||", "?"))


def alternatives(when: str) -> list[str]:
    """What stands between its outermost `||`, which hold less together than `&&`."""
    return _between(when, "||", ("?",))


def _between(when: str, splits: str, holds: tuple[str, ...]) -> list[str]:
    parts = when.split(splits)
    if not _ODD.search(when) and all(_is_whole(part, holds) for part in parts):
        return [part.strip() for part in parts]
    return _walked(when, splits, holds)


_ODD = regex.later(r"\b[rRbB]{1,2}['\"]|[\"\\]|'''|//")
"""Texts with rules of their own, comments."""


def _is_whole(part: str, holds: tuple[str, ...]) -> bool:
    """Whether what stands between two signs ends no text and no bracket that it did not begin: so it is
    with most, and to see it takes a tenth of the time that a walk takes."""
    texts = part.split("'")
    plain = "".join(texts[::2])
    return (
        len(texts) % 2 == 1
        and all(plain.count(first) == plain.count(last) for first, last in _PAIRS)
        and all(sign not in plain for sign in holds)
    )


_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))


def _walked(when: str, splits: str, holds: tuple[str, ...]) -> list[str]:
    depth, start = 0, 0
    found: list[str] = []
    for sign in _SIGN.finditer(when):
        text = sign[0]
        if sign["odd"]:
            return [when]
        if text in ("(", "[", "{"):
            depth += 1
        elif text in (")", "]", "}"):
            depth -= 1
        elif not depth and text in holds:
            return [when]
        elif not depth and text == splits:
            found.append(when[start : sign.start()].strip())
            start = sign.end()
    return [*found, when[start:].strip()]


_SIGN = regex.later(
    r"(?P<odd>\b[rRbB]{1,2}['\"]|'''|\"\"\"|//)"  # texts with rules of their own, comments
    r"|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
    r"|&&|\|\||[?(){}\[\]]",
    re.DOTALL,
)


class Plain(NamedTuple):
    """A part that asks whether a field is, or is not, one of some texts, or true; or, without any, empty."""

    name: str
    values: frozenset[str | bool] | None
    holds: bool

    def of(self, value: Any) -> bool:
        found = not value if self.values is None else value in self.values
        return found is self.holds


def plain(text: str, types: Mapping[str, str]) -> Plain | None:
    """Such a part, of a field whose type is known to allow it; None for all others."""
    if (told := _EQUAL.fullmatch(text)) and types.get(told[1]) == "string":
        return Plain(told[1], frozenset(_QUOTED.findall(told[3])), told[2] != "!=")
    if (told := _EMPTY.fullmatch(text)) and types.get(told[1], "").startswith(("list<", "map<")):
        return Plain(told[1], None, told[2] == "==")
    if (told := _TRUE.fullmatch(text)) and types.get(told[2]) == "bool":
        return Plain(told[2], frozenset((True,)), not told[1])
    return None


_TRUE = regex.later(r"(!?)([a-z_]+\.\w+)")
_EQUAL = regex.later(
    r"([a-z_]+\.\w+) (?:(==|!=) (?='[^'\\]*'\Z)|in (?=\[))('[^'\\]*'|\['[^'\\]*'(?:, ?'[^'\\]*')*\])"
)
_EMPTY = regex.later(r"([a-z_]+\.\w+)\.size\(\) (==|>) 0")
_QUOTED = regex.later(r"'([^']*)'")
