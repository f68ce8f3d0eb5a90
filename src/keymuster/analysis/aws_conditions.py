"""Conditions of AWS policies: whether they hold for what is known of a request.

The operators, and what they do when a key is missing, are those of
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache, partial
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from keymuster import regex
from keymuster.analysis.answers import Answer, answer, every, negated, some
from keymuster.analysis.aws_patterns import Fill, arn_matches, matches
from keymuster.model.unknown import is_unknown


class Context(Struct, frozen=True):
    """What is known of the keys of a request.

    `values` has lower-case keys; a key without values is known to be absent. Of other keys nothing
    is known, unless `complete` says that there are no more. Keys in `chosen` are whatever suits the
    caller: the region to call, the tags of a new thing.
    """

    values: Mapping[str, Sequence[str]] = {}
    chosen: frozenset[str] = frozenset()
    complete: bool = False

    def get(self, key: str) -> Sequence[str] | None:
        """The values of a key: none if it is absent, None if it is not known."""
        found = self.values.get(key.lower())
        return () if found is None and self.complete else found

    def is_chosen(self, key: str) -> bool:
        key = key.lower()
        if key in self.values:
            return False
        return key in self.chosen or f"{key.partition('/')[0]}/" in self.chosen

    def having(self, more: Mapping[str, Sequence[str]]) -> Context:
        """The same with more that is known."""
        if not more:
            return self
        return Context({**self.values, **more}, self.chosen, self.complete)


def context(
    values: Mapping[str, str | Sequence[str] | None] | None = None,
    *,
    chosen: Sequence[str] = (),
    complete: bool = False,
) -> Context:
    """A context from keys in any case; None says that a key is absent."""
    known = {
        key.lower(): (value,) if isinstance(value, str) else tuple(value or ())
        for key, value in (values or {}).items()
    }
    return Context(known, frozenset(key.lower() for key in chosen), complete)


class Over(Enum):
    """How an operator takes several values of one key."""

    ONE = ""
    ANY = "foranyvalue"
    ALL = "forallvalues"


_Compare: TypeAlias = Callable[[str, str, Fill], Answer]


class Operator(NamedTuple):
    """What a name like `ForAnyValue:StringNotLikeIfExists` says."""

    compare: _Compare | None
    negative: bool
    if_exists: bool
    over: Over


def hold(conditions: Mapping[str, Any], request: Context, *, allowing: bool = True) -> Answer:
    """Whether all conditions of a statement hold. A key that the caller chooses is chosen so that a
    statement that allows does apply, and one that denies does not."""
    if not conditions:
        return Answer.YES
    return every(
        _holds(name, key, given, request, allowing)
        for name, block in conditions.items()
        for key, given in (block.items() if isinstance(block, Mapping) else (("", block),))
    )


def _holds(name: str, key: str, given: Any, request: Context, allowing: bool) -> Answer:
    operator = parse_operator(name)
    if operator is None or not key or is_unknown(key):
        return Answer.UNKNOWN
    if request.is_chosen(key):
        return answer(allowing)
    values = request.get(key)
    wanted = texts(given)
    if operator.compare is None:
        return _null(values, wanted)
    if values is None:
        return _by_the_clock(operator, key, wanted, allowing)
    if not values:
        return _missing(operator)
    return _compared(operator, values, wanted, request.get)


def _null(values: Sequence[str] | None, wanted: Sequence[str]) -> Answer:
    """`Null` asks whether a key is absent."""
    if values is None:
        return Answer.UNKNOWN
    return some(
        Answer.UNKNOWN if is_unknown(one) else answer((one.lower() == "true") is (not values))
        for one in wanted
    )


def _missing(operator: Operator) -> Answer:
    if operator.if_exists or operator.over is Over.ALL:
        return Answer.YES
    return answer(operator.negative and operator.over is not Over.ANY)


_PASSED = datetime(2025, 1, 1, tzinfo=UTC)
"""Whenever this runs, it is later."""
_NOW = frozenset(("aws:currenttime", "aws:epochtime"))
_SIGN_IN = "aws:tokenissuetime"


def _by_the_clock(operator: Operator, key: str, wanted: Sequence[str], allowing: bool) -> Answer:
    """Dates that have passed are known to have, and so is that a session can be begun after them. One
    who signs in with a key has no session, so what denies those does not hold for all."""
    name = key.lower()
    if name not in _NOW and not (name == _SIGN_IN and allowing):
        return Answer.UNKNOWN
    if not (isinstance(operator.compare, partial) and operator.compare.func is _date):
        return Answer.UNKNOWN
    dates = [None if is_unknown(one) else date(one) for one in wanted]
    if not dates or any(one is None or one >= _PASSED for one in dates):
        return Answer.UNKNOWN
    return _compared(operator, [_PASSED.isoformat()], wanted, lambda _: None)


def _compared(
    operator: Operator, values: Sequence[str], wanted: Sequence[str], fill: Fill
) -> Answer:
    compare = operator.compare
    assert compare is not None

    def fits(value: str) -> Answer:
        return some(compare(one, value, fill) for one in wanted)

    one_by_one = [fits(value) for value in values]
    if operator.negative:
        opposite = [negated(one) for one in one_by_one]
        return some(opposite) if operator.over is Over.ANY else every(opposite)
    return every(one_by_one) if operator.over is Over.ALL else some(one_by_one)


def texts(given: Any) -> list[str]:
    """The values of a condition or of an element as text, in the way JSON writes them."""
    if isinstance(given, list | tuple):
        return [text for one in given for text in texts(one)]
    if isinstance(given, bool):
        return [str(given).lower()]
    return [] if given is None else [str(given)]


@lru_cache(maxsize=1024)
def parse_operator(name: str) -> Operator | None:
    """None for a name that is no operator's."""
    rest, over = name.lower(), Over.ONE
    head, colon, tail = rest.partition(":")
    if colon:
        if head not in (Over.ANY.value, Over.ALL.value):
            return None
        rest, over = tail, Over(head)
    if_exists = rest.endswith("ifexists")
    rest = rest.removesuffix("ifexists")
    if rest == "null":
        return None if if_exists else Operator(None, False, False, over)
    if rest not in _OPERATORS:
        return None
    compare, negative = _OPERATORS[rest]
    return Operator(compare, negative, if_exists, over)


