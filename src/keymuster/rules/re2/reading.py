"""From text to tree."""

from __future__ import annotations

import re
from collections.abc import Callable

from keymuster import regex
from keymuster.rules.re2.tree import (
    ANY,
    NOTHING,
    Anchor,
    Chars,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence_,
)

_DIGIT = sum(1 << byte for byte in b"0123456789")
_WORD = sum(1 << byte for byte in range(128) if chr(byte).isalnum() or byte == 95)
_SPACE = sum(1 << byte for byte in b"\t\n\f\r ")
_NEWLINE = 1 << 10
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CLASSES |= {name.upper(): ANY & ~mask for name, mask in _CLASSES.items()}
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_POSIX: dict[str, Callable[[str], bool]] = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "ascii": lambda char: True,
    "blank": lambda char: char in "\t ",
    "cntrl": lambda char: not char.isprintable(),
    "digit": str.isdigit,
    "graph": lambda char: char.isprintable() and char != " ",
    "lower": str.islower,
    "print": str.isprintable,
    "punct": lambda char: char.isprintable() and not char.isalnum() and char != " ",
    "space": lambda char: char in "\t\n\v\f\r ",
    "upper": str.isupper,
    "word": lambda char: char.isalnum() or char == "_",
    "xdigit": lambda char: char in "0123456789abcdefABCDEF",
}
_REPEAT = regex.later(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_NAMED = regex.later(r"P?<(\w+)>")
_FLAGS = regex.later(r"([imsU]*)(?:-([imsU]+))?([:)])")
_HEX = regex.later(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_OCTAL = regex.later(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_DEEPEST = 40
"""Brackets inside each other; each takes up to ten calls inside each other, of a thousand."""


class Parser:
    """Reads from left to right; `_flags` are those in force."""

    def __init__(self, text: str, longest: int) -> None:
        self._rest = text
        self._longest = longest
        self._flags: frozenset[str] = frozenset()
        self._groups = 0
        self._depth = 0

    def whole(self) -> Node:
        tree = self._choice()
        if self._rest:
            raise ValueError("a ) that closes nothing")
        return tree

    def _take(self, text: str) -> bool:
        if not self._rest.startswith(text):
            return False
        self._rest = self._rest[len(text) :]
        return True

    def _match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self._rest)
        if found is not None:
            self._rest = self._rest[found.end() :]
        return found

    def _next(self) -> str:
        if not self._rest:
            raise ValueError("ends in the middle")
        char, self._rest = self._rest[0], self._rest[1:]
        return char

    def _choice(self) -> Node:
        """Up to the bracket that closes; flags set inside end with it."""
        flags = self._flags
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        self._flags = flags
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self._rest and self._rest[0] not in "|)":
            more = self._atom()
            if more is None:
                continue
            *before, last = more or [NOTHING]
            items += [*before, self._repeated(last)]
        return items[0] if len(items) == 1 else Sequence_(tuple(items))

    def _repeated(self, item: Node) -> Node:
        numbers = self._match(_REPEAT)
        if numbers is not None:
            least = int(numbers[1])
            most = int(numbers[3]) if numbers[3] else None if numbers[2] else least
        elif self._rest[:1] in ("*", "+", "?") and self._rest:
            sign = self._next()
            least, most = int(sign == "+"), 1 if sign == "?" else None
        else:
            return item
        if (most is not None and least > most) or max(least, most or 0) > self._longest:
            raise ValueError(f"a repeat that shrinks, or of more than {self._longest:,} times")
        lazy = self._take("?") != ("U" in self._flags)
        if self._match(_REPEAT) or self._rest[:1] in ("*", "+") or self._take("?"):
            raise ValueError("a repeat of a repeat")
        most = max(self._longest, least) if most is None else most
        if most == least == 1:
            return item
        return Repeat(item, least, most, lazy)

    def _atom(self) -> list[Node] | None:
        """What stands next, as one node or, for text, several; None for flags."""
        char = self._next()
        match char:
            case "(":
                return self._bracket()
            case "[":
                return [Chars(self._cased(self._class()))]
            case ".":
                return [Chars(ANY if "s" in self._flags else ANY & ~_NEWLINE)]
            case "^":
                return [Anchor("(?m:^)") if "m" in self._flags else Anchor(r"\A", 0)]
            case "$":
                return [Anchor("(?m:$)", _NEWLINE) if "m" in self._flags else Anchor(r"\Z", 0)]
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise ValueError(f"`{char}` repeats nothing")
        return self._literal(char)

    def _bracket(self) -> list[Node] | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"brackets more than {_DEEPEST} deep")
        before, number, name = self._flags, 0, ""
        if not self._take("?"):
            self._groups += 1
            number = self._groups
        elif named := self._match(_NAMED):
            self._groups += 1
            number, name = self._groups, named[1]
        else:
            flags = self._match(_FLAGS)
            if flags is None:
                raise ValueError(f"`(?{self._rest[:2]}` is not RE2")
            self._flags = (self._flags | set(flags[1])) - set(flags[2] or "")
            if flags[3] == ")":
                self._depth -= 1
                return None
        inside = self._choice()
        if not self._take(")"):
            raise ValueError("missing ) for a (")
        self._flags = before
        self._depth -= 1
        return [Group(number, inside, name) if number else inside]

    def _escape(self) -> list[Node]:
        if self._take("Q"):
            text, _, self._rest = self._rest.partition("\\E")
            return [node for char in text for node in self._literal(char)]
        if self._rest[:1] in _CLASSES:
            return [Chars(_CLASSES[self._next()])]
        for name, anchor in (
            ("b", Anchor(r"\b")), ("B", Anchor(r"\B")), ("A", Anchor(r"\A", 0)), ("z", Anchor(r"\Z", 0)),
            ("Z", Anchor(r"\Z", 0)),  # Python's word for it, and what `pattern` writes
        ):  # fmt: skip
            if self._take(name):
                return [anchor]
        if self._take("C"):
            return [Chars(ANY)]
        code, is_byte = self._escaped()
        return [Chars(self._cased(1 << code))] if is_byte else self._literal(chr(code))

    def _escaped(self) -> tuple[int, bool]:
        """What an escape stands for, and whether that is a byte: `\\xNN` is, whatever its value."""
        if found := self._match(_HEX):
            return int(found[1] or found[2], 16), found[1] is not None
        if found := self._match(_OCTAL):
            return int(found[0], 8), False
        char = self._next()
        if char in "pP":
            raise ValueError("a Unicode class (`\\p`) is not taken over")
        if char in _CONTROLS:
            return _CONTROLS[char], False
        if char.isalnum() and char.isascii():
            raise ValueError(f"`\\{char}` is not RE2")
        return ord(char), False

    def _literal(self, char: str) -> list[Node]:
        if char.isascii():
            return [Chars(self._cased(1 << ord(char)))]
        return [Sequence_(tuple(Chars(1 << byte) for byte in char.encode()))]

    def _class(self) -> int:
        negated = self._take("^")
        mask, first = 0, True
        while first or not self._rest.startswith("]"):
            first = False
            if found := self._match(re.compile(r"\[:(\^?)(\w+):\]")):
                mask |= self._posix(found[2], bool(found[1]))
                continue
            if self._rest[:1] == "\\" and self._rest[1:2] in _CLASSES:
                mask |= _CLASSES[self._rest[1]]
                self._rest = self._rest[2:]
                continue
            low = high = self._member()
            if self._rest[:1] == "-" and self._rest[1:2] not in ("]", ""):
                self._next()
                high = self._member()
            if high < low:
                raise ValueError("a range that runs backwards")
            mask |= (1 << high + 1) - (1 << low)
        self._next()
        mask = self._cased(mask)
        return ANY & ~mask if negated else mask

    def _member(self) -> int:
        char = self._next()
        code, is_byte = self._escaped() if char == "\\" else (ord(char), False)
        if code > 127 and not is_byte:
            raise ValueError("a class with characters outside ASCII is not taken over")
        return code

    def _posix(self, name: str, negated: bool) -> int:
        if name not in _POSIX:
            raise ValueError(f"there is no class `[:{name}:]`")
        mask = sum(1 << byte for byte in range(128) if _POSIX[name](chr(byte)))
        return ANY & ~mask if negated else mask

    def _cased(self, mask: int) -> int:
        """The set with either case of its letters, where case does not count."""
        if "i" not in self._flags:
            return mask
        upper, lower = (mask >> 65) & (1 << 26) - 1, (mask >> 97) & (1 << 26) - 1
        return mask | upper << 97 | lower << 65
