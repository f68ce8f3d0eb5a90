"""The `when:` of policies: CEL, compiled against the view of their subject."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from keymuster import regex
from keymuster.errors import RuleError
from keymuster.evaluate.conjuncts import Plain, conjuncts, plain
from keymuster.evaluate.direct import Judge, judge
from keymuster.evaluate.prepared import NOTHING, Known, Prepared, check_of, prepared
from keymuster.evaluate.view import fields
from keymuster.inventory.facts import FACTS, UNKNOWN
from keymuster.model.unknown import depends_on, is_unknown, reference
from keymuster.nearest import hint
from keymuster.rules.schema import Policy, RuleSet, Subject
from keymuster.settings import Lifetimes

if TYPE_CHECKING:
    from keymuster.evaluate.forms import Form


def check(rules: RuleSet) -> None:
    """RuleError for a condition or message that names what does not exist."""
    from string import Formatter  # only for rules that are new

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
                    f"message: `{{{name}}}` is not a plain field of {policy.applies_to}{hint(name, sorted(known))}",
                )


_LIMITS = Lifetimes()


class Conditions:
    """Compiles each condition once. A condition may also name `limits`, by their names in the settings. What
    is `prepared` of some is not taken apart again."""

    def __init__(self, limits: Lifetimes = _LIMITS, prepared: Known = NOTHING) -> None:
        self._limits = {
            f"limits.{name}": float(getattr(limits, name)) for name in limits.__struct_fields__
        }
        self._environments: dict[Subject, Any] = {}
        self._compiled: dict[str, Any] = {}
        self._prepared = prepared
        self._asked: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self._parts: dict[str, _Parts] = {}
        self._judges: dict[tuple[Subject, str], Judge | None] = {}
        self._alone: dict[tuple[Subject, str], Any] = {}
        self._answered: dict[tuple[str, str], bool | None] = {}

    def answer(self, policy: Policy, view: Mapping[str, Any]) -> bool | None:
        """Whether the policy's condition holds for a record, given its view as `named` gives it. None
        where the vendor's words are not such that it has an answer."""
        parts = self._parts_of(policy)
        for one in parts.plain:
            if not one.of(view[one.name]):
                return False
        sure = True
        for part in parts.others:
            answer = self._part(policy, part, view)
            if answer is False:  # whatever another part comes to: that is how the runtime has it
                return False
            sure = sure and answer is not None
        return True if sure else self._whole(policy, view)

    def _part(self, policy: Policy, part: _Part, view: Mapping[str, Any]) -> bool | None:
        """Whether one part of a condition holds; None if it has no answer."""
        judge = self._judge_of(part, policy.applies_to)
        if judge is not None and (answer := judge(view)) is not None:
            return answer
        data = {name: view[name] for name in part.names}
        if policy.applies_to == "resource":
            # What the settings of resources say is not remembered: it may be a secret.
            return self._evaluated(policy.applies_to, part.when, data)
        # The runtime reads a regular expression anew each time, and many records say the same.
        key = (part.when, repr(data))
        if key not in self._answered:
            if len(self._answered) >= _MOST_REMEMBERED:
                self._answered.clear()
            self._answered[key] = self._evaluated(policy.applies_to, part.when, data)
        return self._answered[key]

    def _judge_of(self, part: _Part, subject: Subject) -> Judge | None:
        """What judges a part without the runtime, if anything does."""
        key = (subject, part.when)
        if key not in self._judges:
            form = part.form if part.form is not None else _form(part.when, subject)
            self._judges[key] = judge(form) if form else None
        return self._judges[key]

    def _evaluated(self, subject: Subject, when: str, data: dict[str, Any]) -> bool | None:
        key = (subject, when)
        if key not in self._alone:
            self._alone[key] = self._environment(subject).compile(when)
        try:
            answer = self._alone[key].eval(data=data | self._limits).value()
        except RuntimeError:
            return None
        return answer if isinstance(answer, bool) else None

    def _whole(self, policy: Policy, view: Mapping[str, Any]) -> bool | None:
        """The condition in one: where a part has no answer, the runtime says what is wrong."""
        parts = self._parts_of(policy)
        named = [one.name for one in parts.plain] + [
            name for one in parts.others for name in one.names
        ]
        data = {name: view[name] for name in named}
        condition = self.compiled(policy)
        try:
            answer = condition.eval(data=data | self._limits).value()
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
        asked = self._asks_for(policy)
        if not asked:
            return ""
        for one in self._parts_of(policy).plain:
            if _is_out(view[one.name], one):
                return ""
        for name, path in asked:
            if found := _unknown_in(view.get(name), path):
                if self._is_ruled_out(policy, view):
                    return ""
                return name if found == UNKNOWN else found
        return _ODD if asked and answer is None else ""

    def _is_ruled_out(self, policy: Policy, view: Mapping[str, Any]) -> bool:
        """Whether a part of a condition does not hold that asks for nothing which may be unknown. Of a
        list nobody says whether there is more that is not told."""
        uncertain, types = {name for name, _ in self._asks_for(policy)}, _types(policy.applies_to)
        return any(
            part.names
            and uncertain.isdisjoint(part.names)
            and all(types[name] in _WHOLE for name in part.names)
            and self._part(policy, part, view) is False
            for part in self._parts_of(policy).others
        )

    def demanded(self, policy: Policy) -> list[Demand]:
        """What a condition asks of fields whose values are one of some: where one that is known does not
        hold, nothing else that is not known stands in the way of deciding."""
        plain = [one for one in self._parts_of(policy).plain if one.values is not None]
        if not plain:
            return []
        uncertain = {name for name, _ in self._asks_for(policy)}
        return [Demand(one, one.name in uncertain) for one in plain]

    def _parts_of(self, policy: Policy) -> _Parts:
        if policy.id not in self._parts:
            known = self._prepared.of(policy)
            if known is None:
                self._parts[policy.id] = _parts(policy)
            else:
                self._parts[policy.id], self._asked[policy.id] = _unpacked(known), known.asked
        return self._parts[policy.id]

    def _asks_for(self, policy: Policy) -> list[tuple[str, tuple[str, ...]]]:
        if policy.id not in self._asked:
            known = self._prepared.of(policy)
            self._asked[policy.id] = _asked(policy) if known is None else known.asked
        return self._asked[policy.id]

    @staticmethod
    def named(subject: Subject, view: Mapping[str, Any]) -> Mapping[str, Any]:
        """A view by the names that conditions use; what was asked for is kept."""
        return _Named(subject, view)

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


