"""Regular expressions, in the syntax that RE2, CEL and grammars share, as languages."""

from __future__ import annotations

from keymuster.analysis.languages import (
    EMPTY,
    EVERYTHING,
    LAST,
    Language,
    chain,
    characters,
    literal,
    repeated,
    some,
)

_CLASSES = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 10), (12, 13), (32, 32)),
}
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_QUANTIFIERS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_MOST_REPEATS = 1000
_MOST_DEPTH = 40

Ranges = tuple[tuple[int, int], ...]


class Unsupported(Exception):
    """An expression that is wrong, or holds what is no regular language or not understood here."""


def whole(expression: str) -> Language:
    """The texts that an expression matches from end to end."""
    return _Parser(expression).everything()


def found(expression: str) -> Language:
    """The texts that an expression matches somewhere."""
    any_case = expression.startswith("(?i)")
    expression = expression[4:] if any_case else expression
    parser = _Parser(expression, any_case=any_case)
    first, last = expression.startswith("^"), _ends(expression)
    if (first or last) and parser.has_choice():
        raise Unsupported("an anchor beside a choice")
    parser.text = expression[first : len(expression) - last]
    inside = parser.everything()
    return chain(EMPTY if first else EVERYTHING, inside, EMPTY if last else EVERYTHING)


def _ends(expression: str) -> bool:
    """Whether its last character is the sign for the end."""
    before = expression[:-1]
    escapes = len(before) - len(before.rstrip("\\"))
    return expression.endswith("$") and escapes % 2 == 0


class _Parser:
    """Reads one expression from left to right. `.` and negated classes leave out the zero byte,
    which is in no claim."""

    def __init__(self, text: str, *, any_case: bool = False) -> None:
        self.text, self.any_case = text, any_case
        self.at = self.depth = 0

    def everything(self) -> Language:
        result = self._choice()
        if self.at < len(self.text):
            raise Unsupported(f"`{self.text[self.at]}` at {self.at}")
        return result

    def has_choice(self) -> bool:
        """Whether there is a choice outside of brackets; to be asked before anything is read."""
        depth, skip = 0, False
        for one in self.text:
            if skip:
                skip = False
            elif one == "\\":
                skip = True
            elif one in "([":
                depth += 1
            elif one in ")]":
                depth -= 1
            elif one == "|" and depth == 0:
                return True
        return False

    def _next(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _take(self) -> str:
        if self.at >= len(self.text):
            raise Unsupported("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def _takes(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _choice(self) -> Language:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise Unsupported("it is nested too deep")
        branches = [self._sequence()]
        while self._takes("|"):
            branches.append(self._sequence())
        self.depth -= 1
        return some(*branches)

    def _sequence(self) -> Language:
        parts = []
        while self._next() and self._next() not in "|)":
            parts.append(self._quantified(self._atom()))
        return chain(*parts)

    def _quantified(self, atom: Language) -> Language:
        bounds = _QUANTIFIERS.get(self._next())
        if bounds is None and self._next() != "{":
            return atom
        self._take()
        least, most = bounds or self._bounds()
        self._takes("?")  # which match is preferred makes no difference to what is matched
        if self._next() and self._next() in "*+?{":
            raise Unsupported("two quantifiers")
        return times(atom, least, most)

    def _bounds(self) -> tuple[int, int | None]:
        inside, closed, _ = self.text[self.at :].partition("}")
        low, comma, high = inside.partition(",")
        if not closed or not low.isdecimal() or not (high.isdecimal() or not high):
            raise Unsupported("a quantifier that is not understood")
        self.at += len(inside) + 1
        most = int(high) if high else None if comma else int(low)
        if max(int(low), most or 0) > _MOST_REPEATS:
            raise Unsupported("too many repeats")
        return int(low), most

    def _atom(self) -> Language:
        sign = self._take()
        match sign:
            case "(":
                if self._takes("?"):
                    self._group_name()
                inside = self._choice()
                if not self._takes(")"):
                    raise Unsupported("a group that does not end")
                return inside
            case "[":
                return self._class()
            case ".":
                return characters((1, 9), (11, LAST))
            case "\\":
                return self._of(self._escaped())
            case "^" | "$" | "*" | "+" | "?" | "{":
                raise Unsupported(f"`{sign}` at {self.at - 1}")
            case _:
                return literal(sign, any_case=self.any_case)

    def _group_name(self) -> None:
        if self._takes(":"):
            return
        if not (self._takes("P<") or self._takes("<")) or self._next() in ("=", "!"):
            raise Unsupported("a kind of group that is not understood")
        while self._take() != ">":
            pass

    def _escaped(self) -> Ranges:
        sign = self._take()
        if sign.lower() in _CLASSES:
            ranges = _CLASSES[sign.lower()]
            return ranges if sign.islower() else _others(ranges)
        if sign in _CONTROL:
            sign = _CONTROL[sign]
        elif sign == "x":
            digits = self._take() + self._take()
            if not digits.isalnum():
                raise Unsupported(f"`\\x{digits}`")
            sign = chr(int(digits, 16))
        elif sign.isalnum():
            raise Unsupported(f"`\\{sign}`")
        return ((ord(sign), ord(sign)),)

    def _class(self) -> Language:
        negated = self._takes("^")
        ranges: list[tuple[int, int]] = []
        while not ranges or self._next() != "]":
            ranges += self._class_item()
        self._take()
        told = self._with_case(tuple(ranges))
        return characters(*(_others(told) if negated else told))

    def _class_item(self) -> Ranges:
        if self.text.startswith("[:", self.at):
            raise Unsupported("a named class")
        sign = self._take()
        low = self._escaped() if sign == "\\" else ((ord(sign), ord(sign)),)
        if self._next() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return low
        self._take()
        sign = self._take()
        high = self._escaped() if sign == "\\" else ((ord(sign), ord(sign)),)
        if len(low) > 1 or len(high) > 1 or low[0][0] > high[0][1]:
            raise Unsupported("a range that is none")
        return ((low[0][0], high[0][1]),)

    def _of(self, ranges: Ranges) -> Language:
        return characters(*self._with_case(ranges))

    def _with_case(self, ranges: Ranges) -> Ranges:
        if not self.any_case:
            return ranges
        added = []
        for low, high in ranges:
            for first, last, shift in ((65, 90, 32), (97, 122, -32)):
                if max(low, first) <= min(high, last):
                    added.append((max(low, first) + shift, min(high, last) + shift))
        return (*ranges, *added)


def times(part: Language, least: int, most: int | None) -> Language:
    """So many of them after another; without a most, any number from the least."""
    tail = repeated(part) if most is None else EMPTY
    for _ in range((most or least) - least):
        tail = some(EMPTY, chain(part, tail))
    return chain(*[part] * least, tail)


def _others(ranges: Ranges) -> Ranges:
    """All characters but these and the zero byte."""
    others, start = [], 1
    for low, high in sorted(ranges):
        if start < low:
            others.append((start, low - 1))
        start = max(start, high + 1)
    return (*others, (start, LAST)) if start <= LAST else tuple(others)
