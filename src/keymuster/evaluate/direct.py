"""Parts of conditions that are judged without a runtime, which takes longer to load, and to compile for,
than most of them take to answer. Where a value is not of the type that a part asks for, nobody answers here:
what that comes to is for the runtime to say."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from keymuster.evaluate.matching import matcher

Judge: TypeAlias = Callable[[Mapping[str, Any]], bool | None]
"""Whether a part holds for a record, given its view by the names that conditions use; None for what
only the runtime can say."""


def judge(form: list[Any]) -> Judge:
    """What judges a part of a condition that was taken apart (`forms.form`)."""
    word, *about = form
    made: Judge = MAKERS[word](*about)
    return made


# --- several together -----------------------------------------------------------------------------


def _any(forms: list[list[Any]]) -> Judge:
    judges = [judge(one) for one in forms]

    def one_holds(view: Mapping[str, Any]) -> bool | None:
        sure = True
        for judge in judges:
            if (answer := judge(view)) is True:
                return True
            sure = sure and answer is not None
        return False if sure else None

    return one_holds


def _all(forms: list[list[Any]]) -> Judge:
    judges = [judge(one) for one in forms]

    def each_holds(view: Mapping[str, Any]) -> bool | None:
        sure = True
        for judge in judges:
            if (answer := judge(view)) is False:
                return False
            sure = sure and answer is not None
        return True if sure else None

    return each_holds


def _not(form: list[Any]) -> Judge:
    holds = judge(form)

    def does_not_hold(view: Mapping[str, Any]) -> bool | None:
        answer = holds(view)
        return None if answer is None else not answer

    return does_not_hold


def _exists(path: _Path, form: list[Any]) -> Judge:
    holds = judge(form)

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


ITEM = "one.text"
"""What stands for the one that `exists` is about, as if it were a field."""


class _Beside(dict[str, Any]):
    """A view, and one text of a list in it."""

    def __init__(self, view: Mapping[str, Any], text: str) -> None:
        super().__init__({ITEM: text})
        self._view = view

    def __missing__(self, name: str) -> Any:
        return self._view[name]


# --- values ---------------------------------------------------------------------------------------

_Path: TypeAlias = list[Any]
"""A field, by the name that conditions use, and a list of the keys inside of it."""

_NOTHING = object()


def _value(view: Mapping[str, Any], path: _Path) -> Any:
    value = view[path[0]]
    for key in path[1]:
        if not isinstance(value, dict) or key not in value:
            return _NOTHING
        value = value[key]
    return value


def _texts(value: Any) -> dict[str, Any] | list[str] | None:
    """The keys of a map, or a list of texts; None for anything else."""
    if isinstance(value, dict):
        return value
    is_texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value if is_texts else None


# --- what is asked of one field -------------------------------------------------------------------


def _equal(path: _Path, other: Any, wanted: bool) -> Judge:
    def is_equal(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return (value == other) is wanted if type(value) is type(other) else None

    return is_equal


def _among(path: _Path, said: list[str]) -> Judge:
    texts = frozenset(said)

    def is_among(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return value in texts if isinstance(value, str) else None

    return is_among


def _there(outer: _Path, key: str) -> Judge:
    def is_there(view: Mapping[str, Any]) -> bool | None:
        holder = _value(view, outer)
        return key in holder if isinstance(holder, dict) else None

    return is_there


def _typed(path: _Path, type_: str) -> Judge:
    wanted = _TYPES[type_]

    def is_of_type(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return type(value) is wanted if type(value) in _TYPES.values() else None

    return is_of_type


def _has_text(path: _Path, method: str, text: str) -> Judge:
    how = _METHODS[method]

    def has_text(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return how(value, text) if isinstance(value, str) else None

    return has_text


def _matches(path: _Path, told: list[Any]) -> Judge:
    holds = matcher(*told)

    def is_matched(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return holds(value) if isinstance(value, str) else None

    return is_matched


def _member(path: _Path, text: str) -> Judge:
    def is_member(view: Mapping[str, Any]) -> bool | None:
        value = _texts(_value(view, path))
        return None if value is None else text in value

    return is_member


def _one_of(path: _Path, said: list[str]) -> Judge:
    texts = frozenset(said)

    def one_exists(view: Mapping[str, Any]) -> bool | None:
        value = _texts(_value(view, path))
        return None if value is None else not texts.isdisjoint(value)

    return one_exists


def _size(path: _Path, sign: str, number: int, said: list[str] | None) -> Judge:
    """How many there are in a list or map; of a list of texts, those of some if these are named."""
    compare, some = _SIGNS[sign], frozenset(said or ())

    def has_size(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        if not isinstance(value, list if some else (list, dict)):
            return None
        if some and not all(isinstance(one, str) for one in value):
            return None
        return compare(sum(one in some for one in value) if some else len(value), number)

    return has_size


def _number(path: _Path, sign: str, number: int) -> Judge:
    compare = _SIGNS[sign]

    def compares(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return compare(value, number) if type(value) is int else None

    return compares


def _plain(path: _Path) -> Judge:
    def holds(view: Mapping[str, Any]) -> bool | None:
        value = _value(view, path)
        return value if isinstance(value, bool) else None

    return holds


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

MAKERS: dict[str, Callable[..., Judge]] = {
    "any": _any, "all": _all, "not": _not, "exists": _exists, "equal": _equal, "among": _among, "there": _there,
    "type": _typed, "text": _has_text, "matches": _matches, "member": _member, "one_of": _one_of, "size": _size,
    "number": _number, "plain": _plain,
}  # fmt: skip
"""What makes a judge of each form, by its first word."""