def prepare(rules: RuleSet, code: str = "") -> Known:
    """What the conditions of policies come to, from the cache if it has them."""
    return prepared(rules, _prepare, code)


def _prepare(policies: Iterable[Policy]) -> dict[str, Prepared]:
    made = {}
    for policy in policies:
        parts = _parts(policy)
        plain = [
            (one.name, None if one.values is None else sorted(one.values, key=str), one.holds)
            for one in parts.plain
        ]
        others = [(one.when, one.names, _form(one.when, policy.applies_to)) for one in parts.others]
        made[policy.id] = Prepared(check_of(policy.when), plain, others, _asked(policy))
    return made


def _unpacked(known: Prepared) -> _Parts:
    return _Parts(
        [
            Plain(name, None if values is None else frozenset(values), holds)
            for name, values, holds in known.plain
        ],
        [_Part(when, names, form) for when, names, form in known.others],
    )


class Sieve:
    """Which policies a record is no matter for, by what its fields say that are known: most policies, for
    most records, and many records say the same there."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._demands: dict[int, tuple[tuple[Policy, ...], _Demands]] = {}
        self._left: dict[tuple[object, ...], tuple[Policy, ...]] = {}

    def left(self, policies: tuple[Policy, ...], view: Mapping[str, Any]) -> tuple[Policy, ...]:
        """Of some policies those whose condition may hold. Who asks again with the same tuple is answered
        sooner."""
        these = id(policies)  # that nobody else has, as long as they are kept here
        if these not in self._demands:
            demanded = {one.id: self._conditions.demanded(one) for one in policies}
            self._demands[these] = policies, _demands(demanded)
        demands = self._demands[these][1]
        said: list[object] = [these]
        for name, told in demands.values.items():
            value = view[name]
            said.append(value if value in told else _OPEN if _is_open(value) else None)
        key = tuple(said)
        if key not in self._left:
            self._left[key] = tuple(
                policy
                for policy in policies
                if all(one.leaves(view[one.plain.name]) for one in demands.of[policy.id])
            )
        return self._left[key]


class Demand(NamedTuple):
    """What a condition demands of a field, which may be one whose value need not be known."""

    plain: Plain
    uncertain: bool

    def leaves(self, value: Any) -> bool:
        """Whether the condition may hold for a record that says this, or cannot be decided."""
        return not _is_out(value, self.plain) if self.uncertain else self.plain.of(value)


class _Demands(NamedTuple):
    """What each of some policies demands, and all texts that they speak of, by the name of the field."""

    of: dict[str, list[Demand]]
    values: dict[str, set[str | bool]]


def _demands(of: dict[str, list[Demand]]) -> _Demands:
    values: dict[str, set[str | bool]] = {}
    for several in of.values():
        for one, _ in several:
            values.setdefault(one.name, set()).update(one.values or ())
    return _Demands(of, values)


class _Named(dict[str, Any]):
    """`credential.kind` for the `kind` of the view of a credential."""

    def __init__(self, subject: Subject, view: Mapping[str, Any]) -> None:
        super().__init__()
        self._skip = len(subject) + 1
        self._view = view

    def __missing__(self, name: str) -> Any:
        found = self[name] = self._view[name[self._skip :]]
        return found

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


class _Part(NamedTuple):
    """A part of a condition, the fields that it names, and what it is when it is taken apart, if that was
    done: empty if only the runtime can judge it."""

    when: str
    names: list[str]
    form: Form | None = None


class _Parts(NamedTuple):
    """The parts of a condition, all of which must hold."""

    plain: list[Plain]
    others: list[_Part]


def _parts(policy: Policy) -> _Parts:
    types = _types(policy.applies_to)
    found = _Parts([], [])
    for text in conjuncts(policy.when):
        if (one := plain(text, types)) is not None:
            found.plain.append(one)
        else:
            words = dict.fromkeys(_FIELD.findall(text))
            names = [name for word in words if (name := f"{policy.applies_to}.{word}") in types]
            found.others.append(_Part(text, names))
    return found


@cache
def _types(subject: Subject) -> dict[str, str]:
    """The types of fields by the names that conditions use."""
    return {f"{subject}.{name}": kind for name, kind in fields(subject).items()}


def _form(when: str, subject: Subject) -> Form:
    from keymuster.evaluate.forms import form  # those of rules that are kept were taken apart

    return form(when, _types(subject)) or []


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
        if name in facts or known.get(name) in (_MAP, _ANY) or (subject, name) in _SAID_ELSEWHERE:
            asked.append((f"{subject}.{name}", tuple(path)))
    return list(dict.fromkeys(asked))


_MOST_REMEMBERED = 8192
_FIELD = regex.later(r"\.\s*(\w+)")
_ODD = "the form of a setting"
_SAID_ELSEWHERE = {("grant", "actions"), ("grant", "not_actions"), ("trust", "principal")}
"""What is not known if all of it is given from outside. Of resources a part mostly is, and says enough."""

_WHOLE = ("bool", "string", "map<string, string>")
"""The types of what is known, if it is told at all."""
_MAP = "map<string, dyn>"
_ANY = "dyn"
_HAS = regex.later(r"\bhas\(([a-z_]+(?:\.\w+)+)\.\w+\)")
_NAME = regex.later(r"(?<![\w.])[a-z_]+(?:\.\w+)+(?![\w(])")
_TEXT = regex.later(r"'[^'\\]*'|\"[^\"\\]*\"")


_OPEN = object()
"""In the place of a value that is not known."""


def _is_open(value: Any) -> bool:
    return value == UNKNOWN or is_unknown(value)


def _is_out(value: Any, demand: Plain) -> bool:
    """Whether a value is known, and not what a condition demands."""
    if isinstance(value, bool):
        return value is not demand.holds
    if demand.values is None or not demand.holds:
        return False
    return value not in demand.values and not _is_open(value)


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
            return f"no field `{name}` on {subject}{hint(name, sorted(fields(subject)))}"
        also = f"; did you mean `{subject}.{name}`?" if name in fields(subject) else ""
        return f"there is no `{unknown[1]}`{also}"
    first = re.search(r"ERROR: <input>:(\d+:\d+): ([^\n|]+)", problem)
    return f"at {first[1]}: {first[2].strip()}" if first else problem.splitlines()[0]
