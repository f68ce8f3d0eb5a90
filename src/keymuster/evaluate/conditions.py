"""The `when:` of policies: CEL, compiled against the view of their subject."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from string import Formatter
from typing import Any

from keymuster.errors import RuleError
from keymuster.evaluate.view import fields
from keymuster.inventory.facts import FACTS, UNKNOWN
from keymuster.model.unknown import depends_on, is_unknown, reference
from keymuster.rules.schema import Policy, RuleSet, Subject
from keymuster.settings import Lifetimes


def check(rules: RuleSet) -> None:
    """RuleError for a condition or message that names what does not exist."""
    conditions = Conditions()
    for policy in rules.policies:
        conditions.compiled(policy)
        known = fields(policy.applies_to)
        try:
            holes = list(Formatter().parse(policy.message))
        except ValueError as error:
            raise RuleError(policy.id, f"message: {error}") from error
        for _, name, spec, conversion in holes:
            if name is not None and (name not in known or spec or conversion):
                raise RuleError(
                    policy.id,
                    f"message: `{{{name}}}` is not a plain field of {policy.applies_to}{_hint(name, known)}",
                )


_LIMITS = Lifetimes()


class Conditions:
    """Compiles each condition once. A condition may also name `limits`, by their names in the settings."""

    def __init__(self, limits: Lifetimes = _LIMITS) -> None:
        self._limits = {
            f"limits.{name}": float(getattr(limits, name)) for name in limits.__struct_fields__
        }
        self._environments: dict[Subject, Any] = {}
        self._compiled: dict[str, Any] = {}
        self._asked: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self._named: dict[str, list[str]] = {}
        self._demanded: dict[str, list[tuple[str, frozenset[str]]]] = {}
        self._matched: dict[tuple[str, str], bool | None] = {}

    def answer(self, policy: Policy, view: Mapping[str, Any]) -> bool | None:
        """Whether the policy's condition holds for a record, given its view as `named` gives it. None
        where the vendor's words are not such that it has an answer."""
        if any(view[name] not in values for name, values in self._first(policy)):
            return False
        data = self._data(policy, view)
        if ".matches(" not in policy.when or policy.applies_to == "resource":
            return self._evaluated(policy, data)
        # The runtime reads a regular expression anew each time, and many records say the same. What the
        # settings of resources say is not remembered: it may be a secret.
        key = (policy.id, repr(data))
        if key not in self._matched:
            if len(self._matched) >= _MOST_REMEMBERED:
                self._matched.clear()
            self._matched[key] = self._evaluated(policy, data)
        return self._matched[key]

    def _evaluated(self, policy: Policy, data: Mapping[str, Any]) -> bool | None:
        condition = self.compiled(policy)
        try:
            answer = condition.eval(data=data).value()
        except RuntimeError as error:  # as for mistakes that show when compiling
            answer = str(error).splitlines()[0]
        if isinstance(answer, bool):
            return answer
        if self._asks_for(policy):
            return None
        raise RuleError(policy.id, f"when: {answer}")

    def unknown(self, policy: Policy, view: Mapping[str, Any], answer: bool | None) -> str:
        """What stands in the way of deciding, where a condition did not hold: something that it asks
        for is not known, or has a form that it does not expect. Empty if nothing does."""
        if any(_is_out(view[name], values) for name, values in self._first(policy)):
            return ""
        asked = self._asks_for(policy)
        for name, path in asked:
            if found := _unknown_in(view.get(name), path):
                return name if found == UNKNOWN else found
        return _ODD if asked and answer is None else ""

    def _first(self, policy: Policy) -> list[tuple[str, frozenset[str]]]:
        if policy.id not in self._demanded:
            known = fields(policy.applies_to)
            names = {
                f"{policy.applies_to}.{name}" for name, kind in known.items() if kind == "string"
            }
            found = _demanded(policy.when)
            self._demanded[policy.id] = [one for one in found if one[0] in names]
        return self._demanded[policy.id]

    def _data(self, policy: Policy, view: Mapping[str, Any]) -> dict[str, Any]:
        """What the condition names. The runtime translates all that it is given, each time."""
        if policy.id not in self._named:
            names = fields(policy.applies_to)
            self._named[policy.id] = [
                f"{policy.applies_to}.{name}"
                for name in dict.fromkeys(_WORD.findall(policy.when))
                if name in names
            ]
        return {name: view[name] for name in self._named[policy.id]} | self._limits

    def _asks_for(self, policy: Policy) -> list[tuple[str, tuple[str, ...]]]:
        if policy.id not in self._asked:
            self._asked[policy.id] = _asked(policy)
        return self._asked[policy.id]

    @staticmethod
    def named(subject: Subject, view: Mapping[str, Any]) -> dict[str, Any]:
        """A view by the names that conditions use."""
        return {f"{subject}.{name}": value for name, value in view.items()}

    def compiled(self, policy: Policy) -> Any:
        if policy.id not in self._compiled:
            self._compiled[policy.id] = self._compile(policy)
        return self._compiled[policy.id]

    def _compile(self, policy: Policy) -> Any:
        environment = self._environment(policy.applies_to)
        try:
            expression = environment.compile(policy.when)
        except RuntimeError as error:  # what the CEL runtime raises for every mistake
            raise RuleError(
                policy.id, f"when: {_explained(str(error), policy.applies_to)}"
            ) from error
        if expression.return_type().name() != "BOOL":
            raise RuleError(policy.id, "when: gives no yes or no")
        return expression

    def _environment(self, subject: Subject) -> Any:
        if subject not in self._environments:
            from cel_expr_python import cel

            self._environments[subject] = cel.NewEnv(
                variables={
                    **{
                        f"{subject}.{name}": cel.Type(kind)
                        for name, kind in fields(subject).items()
                    },
                    **{name: cel.Type("double") for name in self._limits},
                }
            )
        return self._environments[subject]


