"""Parts of conditions that are judged without a runtime, which takes longer to load, and to compile for,
than most of them take to answer. Where a value is not of the type that a part asks for, nobody answers here:
what that comes to is for the runtime to say."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from keymuster import regex
from keymuster.evaluate.conjuncts import alternatives, conjuncts
from keymuster.evaluate.matching import matching

Judge: TypeAlias = Callable[[Mapping[str, Any]], bool | None]
"""Whether a part holds for a record, given its view by the names that conditions use; None for what
only the runtime can say."""


def judge(text: str, types: Mapping[str, str]) -> Judge | None:
    """What judges a part of a condition about fields of these types; None if only the runtime can."""
    return _judge(_plainer(text.strip()), types)


def _plainer(text: str) -> str:
    """The same with `a.b` for `a['b']`, and without `string` around a field: what is no text is left to
    the runtime anyway."""
    if '"' in text:
        return text
    return _STRING.sub(r"\1", _INDEX.sub(r"\1.\2", text))


_INDEX = regex.later(r"(?<![\w.'])([a-z_]+(?:\.\w+)+)\['([A-Za-z_]\w*)'\]")
_STRING = regex.later(r"(?<![\w.'])string\(([a-z_]+(?:\.\w+)+)\)")


def _judge(text: str, types: Mapping[str, str]) -> Judge | None:
    text = text.strip()
    for parts, joined in ((alternatives(text), _any), (conjuncts(text), _all)):
        if len(parts) > 1:
            judges = [_judge(one, types) for one in parts]
            known = [one for one in judges if one is not None]
            return joined(known) if len(known) == len(parts) else None
    if text.startswith("!"):
        text = text[1:].strip()
        if found := _EXISTS.fullmatch(text):
            inner = _one_exists(found, types)
        else:
            inner = _bracketed(text, types) or _formed(text, types, _CALLS)
        return None if inner is None else _not(inner)
    if found := _EXISTS.fullmatch(text):
        return _one_exists(found, types)
    return _bracketed(text, types) or _formed(text, types, (*_CALLS, *_COMPARISONS))


def _bracketed(text: str, types: Mapping[str, str]) -> Judge | None:
    return _judge(text[1:-1], types) if text.startswith("(") and _closes(text) else None


def _formed(text: str, types: Mapping[str, str], forms: Sequence[_Form]) -> Judge | None:
    for form, make in forms:
        found = form.fullmatch(text)
        if found is not None and (path := _path(found["path"], types)) is not None:
            return make(found, path)
    return None


def _one_exists(found: re.Match[str], types: Mapping[str, str]) -> Judge | None:
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
        judges = [_judge(_plainer(text), types) for text in named]
        known = [each for each in judges if each is not None]
        return _any(known) if len(known) == len(judges) else None
    path = _path(found["path"], types)
    if path is None or _ITEM in types:
        return None
    inner = _judge(_plainer(_renamed(body, one, _ITEM)), {**types, _ITEM: "string"})
    if inner is None:
        return None
    holds = inner

    def one_holds(view: Mapping[str, Any]) -> bool | None:
        texts = _texts(_value(view, path))
        if texts is None:
            return None
        sure = True
        for text in texts:
            if (answer := holds(_Beside(view, text))) is True:
                return True
            sure = sure and answer is not None
        return False if sure else None

    return one_holds


_ITEM = "one.text"
"""What stands for the one that `exists` is about, as if it were a field."""


class _Beside(dict[str, Any]):
    """A view, and one text of a list in it."""

    def __init__(self, view: Mapping[str, Any], text: str) -> None:
        super().__init__({_ITEM: text})
        self._view = view

    def __missing__(self, name: str) -> Any:
        return self._view[name]


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


def _any(judges: Sequence[Judge]) -> Judge:
    def one_holds(view: Mapping[str, Any]) -> bool | None:
        sure = True
        for judge in judges:
            if (answer := judge(view)) is True:
                return True
            sure = sure and answer is not None
        return False if sure else None

    return one_holds


def _all(judges: Sequence[Judge]) -> Judge:
    def each_holds(view: Mapping[str, Any]) -> bool | None:
        sure = True
        for judge in judges:
            if (answer := judge(view)) is False:
                return False
            sure = sure and answer is not None
        return True if sure else None

    return each_holds


def _not(judge: Judge) -> Judge:
    def does_not_hold(view: Mapping[str, Any]) -> bool | None:
        answer = judge(view)
        return None if answer is None else not answer

    return does_not_hold


def _closes(text: str) -> bool:
    """Whether the first bracket is closed by the last character."""
    depth = 0
    for sign in _BRACKET.finditer(text):
        depth += {"(": 1, ")": -1}.get(sign[0], 0)
        if not depth and sign[0] == ")":
            return sign.end() == len(text)
    return False


# --- values ---------------------------------------------------------------------------------------

_Path: TypeAlias = tuple[str, tuple[str, ...]]
"""A field, by the name that conditions use, and the keys inside of it."""

_NOTHING = object()


def _path(text: str, types: Mapping[str, str]) -> _Path | None:
    """None for a field that there is not, or one that has nothing inside of it."""
    subject, name, *keys = text.split(".")
    field = f"{subject}.{name}"
    kind = types.get(field)
    if kind is None or (keys and not kind.startswith("map<")):
        return None
    return field, tuple(keys)


def _value(view: Mapping[str, Any], path: _Path) -> Any:
    value = view[path[0]]
    for key in path[1]:
        if not isinstance(value, dict) or key not in value:
            return _NOTHING
        value = value[key]
    return value


# --- forms ----------------------------------------------------------------------------------------


def _equal(found: re.Match[str], path: _Path) -> Judge:
    said, wanted = found["value"], found["sign"] == "=="
    other: Any = said == "true" if said in ("true", "false") else said[1:-1]
    if found["list"]:
        other = _QUOTED.findall(said)

    def is_equal(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return (value == other) is wanted if type(value) is type(other) else None

    return is_equal


def _among(found: re.Match[str], path: _Path) -> Judge:
    texts = frozenset(_QUOTED.findall(found["list"]))

    def is_among(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return value in texts if isinstance(value, str) else None

    return is_among


def _there(_: re.Match[str], path: _Path) -> Judge:
    outer: _Path = (path[0], path[1][:-1])

    def is_there(view: Mapping[str, Any]) -> bool | None:
        holder = _value(view, outer)
        return path[1][-1] in holder if isinstance(holder, dict) else None

    return is_there


def _typed(found: re.Match[str], path: _Path) -> Judge:
    wanted = _TYPES[found["type"]]

    def is_of_type(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return type(value) is wanted if type(value) in _TYPES.values() else None

    return is_of_type


def _has_text(found: re.Match[str], path: _Path) -> Judge:
    text, how = found["text"], _METHODS[found["method"]]

    def has_text(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return how(value, text) if isinstance(value, str) else None

    return has_text


def _matches(found: re.Match[str], path: _Path) -> Judge | None:
    matches = matching(found["pattern"].replace("\\\\", "\\"))
    if matches is None:
        return None
    holds = matches

    def is_matched(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return holds(value) if isinstance(value, str) else None

    return is_matched


def _member(found: re.Match[str], path: _Path) -> Judge:
    text = found["text"]

    def is_member(view: Mapping[str, Any]) -> bool | None:
        value = _texts(_value(view, path))
        return None if value is None else text in value

    return is_member


def _exists(found: re.Match[str], path: _Path) -> Judge:
    texts = frozenset(_QUOTED.findall(found["list"] or found["text"]))

    def one_exists(view: Mapping[str, Any]) -> bool | None:
        value = _texts(_value(view, path))
        return None if value is None else not texts.isdisjoint(value)

    return one_exists


def _size(found: re.Match[str], path: _Path) -> Judge:
    """How many there are in a list or map; of a list of texts, those of some if these are named."""
    compare, number = _SIGNS[found["sign"]], int(found["number"])
    some = found["list"] and frozenset(_QUOTED.findall(found["list"]))

    def has_size(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        if not isinstance(value, list if some else (list, dict)):
            return None
        if some and not all(isinstance(one, str) for one in value):
            return None
        return compare(sum(one in some for one in value) if some else len(value), number)

    return has_size


def _number(found: re.Match[str], path: _Path) -> Judge:
    compare, number = _SIGNS[found["sign"]], int(found["number"])

    def compares(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return compare(value, number) if type(value) is int else None

    return compares


def _plain(_: re.Match[str], path: _Path) -> Judge:
    def holds(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return value if isinstance(value, bool) else None

    return holds


def _texts(value: Any) -> dict[str, Any] | list[str] | None:
    """The keys of a map, or a list of texts; None for anything else."""
    if isinstance(value, dict):
        return value
    is_texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value if is_texts else None


_METHODS: dict[str, Callable[[str, str], bool]] = {
    "contains": str.__contains__,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}
_SIGNS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
    "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_TYPES: dict[str, type[Any]] = {"map": dict, "list": list, "string": str, "bool": bool}

_BRACKET = regex.later(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[()]")
_QUOTED = regex.later(r"'([^']*)'")
_AT = r"(?P<path>[a-z_]+(?:\.\w+)+)"
_LIST = r"(?P<list>\['[^'\\]*'(?:,\s*'[^'\\]*')*\])"
_THAN = r"\s*(?P<sign>[=!]=|[<>]=?)\s*(?P<number>\d{1,9})"
_FILTER = rf"\.filter\((?P<one>\w+),\s*(?P=one)\s+in\s+{_LIST}\)"
_Form: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str], _Path], Judge | None]]
_CALLS: tuple[_Form, ...] = (
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
_COMPARISONS: tuple[_Form, ...] = (
    (regex.later(rf"{_AT}\s*(?P<sign>==|!=)\s*(?P<value>'[^'\\]*'|true|false|{_LIST})"), _equal),
    (regex.later(rf"{_AT}\s+in\s+{_LIST}"), _among),
    (regex.later(rf"type\({_AT}\)\s*==\s*(?P<type>map|list|string|bool)"), _typed),
    (regex.later(rf"'(?P<text>[^'\\]*)'\s+in\s+{_AT}"), _member),
    (regex.later(rf"size\({_AT}(?P<list>)\){_THAN}"), _size),
    (regex.later(rf"(?P<path>[a-z_]+(?:\.\w+)+?)(?:{_FILTER})?\.size\(\){_THAN}"), _size),
    (regex.later(rf"{_AT}{_THAN}"), _number),
)
"""They hold less together than `!`, which is about the first of the two that they compare."""
