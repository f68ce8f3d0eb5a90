"""Whether the condition of a binding holds: yes, no, or unknown where it asks for what nobody tells.

Conditions are CEL over the request and the resource; here they are answered for some resource and for
now: https://cloud.google.com/iam/docs/conditions-overview
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from keymuster import regex
from keymuster.analysis.answers import Answer, answer

Powerful = Callable[[str], bool]
"""Whether a role is one by which its holder takes all: of conditions on the roles that may be granted."""


class Unknown:
    """A value that nobody tells."""


UNKNOWN = Unknown()


class AccountNames(Unknown):
    """The name of some service account: of one of the `projects`, or of any."""

    def __init__(self, projects: tuple[str, ...] = ()) -> None:
        self.projects = projects

    def begins(self, text: str) -> bool | Unknown:
        """Whether such a name begins with a text, if that can be told of all."""
        kind, _, rest = text.partition("/")
        if not rest:
            return f"{_PROJECTS}/".startswith(text)
        project, slash, inside = rest.partition("/")
        if kind != _PROJECTS or not _ACCOUNTS.startswith(inside[: len(_ACCOUNTS)]):
            return False
        if not slash:
            fits = [one.startswith(project) for one in self.projects]
        else:
            fits = [one == project for one in self.projects]
        if self.projects and not any(fits):
            return False
        if slash and not self.projects and _PROJECT.fullmatch(project) is None:
            return False
        surely = bool(self.projects) and all(fits) and len(inside) <= len(_ACCOUNTS)
        return True if surely else UNKNOWN


_PROJECTS, _ACCOUNTS = "projects", "serviceAccounts/"
_PROJECT = regex.later(r"[a-z][a-z0-9:.-]{4,61}|[0-9]{6,19}")


class _Granting(Unknown):
    """The roles that are granted or taken back by a request."""


class _NotUnderstood(Exception):
    """An expression that holds more than is judged here."""


_TOKEN = regex.later(
    r"""\s*(?:(?P<text>[rR]?'(?:[^'\\]|\\.)*'|[rR]?"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d+)?)"""
    r"""|(?P<sign>==|!=|<=|>=|&&|\|\||[!().,\[\]?:<>+-]))"""
)
_MOST_TOKENS, _MOST_DEPTH = 2000, 40
_LONGEST = 20_000


class Conditions:
    """Answers of many conditions, each worked out once. `now` is when it is asked: without it nothing
    that asks for the time can be told."""

    def __init__(self, now: datetime | None, powerful: Powerful = lambda _: False) -> None:
        self._now = now
        self._powerful = powerful
        self._known: dict[tuple[Any, ...], Answer] = {}

    def holds(self, conditions: Mapping[str, Any], **resource: object) -> Answer:
        """Of a resource with this `name`, `type` and `service`. What holds only later is unknown."""
        if not conditions:
            return Answer.YES
        said = conditions.get("condition")
        text = said.get("expression") if isinstance(said, Mapping) else said
        if not isinstance(text, str) or not text.strip():
            return Answer.YES if said in ({}, None) else Answer.UNKNOWN
        key = (text, *sorted((name, _hashable(one)) for name, one in resource.items()))
        if key not in self._known:
            facts = {f"resource.{name}": one for name, one in resource.items()}
            self._known[key] = self._in_time(text, facts)
        return self._known[key]

    def _in_time(self, text: str, facts: dict[str, object]) -> Answer:
        if len(text) > _LONGEST:
            return Answer.UNKNOWN
        now, times = self._at(text, facts, self._now)
        if now is not Answer.NO or self._now is None:
            return now
        around = [one + delta for one in times for delta in _AROUND if one + delta > self._now]
        later = [self._at(text, facts, one)[0] for one in around[:_MOST_TIMES]]
        return Answer.NO if all(one is Answer.NO for one in later) else Answer.UNKNOWN

    def _at(
        self, text: str, facts: dict[str, object], time: datetime | None
    ) -> tuple[Answer, list[datetime]]:
        times: list[datetime] = []
        try:
            reader = _Reader(
                text, {**facts, "request.time": time or UNKNOWN}, times, self._powerful
            )
            value = reader.whole()
        except (_NotUnderstood, ValueError, OverflowError, RecursionError, TypeError):
            return Answer.UNKNOWN, times
        return answer(value) if isinstance(value, bool) else Answer.UNKNOWN, times


_AROUND = (timedelta(seconds=-1), timedelta(seconds=1))
_MOST_TIMES = 20


def _hashable(value: object) -> object:
    return value.projects if isinstance(value, AccountNames) else value