def _text(
    wanted: str, value: str, fill: Fill, *, fold: bool = False, wildcards: bool = False
) -> Answer:
    return matches(wanted, value, fold=fold, wildcards=wildcards, fill=fill)


def _arn(wanted: str, value: str, fill: Fill) -> Answer:
    return arn_matches(wanted, value, fill=fill)


def _bool(wanted: str, value: str, _: Fill) -> Answer:
    return _told(wanted, value, lambda: wanted.lower() == value.lower())


def _told(wanted: str, value: str, compare: Callable[[], bool]) -> Answer:
    if is_unknown(wanted) or is_unknown(value):
        return Answer.UNKNOWN
    return answer(compare())


def _number(wanted: str, value: str, _: Fill, *, order: Sequence[int]) -> Answer:
    return _told(wanted, value, lambda: _ordered(number(value), number(wanted), order))


def _date(wanted: str, value: str, _: Fill, *, order: Sequence[int]) -> Answer:
    return _told(wanted, value, lambda: _ordered(date(value), date(wanted), order))


def _ordered(one: Any, other: Any, order: Sequence[int]) -> bool:
    """Whether one is below (-1), equal to (0) or above (1) the other, if both can be read."""
    if one is None or other is None:
        return False
    return ((one > other) - (one < other)) in order


_NUMBER = regex.later(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")


def number(text: str) -> Decimal | None:
    return Decimal(text.strip()) if _NUMBER.fullmatch(text.strip()) else None


def date(text: str) -> datetime | None:
    """A time as ISO 8601 or as seconds since 1970."""
    text = text.strip()
    try:
        if text.isdigit() and len(text) > 4:
            return datetime.fromtimestamp(int(text), UTC)
        if re.fullmatch(r"[0-9]{4}(?:-[0-9]{2})?", text):
            text = f"{text}-01-01"[:10]
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _binary(wanted: str, value: str, _: Fill) -> Answer:
    return _told(wanted, value, lambda: _bytes(wanted) == _bytes(value))


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return text.encode()


def _address(wanted: str, value: str, _: Fill) -> Answer:
    return _told(wanted, value, lambda: _within(value, wanted))


def _within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except (ValueError, TypeError):
        return False


_BELOW, _SAME, _ABOVE = -1, 0, 1

_OPERATORS: dict[str, tuple[_Compare, bool]] = {
    "stringequals": (_text, False),
    "stringnotequals": (_text, True),
    "stringequalsignorecase": (partial(_text, fold=True), False),
    "stringnotequalsignorecase": (partial(_text, fold=True), True),
    "stringlike": (partial(_text, wildcards=True), False),
    "stringnotlike": (partial(_text, wildcards=True), True),
    "numericequals": (partial(_number, order=[_SAME]), False),
    "numericnotequals": (partial(_number, order=[_SAME]), True),
    "numericlessthan": (partial(_number, order=[_BELOW]), False),
    "numericlessthanequals": (partial(_number, order=[_BELOW, _SAME]), False),
    "numericgreaterthan": (partial(_number, order=[_ABOVE]), False),
    "numericgreaterthanequals": (partial(_number, order=[_ABOVE, _SAME]), False),
    "dateequals": (partial(_date, order=[_SAME]), False),
    "datenotequals": (partial(_date, order=[_SAME]), True),
    "datelessthan": (partial(_date, order=[_BELOW]), False),
    "datelessthanequals": (partial(_date, order=[_BELOW, _SAME]), False),
    "dategreaterthan": (partial(_date, order=[_ABOVE]), False),
    "dategreaterthanequals": (partial(_date, order=[_ABOVE, _SAME]), False),
    "bool": (_bool, False),
    "binaryequals": (_binary, False),
    "ipaddress": (_address, False),
    "notipaddress": (_address, True),
    "arnequals": (_arn, False),
    "arnlike": (_arn, False),
    "arnnotequals": (_arn, True),
    "arnnotlike": (_arn, True),
}
"""Name in lower case -> how one value is compared, and whether the operator wants the opposite."""