def _demanded(when: str) -> list[tuple[str, frozenset[str]]]:
    """The fields that must have one of some values, as a condition begins by saying:
    `grant.provider == 'aws' && grant.kind in ['policy', 'role'] && ...`. Nearly every record fails
    there for nearly every policy, and to see that needs no runtime."""
    if "\\" in when:  # a text could end elsewhere than it seems to
        return []
    plain = _TEXT.sub("''", when)
    while (inner := _BRACKETS.sub("", plain)) != plain:
        plain = inner
    if set(plain) & set("|?()[]{}/"):  # `&&` is then not what holds all of it together
        return []
    found, at = [], 0
    while part := _EQUAL.match(when, at):
        found.append((part[1], frozenset(_QUOTED.findall(part[2]))))
        at = part.end()
    return found


_BRACKETS = re.compile(r"\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}")
_EQUAL = re.compile(
    r"\s*([a-z_]+\.\w+) (?:==|in) ('[^'\\]*'|\['[^'\\]*'(?:, ?'[^'\\]*')*\])\s*(?:&&|\Z)"
)
_QUOTED = re.compile(r"'([^']*)'")


def _asked(policy: Policy) -> list[tuple[str, tuple[str, ...]]]:
    """The fields that a condition names and that may not be known, each with the path into it:
    `resource.settings.A.B`. They are facts, and maps in the vendor's words. To ask whether something
    is there, only what it would be in has to be known."""
    facts, known = FACTS.get(policy.applies_to, {}), fields(policy.applies_to)
    asked = []
    text = _HAS.sub(r"\1 ", _TEXT.sub("''", policy.when))
    for found in _NAME.finditer(text):
        subject, name, *path = found[0].split(".")
        if subject != policy.applies_to:
            continue
        if name in facts or known.get(name) == _MAP or (subject, name) in _SAID_ELSEWHERE:
            asked.append((f"{subject}.{name}", tuple(path)))
    return list(dict.fromkeys(asked))


_MOST_REMEMBERED = 8192
_WORD = re.compile(r"\w+")
_ODD = "the form of a setting"
_SAID_ELSEWHERE = {("grant", "actions"), ("grant", "not_actions"), ("trust", "principal")}
"""What is not known if all of it is given from outside. Of resources a part mostly is, and says enough."""

_MAP = "map<string, dyn>"
_HAS = re.compile(r"\bhas\(([a-z_]+(?:\.\w+)+)\.\w+\)")
_NAME = re.compile(r"(?<![\w.])[a-z_]+(?:\.\w+)+(?![\w(])")
_TEXT = re.compile(r"'[^'\\]*'|\"[^\"\\]*\"")


def _is_out(value: Any, wanted: frozenset[str]) -> bool:
    """Whether a value is surely none of those that a condition demands first."""
    return value not in wanted and value != UNKNOWN and not is_unknown(value)


def _unknown_in(value: Any, path: Sequence[str]) -> str:
    """What a value in a view depends on that is not known: nothing was derived, or somebody else
    sets it."""
    for key in path:
        if is_unknown(value):
            break
        value = value.get(key) if isinstance(value, Mapping) else None
    if value == UNKNOWN:
        return UNKNOWN
    if isinstance(value, list):
        return next(filter(None, map(reference, value)), "")
    if not path:
        return reference(value)
    return next(iter(depends_on(value)), "") if isinstance(value, str) else ""


def _explained(problem: str, subject: Subject) -> str:
    """The runtime's words on one line, with the nearest field for a name that is unknown."""
    if unknown := re.search(r"undeclared reference to '([\w.]+)'", problem):
        owner, _, name = unknown[1].rpartition(".")
        if owner == subject:
            return f"no field `{name}` on {subject}{_hint(name, fields(subject))}"
        also = f"; did you mean `{subject}.{name}`?" if name in fields(subject) else ""
        return f"there is no `{unknown[1]}`{also}"
    first = re.search(r"ERROR: <input>:(\d+:\d+): ([^\n|]+)", problem)
    return f"at {first[1]}: {first[2].strip()}" if first else problem.splitlines()[0]


def _hint(name: str, known: Mapping[str, str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(sorted(known))}"
