"""Parts of conditions that can be judged without a runtime, taken apart: as data that is kept with the rules,
for to read them takes longer than to ask them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from keymuster import regex
from keymuster.evaluate.conjuncts import alternatives, conjuncts
from keymuster.evaluate.direct import ITEM
from keymuster.evaluate.matching import translated

Form: TypeAlias = list[Any]
"""What is asked, by a word of `direct.MAKERS`, and of what; lists, texts, numbers and truth values."""

Path: TypeAlias = list[Any]
"""A field, by the name that conditions use, and a list of the keys inside of it."""


def form(text: str, types: Mapping[str, str]) -> Form | None:
    """A part of a condition about fields of these types; None if only the runtime can judge it."""
    return _form(_plainer(text.strip()), types)


def _plainer(text: str) -> str:
    """The same with `a.b` for `a['b']`, and without `string` around a field: what is no text is left to
    the runtime anyway."""
    if '"' in text:
        return text
    return _STRING.sub(r"\1", _INDEX.sub(r"\1.\2", text))


_INDEX = regex.later(r"(?<![\w.'])([a-z_]+(?:\.\w+)+)\['([A-Za-z_]\w*)'\]")
_STRING = regex.later(r"(?<![\w.'])string\(([a-z_]+(?:\.\w+)+)\)")


def _form(text: str, types: Mapping[str, str]) -> Form | None:
    text = text.strip()
    for parts, joined in ((alternatives(text), "any"), (conjuncts(text), "all")):
        if len(parts) > 1:
            return _joined(joined, [_form(one, types) for one in parts])
    if text.startswith("!"):
        text = text[1:].strip()
        if found := _EXISTS.fullmatch(text):
            inner = _one_exists(found, types)
        else:
            inner = _bracketed(text, types) or _formed(text, types, _CALLS)
        return None if inner is None else ["not", inner]
    if found := _EXISTS.fullmatch(text):
        return _one_exists(found, types)
    return _bracketed(text, types) or _formed(text, types, (*_CALLS, *_COMPARISONS))


def _joined(word: str, several: Sequence[Form | None]) -> Form | None:
    known = [one for one in several if one is not None]
    return [word, known] if len(known) == len(several) else None


def _bracketed(text: str, types: Mapping[str, str]) -> Form | None:
    return _form(text[1:-1], types) if text.startswith("(") and _closes(text) else None


def _formed(
    text: str, types: Mapping[str, str], ways: Sequence[tuple[re.Pattern[str], _Take]]
) -> Form | None:
    for way, take in ways:
        found = way.fullmatch(text)
        if found is not None and (path := _path(found["path"], types)) is not None:
            return take(found, path)
    return None


def _one_exists(found: re.Match[str], types: Mapping[str, str]) -> Form | None:
    """`exists` with any condition on the one. Of a list that is written out, each is put in its place."""
    if _closes(found["all"]) is False:
        return None
    one, body = re.escape(found["one"]), found["body"]
    if found["list"]:
        said = _QUOTED.findall(found["list"])
        if not all(word.isidentifier() for word in said):
            return None
        texts = [re.sub(rf"\[{one}\]", f".{word}", body) for word in said]
        named = [_renamed(text, one, f"'{word}'") for text, word in zip(texts, said, strict=True)]
        return _joined("any", [_form(_plainer(text), types) for text in named])
    path = _path(found["path"], types)
    if path is None or ITEM in types:
        return None
    inner = _form(_plainer(_renamed(body, one, ITEM)), {**types, ITEM: "string"})
    return None if inner is None else ["exists", path, inner]


def _renamed(text: str, one: str, other: str) -> str:
    """The text with another word for a variable, outside of quotes."""
    parts = _IN_QUOTES.split(text)
    parts[::2] = [re.sub(rf"(?<![\w.]){one}(?!\w)", other, part) for part in parts[::2]]
    return "".join(parts)


_IN_QUOTES = regex.later(r"('(?:[^'\\]|\\.)*')")
_EXISTS = regex.later(
    r"(?s)(?:(?P<path>[a-z_]+(?:\.\w+)+?)|(?P<list>\['[^'\\]*'(?:,\s*'[^'\\]*')*\]))"
    r"\.exists(?P<all>\((?P<one>[a-z]\w*),\s*(?P<body>.*)\))"
)


def _closes(text: str) -> bool:
    """Whether the first bracket is closed by the last character."""
    depth = 0
    for sign in _BRACKET.finditer(text):
        depth += {"(": 1, ")": -1}.get(sign[0], 0)
        if not depth and sign[0] == ")":
            return sign.end() == len(text)
    return False


def _path(text: str, types: Mapping[str, str]) -> Path | None:
    """None for a field that there is not, or one that has nothing inside of it."""
    subject, name, *keys = text.split(".")
    field = f"{subject}.{name}"
    kind = types.get(field)
    if kind is None or (keys and not kind.startswith("map<")):
        return None
    return [field, keys]


# --- what is asked of one field -------------------------------------------------------------------


def _equal(found: re.Match[str], path: Path) -> Form:
    said = found["value"]
    other: Any = said == "true" if said in ("true", "false") else said[1:-1]
    if found["list"]:
        other = _QUOTED.findall(said)
    return ["equal", path, other, found["sign"] == "=="]


def _among(found: re.Match[str], path: Path) -> Form:
    return ["among", path, _QUOTED.findall(found["list"])]


def _there(_: re.Match[str], path: Path) -> Form:
    field, keys = path
    return ["there", [field, keys[:-1]], keys[-1]]


def _typed(found: re.Match[str], path: Path) -> Form:
    return ["type", path, found["type"]]


def _has_text(found: re.Match[str], path: Path) -> Form:
    return ["text", path, found["method"], found["text"]]


def _matches(found: re.Match[str], path: Path) -> Form | None:
    told = translated(found["pattern"].replace("\\\\", "\\"))
    return None if told is None else ["matches", path, list(told)]


def _member(found: re.Match[str], path: Path) -> Form:
    return ["member", path, found["text"]]


def _exists(found: re.Match[str], path: Path) -> Form:
    return ["one_of", path, _QUOTED.findall(found["list"] or found["text"])]


def _size(found: re.Match[str], path: Path) -> Form:
    some = _QUOTED.findall(found["list"]) if found["list"] else None
    return ["size", path, found["sign"], int(found["number"]), some]


def _number(found: re.Match[str], path: Path) -> Form:
    return ["number", path, found["sign"], int(found["number"])]


def _plain(_: re.Match[str], path: Path) -> Form:
    return ["plain", path]


_Take: TypeAlias = Callable[[re.Match[str], Path], Form | None]

_BRACKET = regex.later(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[()]")
_QUOTED = regex.later(r"'([^']*)'")
_AT = r"(?P<path>[a-z_]+(?:\.\w+)+)"
_LIST = r"(?P<list>\['[^'\\]*'(?:,\s*'[^'\\]*')*\])"
_THAN = r"\s*(?P<sign>[=!]=|[<>]=?)\s*(?P<number>\d{1,9})"
_FILTER = rf"\.filter\((?P<one>\w+),\s*(?P=one)\s+in\s+{_LIST}\)"
_CALLS: tuple[tuple[re.Pattern[str], _Take], ...] = (
    (regex.later(r"has\((?P<path>[a-z_]+(?:\.\w+){2,})\)"), _there),
    (
        regex.later(
            r"(?P<path>[a-z_]+(?:\.\w+)+?)\.(?P<method>contains|startsWith|endsWith)\('(?P<text>[^'\\]*)'\)"
        ),
        _has_text,
    ),
    (
        regex.later(r"(?P<path>[a-z_]+(?:\.\w+)+?)\.matches\('(?P<pattern>(?:[^'\\\n]|\\\\)*)'\)"),
        _matches,
    ),
    (
        regex.later(
            rf"(?P<path>[a-z_]+(?:\.\w+)+?)\.exists\((?P<one>\w+),\s*(?P=one)\s+(?:==\s+(?P<text>'[^'\\]*')|in\s+{_LIST})\)"
        ),
        _exists,
    ),
    (regex.later(_AT), _plain),
)
_COMPARISONS: tuple[tuple[re.Pattern[str], _Take], ...] = (
    (regex.later(rf"{_AT}\s*(?P<sign>==|!=)\s*(?P<value>'[^'\\]*'|true|false|{_LIST})"), _equal),
    (regex.later(rf"{_AT}\s+in\s+{_LIST}"), _among),
    (regex.later(rf"type\({_AT}\)\s*==\s*(?P<type>map|list|string|bool)"), _typed),
    (regex.later(rf"'(?P<text>[^'\\]*)'\s+in\s+{_AT}"), _member),
    (regex.later(rf"size\({_AT}(?P<list>)\){_THAN}"), _size),
    (regex.later(rf"(?P<path>[a-z_]+(?:\.\w+)+?)(?:{_FILTER})?\.size\(\){_THAN}"), _size),
    (regex.later(rf"{_AT}{_THAN}"), _number),
)
"""They hold less together than `!`, which is about the first of the two that they compare."""