class _Reader:
    """Reads an expression and finds its value on the way. What is not known stays so, unless what is
    beside it decides alone."""

    def __init__(
        self,
        text: str,
        facts: Mapping[str, object],
        times: list[datetime],
        powerful: Powerful,
    ) -> None:
        self.facts, self.times, self.powerful = facts, times, powerful
        self.tokens = _tokens(text)
        self.at = self.depth = 0

    def whole(self) -> object:
        value = self.choice()
        if self.at < len(self.tokens):
            raise _NotUnderstood
        return value

    def _next(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _takes(self, *signs: str) -> str:
        kind, text = self._next()
        if kind in ("sign", "name") and text in signs:
            self.at += 1
            return text
        return ""

    def _must(self, sign: str) -> None:
        if not self._takes(sign):
            raise _NotUnderstood

    def choice(self) -> object:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise _NotUnderstood
        value = self._either()
        if self._takes("?"):
            one = self.choice()
            self._must(":")
            other = self.choice()
            same = isinstance(value, Unknown) and type(one) is type(other) and one == other
            value = one if same or value is True else other if value is False else UNKNOWN
        self.depth -= 1
        return value

    def _either(self) -> object:
        several = [self._both()]
        while self._takes("||"):
            several.append(self._both())
        return several[0] if len(several) == 1 else _any(several)

    def _both(self) -> object:
        several = [self._relation()]
        while self._takes("&&"):
            several.append(self._relation())
        return several[0] if len(several) == 1 else _not(_any(map(_not, several)))

    def _relation(self) -> object:
        left = self._sum()
        if sign := self._takes("==", "!=", "<=", ">=", "<", ">", "in"):
            return _related(left, sign, self._sum())
        return left

    def _sum(self) -> object:
        left = self._one()
        while sign := self._takes("+", "-"):
            right = self._one()
            if isinstance(left, Unknown) or isinstance(right, Unknown):
                left = UNKNOWN
            else:
                left = _sum_of(left, sign, right)
        return left

    def _one(self) -> object:
        negated = 0
        while self._takes("!"):
            negated += 1
        value = self._member()
        return _not(value) if negated % 2 else value

    def _member(self) -> object:
        kind, text = self._next()
        self.at += 1
        value: object
        if kind == "text":
            value = _unquoted(text)
        elif kind == "number":
            value = float(text) if "." in text else int(text)
        elif (kind, text) == ("sign", "("):
            value = self.choice()
            self._must(")")
        elif (kind, text) == ("sign", "["):
            value = self._listed("]")
        elif kind == "name":
            value = self._named(text)
        else:
            raise _NotUnderstood
        while self._takes("."):
            _, name = self._next()
            self.at += 1
            value = self._method(value, name, self._listed(")")) if self._takes("(") else UNKNOWN
        return value

    def _named(self, name: str) -> object:
        """A literal, a function, or a fact by its whole path."""
        if name in ("true", "false"):
            return name == "true"
        if self._takes("("):
            return self._function(name, self._listed(")"))
        path = name
        while self._takes("."):
            _, part = self._next()
            self.at += 1
            if self._takes("("):
                given = self._listed(")")
                if path == "api" and part == "getAttribute":
                    return _Granting() if given[:1] == [_MODIFIED] else UNKNOWN
                return self._method(self.facts.get(path, UNKNOWN), part, given)
            path = f"{path}.{part}"
        return self.facts.get(path, UNKNOWN)

    def _listed(self, end: str) -> list[object]:
        found: list[object] = []
        while not self._takes(end):
            if found:
                self._must(",")
            found.append(self.choice())
        return found

    def _function(self, name: str, given: list[object]) -> object:
        [one] = given
        if name == "timestamp" and isinstance(one, str):
            time = datetime.fromisoformat(one)
            time = time if time.tzinfo else time.replace(tzinfo=UTC)
            self.times.append(time)
            return time
        if name == "duration" and isinstance(one, str) and (told := _DURATION.fullmatch(one)):
            return timedelta(seconds=float(told["count"]) * _UNITS[told["unit"]])
        if name == "size" and isinstance(one, str | list):
            return len(one)
        return UNKNOWN

    def _method(self, value: object, name: str, given: list[object]) -> object:
        if isinstance(value, _Granting) and name == "hasOnly":
            listed = given[0] if given and isinstance(given[0], list) else []
            return any(self.powerful(one) for one in listed if isinstance(one, str))
        if len(given) != 1 or not isinstance(text := given[0], str):
            return UNKNOWN
        if isinstance(value, AccountNames) and name == "startsWith":
            return value.begins(text)
        if not isinstance(value, str):
            return UNKNOWN
        match name:
            case "startsWith":
                return value.startswith(text)
            case "endsWith":
                return value.endswith(text)
            case "contains":
                return text in value
            case "extract":
                return _extracted(value, text)
            case _:
                return UNKNOWN


_MODIFIED = "iam.googleapis.com/modifiedGrantsByRole"
_DURATION = regex.later(r"(?P<count>\d{1,12}(?:\.\d{1,9})?)(?P<unit>s|m|h)")
_UNITS = {"s": 1, "m": 60, "h": 3600}


def _extracted(value: str, template: str) -> object:
    """What stands where the braces do; nothing if the rest is not there."""
    before, _, rest = template.partition("{")
    after = rest.partition("}")[2]
    start = value.find(before)
    if start < 0:
        return ""
    start += len(before)
    end = value.find(after, start) if after else len(value)
    return value[start:end] if end >= 0 else ""


def _not(value: object) -> object:
    return not value if isinstance(value, bool) else UNKNOWN


def _any(several: Any) -> object:
    found: object = False
    for one in several:
        if one is True:
            return True
        if one is not False:
            found = UNKNOWN
    return found


def _related(left: object, sign: str, right: object) -> object:
    if sign == "in":
        return _any([_equal(left, one) for one in right]) if isinstance(right, list) else UNKNOWN
    if sign in ("==", "!="):
        same = _equal(left, right)
        return same if sign == "==" else _not(same)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    less, more = left < right, left > right  # type: ignore[operator]
    return {"<": less, ">": more, "<=": not more, ">=": not less}[sign]


def _equal(left: object, right: object) -> object:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, AccountNames) and isinstance(other, str):
            return False if one.begins(other) is False else UNKNOWN
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    return left == right


def _sum_of(left: Any, sign: str, right: Any) -> object:
    return left + right if sign == "+" else left - right


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None or len(found) >= _MOST_TOKENS:
            raise _NotUnderstood
        kind = str(token.lastgroup)
        found.append((kind, token[kind]))
        at = token.end()
    return found


def _unquoted(text: str) -> str:
    if text[:1] in "rR":
        return text[2:-1]
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError) as error:
        raise _NotUnderstood from error
