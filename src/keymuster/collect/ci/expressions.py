"""The expressions of GitHub Actions, `${{ ... }}`: found in text, parsed, and asked what flows out of
them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias, Union

from msgspec import Struct

from keymuster import regex

ANY = "*"
"""A step of a path that only the run knows, or that means every item."""

DEEPEST = 60
"""Expressions inside each other."""

MOST_PARTS = 500
"""Parts of one operation in a row."""

_TOKEN = regex.later(
    r"\s*(?:(?P<number>[-+]?(?:0x[0-9a-fA-F]{1,16}|0o[0-7]{1,22}"
    r"|(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,3})?))"
    r"|(?P<text>'(?:[^']|'')*+')"
    r"|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<mark>&&|\|\||==|!=|<=|>=|[<>!()\[\].,*]))"
)
_BLANK = regex.later(r"\s*")
_OPERATORS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
"""From the loosest to the tightest."""

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}

_PASSING = {"format", "join", "tojson", "fromjson", "case"}
"""Functions whose value is made of their arguments; of the others it is a yes or no, or a digest."""


class Invalid(ValueError):
    """No expression of GitHub Actions."""


class Literal(Struct, frozen=True):
    value: str | float | bool | None


class Name(Struct, frozen=True):
    """The root of a context: `github`, `secrets`."""

    name: str


class Access(Struct, frozen=True):
    """What stands under a key: `of.key`, `of['key']`, `of[expression]`, `of.*`."""

    of: Expression
    key: Expression | None


class Call(Struct, frozen=True):
    name: str
    arguments: tuple[Expression, ...]


class Operation(Struct, frozen=True):
    """`!` has one part, the others as many as stand in a row; of several comparisons in a row, the
    last is named."""

    operator: str
    parts: tuple[Expression, ...]


Expression: TypeAlias = Union[Literal, Name, Access, Call, Operation]  # noqa: UP007 - is recursive


class Span(Struct, frozen=True):
    """An expression in a text, from `${{` to the end of `}}`; None if it is not well-formed."""

    begin: int
    end: int
    text: str
    expression: Expression | None


def spans(text: str) -> Iterator[Span]:
    """Every expression in a text. A quoted `}}` does not end one."""
    at = text.find("${{")
    while at >= 0:
        end = _end(text, at + 3)
        if end < 0:
            return
        inner = text[at + 3 : end].strip()
        yield Span(at, end + 2, inner, _tried(inner))
        at = text.find("${{", end + 2)


def condition(text: str) -> Expression | None:
    """The expression of an `if:`, with the marks around it or without."""
    bare = text.strip()
    if bare.startswith("${{") and _end(bare, 3) == len(bare) - 2:
        bare = bare[3:-2]
    return _tried(bare.strip())


def whole(text: str) -> Expression | None:
    """The expression that a text wholly is; None if it is something else."""
    bare = text.strip()
    if not bare.startswith("${{"):
        return None
    found = next(spans(bare), None)
    return found.expression if found and found.end == len(bare) else None


def parse(text: str) -> Expression:
    """Invalid if it is none."""
    parser = _Parser(text)
    found = parser.operation(0, 0)
    parser.end()
    return found


@lru_cache(maxsize=4096)
def _tried(text: str) -> Expression | None:
    try:
        return parse(text)
    except Invalid:
        return None


def _end(text: str, at: int) -> int:
    """Where the `}}` of an expression begins; -1 if it has none."""
    while (end := text.find("}}", at)) >= 0:
        quote = text.find("'", at, end)
        if quote < 0:
            return end
        at = text.find("'", quote + 1) + 1
        if not at:
            break
    return -1


def path(expression: Expression) -> tuple[str, ...]:
    """The path of a context in lower case: `('github', 'event', 'issue', 'title')`. Empty for what is
    no context: a literal, or what a call or a choice gives."""
    parts: list[str] = []
    while isinstance(expression, Access):
        key = expression.key
        known = isinstance(key, Literal) and isinstance(key.value, str)
        parts.append(str(key.value).lower() if known and isinstance(key, Literal) else ANY)
        expression = expression.of
    if not isinstance(expression, Name):
        return ()
    return (expression.name.lower(), *reversed(parts))


def every(expression: Expression) -> list[Expression]:
    """An expression and all in it, in order."""
    found: list[Expression] = []
    waiting = [expression]
    while waiting:
        one = waiting.pop()
        found.append(one)
        match one:
            case Access():
                waiting += [one.of] if one.key is None else [one.key, one.of]
            case Call():
                waiting += reversed(one.arguments)
            case Operation():
                waiting += reversed(one.parts)
    return found


def contexts(expression: Expression) -> Iterator[tuple[str, ...]]:
    """The paths of all contexts that an expression asks for, the longest of each."""
    known = path(expression)
    if known:
        yield known
    match expression:
        case Access(of=of):
            if not known:
                yield from contexts(of)
            while isinstance(expression, Access):
                if expression.key is not None:
                    yield from contexts(expression.key)
                expression = expression.of
        case Call(arguments=inside) | Operation(parts=inside):
            for one in inside:
                yield from contexts(one)


def flows(expression: Expression) -> Iterator[Expression]:
    """What the value may be, or be made of: literals, contexts, and accesses to what is no context. Of
    `a && b` that is `b`: `a` is the value only if it is empty."""
    match expression:
        case Operation(operator="||", parts=parts):
            for part in parts:
                yield from flows(part)
        case Operation(operator="&&", parts=parts):
            yield from flows(parts[-1])
        case Operation():
            return
        case Call(name=name, arguments=arguments):
            if name.lower() in _PASSING:
                for one in arguments:
                    yield from flows(one)
        case _:
            yield expression


def texts(expression: Expression) -> list[str] | None:
    """All texts that the value may be; None if something else flows into it."""
    found = []
    for one in flows(expression):
        if not isinstance(one, Literal) or any(
            isinstance(part, Call) for part in every(expression)
        ):
            return None
        found.append("" if one.value is None else str(one.value))
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._kind, self._word = "", ""
        self._next()

    def end(self) -> None:
        if self._kind:
            raise Invalid

    def operation(self, level: int, depth: int) -> Expression:
        """Of operators at least as tight as a level."""
        if level == len(_OPERATORS):
            return self._unary(depth)
        parts = [self.operation(level + 1, depth)]
        operator = ""
        while self._kind == "mark" and self._word in _OPERATORS[level]:
            if len(parts) > MOST_PARTS:
                raise Invalid
            operator = self._word
            self._next()
            parts.append(self.operation(level + 1, depth))
        return Operation(operator, tuple(parts)) if operator else parts[0]

    def _unary(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise Invalid
        if self._is("!"):
            self._next()
            return Operation("!", (self._unary(depth + 1),))
        return self._accesses(self._primary(depth), depth)

    def _primary(self, depth: int) -> Expression:
        kind, word = self._kind, self._word
        self._next()
        if kind == "number":
            return Literal(_number(word))
        if kind == "text":
            return Literal(word[1:-1].replace("''", "'"))
        if kind == "name":
            if self._is("("):
                return Call(word, self._arguments(depth))
            return Literal(_WORDS[word]) if word in _WORDS else Name(word)
        if word == "(":
            inner = self.operation(0, depth + 1)
            self._take(")")
            return inner
        raise Invalid

    def _arguments(self, depth: int) -> tuple[Expression, ...]:
        self._take("(")
        found: list[Expression] = []
        while not self._is(")"):
            if found:
                self._take(",")
            found.append(self.operation(0, depth + 1))
        self._take(")")
        return tuple(found)

    def _accesses(self, of: Expression, depth: int) -> Expression:
        count = 0
        while self._is(".") or self._is("["):
            count += 1
            if count > DEEPEST:
                raise Invalid
            if self._is("."):
                self._next()
                of = Access(of, None if self._is("*") else Literal(self._word))
                if self._kind != "name" and not self._is("*"):
                    raise Invalid
                self._next()
            else:
                self._next()
                if self._is("*"):
                    key = None
                    self._next()
                else:
                    key = self.operation(0, depth + 1)
                self._take("]")
                of = Access(of, key)
        return of

    def _is(self, mark: str) -> bool:
        return self._kind == "mark" and self._word == mark

    def _take(self, mark: str) -> None:
        if not self._is(mark):
            raise Invalid
        self._next()

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            blank = _BLANK.match(self._text, self._at)
            if blank is None or blank.end() < len(self._text):
                raise Invalid
            self._kind, self._word = "", ""
            return
        self._kind = str(found.lastgroup)
        self._word = found[self._kind]
        self._at = found.end()


def _number(word: str) -> float:
    sign = -1 if word.startswith("-") else 1
    bare = word.lstrip("+-")
    return sign * float(int(bare, 0) if bare[:2] in ("0x", "0o") else bare)
