"""Conditions of workload identity pools as conditions on claims: attribute conditions and mappings, which
are CEL, and the members that name a part of a pool.

https://cloud.google.com/iam/docs/workload-identity-federation
https://cloud.google.com/iam/docs/principal-identifiers
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from keymuster import regex
from keymuster.analysis.claims import (
    ALL,
    NONE,
    UNDECIDED,
    Both,
    Bounds,
    Claim,
    Condition,
    Either,
    Undecided,
    known,
    texts,
    union,
)
from keymuster.analysis.expressions import Unsupported, found
from keymuster.analysis.languages import EVERYTHING, chain, literal
from keymuster.model.unknown import depends_on


class NotUnderstood(Exception):
    """An expression that holds more than is judged here."""


class Member(NamedTuple):
    """A member that stands for a part of a workload identity pool. `value` is None for all of it."""

    pool: str
    attribute: str
    value: str | None


_MEMBER = regex.later(
    r"principal(?:Set)?://iam\.googleapis\.com/(?P<pool>.+?)"
    r"/(?:(?P<all>\*)|(?P<kind>subject|group|attribute\.[a-z0-9_]+)/(?P<value>.+))"
)


def member(text: str) -> Member | None:
    """What a member says, if it is of a pool."""
    parts = _MEMBER.fullmatch(text)
    if parts is None:
        return None
    if parts["all"]:
        return Member(parts["pool"], "", None)
    names = {"subject": "google.subject", "group": "google.groups"}
    return Member(parts["pool"], names.get(parts["kind"], parts["kind"]), parts["value"])


def condition_of_member(
    one: Member, mapping: Mapping[str, str], claims: frozenset[str]
) -> Condition:
    """The condition on a token that a member is, by the mapping of the pool's provider."""
    if one.value is None:
        return Both()
    name = _claim_name(mapping.get(one.attribute, ""), mapping)
    if name is None or name not in claims:
        return Undecided(f"`{one.attribute}` is mapped in a way that is not judged")
    values = texts(one.value)
    return Claim(
        name, values, written=((one.value, values.most),), unknowns=tuple(depends_on(one.value))
    )


_TOKEN = regex.later(
    r"""\s*(?:(?P<text>[rR]?'(?:[^'\\]|\\.)*'|[rR]?"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_]\w*)|(?P<number>\d+)"""
    r"""|(?P<sign>==|!=|&&|\|\||[!().,\[\]?:]))""",
)
_MOST_TOKENS, _MOST_DEPTH, _MOST_STEPS = 4000, 40, 20_000


def condition(expression: str, mapping: Mapping[str, str], claims: frozenset[str]) -> Condition:
    """What an attribute condition asks of the claims of a token. A claim that a token does not have
    is an error, which refuses it."""
    if not expression.strip():
        return Both()
    try:
        parser = _Parser(expression, mapping, claims)
        result = parser.choice(wanted=True)
        parser.ends()
    except (NotUnderstood, Unsupported) as error:
        return Undecided(
            f"its attribute condition is not judged ({error})", tuple(depends_on(expression))
        )
    return result


class _Parser:
    """Reads the part of CEL that attribute conditions are written in. `wanted` says whether what is
    read must hold or must not: an error refuses either way, so a negation goes down to the claims."""

    def __init__(self, text: str, mapping: Mapping[str, str], claims: frozenset[str]) -> None:
        self.mapping, self.claims = mapping, claims
        self.tokens = list(_tokens(text))
        self.at = self.depth = self.steps = 0

    def ends(self) -> None:
        if self.at < len(self.tokens):
            raise NotUnderstood(f"`{self.tokens[self.at][1]}`")

    def _next(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _takes(self, sign: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign):
            self.at += 1
            return True
        return False

    def _must(self, sign: str) -> None:
        if not self._takes(sign):
            raise NotUnderstood(f"`{self._next()}` where `{sign}` should be")

    def choice(self, *, wanted: bool) -> Condition:
        """`question ? one : other`, or what is none."""
        start = self.at
        plain = self._either(wanted)
        if self._next() != "?":
            return plain
        self.at = start
        holds = self._either(wanted=True)
        self.at = start
        fails = self._either(wanted=False)
        self._must("?")
        one = self.choice(wanted=wanted)
        self._must(":")
        return Either((Both((holds, one)), Both((fails, self.choice(wanted=wanted)))))

    def _either(self, wanted: bool) -> Condition:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise NotUnderstood("it is nested too deep")
        parts = [self._both(wanted)]
        while self._takes("||"):
            parts.append(self._both(wanted))
        self.depth -= 1
        return parts[0] if len(parts) == 1 else (Either if wanted else Both)(tuple(parts))

    def _both(self, wanted: bool) -> Condition:
        parts = [self._one(wanted)]
        while self._takes("&&"):
            parts.append(self._one(wanted))
        return parts[0] if len(parts) == 1 else (Both if wanted else Either)(tuple(parts))

    def _one(self, wanted: bool) -> Condition:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise NotUnderstood("it asks too much")
        if self._takes("!"):
            return self._one(not wanted)
        if self._takes("("):
            inside = self.choice(wanted=wanted)
            self._must(")")
            return inside
        kind, text = self._take()
        if kind == "text":
            return self._text_first(_unquoted(text), wanted)
        if kind == "name" and text in ("true", "false"):
            return Both() if (text == "true") == wanted else Either()
        if kind == "name" and text == "has" and self._takes("("):
            name = self._claim(self._take()[1])
            self._must(")")
            return Claim(name, ALL if wanted else NONE, absent=not wanted)
        if kind != "name":
            raise NotUnderstood(f"`{text}`")
        return self._test(self._claim(text), wanted)

    def _take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise NotUnderstood("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _claim(self, first: str) -> str:
        """The claim that `assertion.x`, `assertion['x']`, `attribute.x` or `google.x` stands for."""
        if first not in ("assertion", "attribute", "google"):
            raise NotUnderstood(f"`{first}`")
        if self._takes("["):
            name = _unquoted(self._take()[1])
            self._must("]")
        else:
            self._must(".")
            name = self._take()[1]
        found: str | None = name
        if first != "assertion":
            found = _claim_name(self.mapping.get(f"{first}.{name}", ""), self.mapping)
        if found is None or found not in self.claims:
            raise NotUnderstood(f"`{first}.{name}`")
        return found

    def _test(self, name: str, wanted: bool) -> Condition:
        for sign, same in (("==", True), ("!=", False)):
            if self._takes(sign):
                return _claim_is(name, [self._text()], wanted == same)
        if self._takes("."):
            return self._method(name, wanted)
        if self.at < len(self.tokens) and self.tokens[self.at] == ("name", "in"):
            self.at += 1
            return _claim_is(name, self._list(), wanted)
        raise NotUnderstood(f"`{self._next()}`")

    def _text_first(self, text: str, wanted: bool) -> Condition:
        for sign, same in (("==", True), ("!=", False)):
            if self._takes(sign):
                return _claim_is(self._claim(self._take()[1]), [text], wanted == same)
        raise NotUnderstood(f"`{self._next()}`")

    def _text(self) -> str:
        kind, text = self._take()
        if kind == "name" and text in ("true", "false"):
            return text
        if kind not in ("text", "number"):
            raise NotUnderstood(f"`{text}`")
        return _unquoted(text) if kind == "text" else text

    def _list(self) -> list[str]:
        self._must("[")
        listed: list[str] = []
        while not self._takes("]"):
            if listed:
                self._must(",")
            listed.append(self._text())
        return listed

    def _method(self, name: str, wanted: bool) -> Condition:
        method = self._take()[1]
        self._must("(")
        text = self._text()
        self._must(")")
        match method:
            case "startsWith":
                values = texts(text, lambda one: chain(literal(one), EVERYTHING))
            case "endsWith":
                values = texts(text, lambda one: chain(EVERYTHING, literal(one)))
            case "contains":
                values = texts(text, lambda one: chain(EVERYTHING, literal(one), EVERYTHING))
            case "matches":
                values = UNDECIDED if depends_on(text) else known(found(text))
            case _:
                raise NotUnderstood(f"`{method}`")
        return _claim(name, [(text, values)], wanted)


def _claim_is(name: str, listed: list[str], wanted: bool) -> Claim:
    return _claim(name, [(one, texts(one)) for one in listed], wanted)


def _claim(name: str, listed: list[tuple[str, Bounds]], wanted: bool) -> Claim:
    values = union(one for _, one in listed)
    return Claim(
        name,
        values if wanted else ~values,
        written=tuple((text, one.most) for text, one in listed) if wanted else (),
        unknowns=tuple(name for text, _ in listed for name in depends_on(text)),
    )


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None:
            raise NotUnderstood(f"`{text[at:].strip()[:20]}`")
        kind = str(token.lastgroup)
        found.append((kind, token[kind]))
        at = token.end()
        if len(found) > _MOST_TOKENS:
            raise NotUnderstood("it is too long")
    return found


def _unquoted(text: str) -> str:
    if text[:1] in "rR":
        return text[2:-1]
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError) as error:
        raise NotUnderstood(f"`{text[:20]}`") from error


_ONE_CLAIM = regex.later(
    r"""\s*(assertion|attribute|google)(?:\.(\w+)|\[\s*['"]([^'"]+)['"]\s*\])\s*"""
)


def _claim_name(expression: str, mapping: Mapping[str, str], depth: int = 0) -> str | None:
    """The claim that a mapping hands on as it is."""
    found = _ONE_CLAIM.fullmatch(expression)
    if found is None or depth > 5:
        return None
    name = found[2] or found[3]
    if found[1] == "assertion":
        return str(name)
    return _claim_name(mapping.get(f"{found[1]}.{name}", ""), mapping, depth + 1)
