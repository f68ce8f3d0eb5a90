"""What is judged without a runtime comes to what the runtime says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cel_expr_python import cel
from msgspec import msgpack

from keymuster.evaluate.conditions import Conditions, _parts, _types
from keymuster.evaluate.direct import Judge, judge
from keymuster.evaluate.forms import form
from keymuster.evaluate.view import fields
from keymuster.rules.schema import RuleSet, Subject

TYPES = {"thing.settings": "map<string, dyn>", "thing.name": "string", "thing.tags": "list<string>"}

OF_TYPE: dict[str, list[Any]] = {
    "string": ["", "other", "unknown"],
    "bool": [True, False],
    "list<string>": [[], ["other"], ["other", "a", "*"], [*"abcdefghijk"]],
    "int": [-1, 0, 1, 2, 10, 11, 366],
    "map<string, string>": [{}, {"type": "a"}],
}
ANYTHING = [True, False, None, "", "other", "true", 0, 1, 1.5, [], ["other"], [1], {}, {"k": "v"}]


def judged(text: str, types: Mapping[str, str]) -> Judge | None:
    """As after its form was kept somewhere."""
    found = form(text, types)
    return None if found is None else judge(msgpack.decode(msgpack.encode(found)))


def _views(text: str, subject: Subject) -> Iterator[dict[str, Any]]:
    """Views with each sort of value in each field and at each path that a part names."""
    said = re.findall(r"'([^']*)'", text)
    for path in dict.fromkeys(re.findall(rf"(?<![\w.]){subject}(?:\.\w+)+", text)):
        field, *keys = path.removeprefix(f"{subject}.").split(".")
        kind = fields(subject).get(field, "")
        if kind == "map<string, dyn>":
            keys = [
                one
                for one in keys
                if one not in ("exists", "contains", "startsWith", "endsWith", "size", "filter")
            ]
            yield {f"{subject}.{field}": {}}
            for value in (*ANYTHING, *said, said, dict.fromkeys(said, "x")):
                for size in range(len(keys) + 1):
                    made = value
                    for key in reversed(keys[:size]):
                        made = {key: made}
                    if isinstance(made, dict):
                        yield {f"{subject}.{field}": made}
            continue
        for value in OF_TYPE.get(kind, ()):
            yield {f"{subject}.{field}": value}
        if kind == "string":
            yield from ({f"{subject}.{field}": one} for one in said)
        elif kind == "list<string>":
            yield {f"{subject}.{field}": said}
            yield {f"{subject}.{field}": ["other", *said]}


def test_every_part_of_a_shipped_condition_is_judged_as_the_runtime_does(rules: RuleSet) -> None:
    conditions = Conditions()
    parts = {
        (part.when, policy.applies_to, tuple(part.names))
        for policy in rules.policies
        for part in _parts(policy).others
    }
    answered = 0
    for text, subject, names in sorted(parts):
        judge = judged(text, _types(subject))
        if judge is None:
            continue
        plain = {name: _least(fields(subject)[name.partition(".")[2]]) for name in names}
        for some in _views(text, subject):
            view = plain | {name: value for name, value in some.items() if name in plain}
            answer = judge(view)
            if answer is not None:
                answered += 1
                assert answer is conditions._evaluated(subject, text, view), (text, view)
    assert answered > 2_000


def _least(kind: str) -> Any:
    if kind.startswith(("list<", "map<")):
        return [] if kind.startswith("list<") else {}
    return {"bool": False, "int": 0, "double": 0.0}.get(kind, "")


@pytest.mark.parametrize(
    ("text", "settings", "answer"),
    [
        ("thing.settings.a == true", {"a": True}, True),
        ("thing.settings.a == true", {"a": "true"}, None),
        ("thing.settings.a == true", {}, None),
        ("!has(thing.settings.a) || thing.settings.a == 'x'", {}, True),
        ("!(thing.settings.a in ['x', 'y'])", {"a": "z"}, True),
        ("(thing.settings.a && thing.settings.b)", {"a": False}, False),
        ("(thing.settings.a || thing.settings.b)", {"a": False}, None),
        ("thing.settings.a.exists(k, k in ['x'])", {"a": {"x": 1}}, True),
        ("type(thing.settings.a) == map", {"a": {}}, True),
        ("size(thing.settings.a) > 1", {"a": [1, 2]}, True),
        ("thing.settings.a.size() <= 1", {"a": {"x": 1, "y": 2}}, False),
        ("size(thing.settings.a) > 1", {"a": "text"}, None),
        ("size(thing.settings.a) > 1", {}, None),
        ("thing.settings.a.filter(s, s in ['x', 'y']).size() == 1", {"a": ["x", "z"]}, True),
        ("thing.settings.a.filter(s, s in ['x', 'y']).size() == 1", {"a": {"x": 1}}, None),
        ("thing.settings.a >= 2", {"a": 2}, True),
        ("thing.settings.a != 2", {"a": True}, None),
        ("thing.settings.a < 2", {"a": 1.5}, None),
        ("thing.settings['a'] == 'x'", {"a": "x"}, True),
        ("string(thing.settings.a) == 'true'", {"a": "true"}, True),
        ("string(thing.settings.a) == 'true'", {"a": True}, None),
        ("thing.settings.a.matches('(?i)^x[.]y$')", {"a": "X.y"}, True),
        ("thing.settings.a.matches('(?i)^x[.]y$')", {"a": "x.y\n"}, False),
        ("!thing.settings.a.matches('^x')", {"a": 1}, None),
        ("thing.settings.a.exists(t, t == 'a' || t.contains('(b'))", {"a": ["c", "a(b"]}, True),
        ("thing.settings.a.exists(t, t == 'a' || t.contains('(b'))", {"a": ["c"]}, False),
        ("thing.settings.a.exists(t, t == 'a' || t.contains('(b'))", {"a": ["a", 1]}, None),
        ("!thing.settings.a.exists(t, t.startsWith('t, t'))", {"a": {"t, to": 1}}, False),
        (
            "thing.settings.a.exists(t, string(t) in ['x'] && thing.settings.b)",
            {"a": ["x"], "b": True},
            True,
        ),
        ("thing.settings.a.exists(t, string(t) in ['x'] && thing.settings.b)", {"a": ["x"]}, None),
        ("['a', 'b'].exists(k, k in thing.settings && thing.settings[k] == 'k')", {"b": "k"}, True),
        (
            "['a', 'b'].exists(k, k in thing.settings && thing.settings[k] == 'k')",
            {"b": 1, "a": "x"},
            None,
        ),
    ],
)
def test_a_part_is_judged_where_its_values_are_of_its_types(
    text: str, settings: dict[str, Any], answer: bool | None
) -> None:
    found = judged(text, TYPES)
    assert found is not None
    assert found({"thing.settings": settings}) is answer
    environment = cel.NewEnv(variables={name: cel.Type(kind) for name, kind in TYPES.items()})
    if answer is not None:
        data = {"thing.settings": settings}
        assert environment.compile(text).eval(data=data).value() is answer


@pytest.mark.parametrize(
    "text",
    [
        "thing.name.matches('(x+)*')", "thing.settings['a-b'] == 'x'", "other.name == 'x'", "thing.other == 'x'", "thing.name.inner",
        "!thing.name == 'x'", "thing.name == \"x\"", "thing.name == 'it\\'s'", "thing.name < 'x'", "limits.days > 3.0",
        "thing.settings.a ? true : false", "thing.name == r'x'", "thing.tags.exists(t, t == 'a' ? true : false)",
        "['a', 'b'].exists(k, thing.other)", "thing.name.matches('\\\\s')", "thing.name.matches('x') == true",
        "size(thing.name) + 1 > 2", "!size(thing.tags) > 2", "thing.tags.filter(t, t != 'a').size() > 1", "thing.tags.size() > 1u",
    ],
)  # fmt: skip
def test_what_has_another_form_is_left_to_the_runtime(text: str) -> None:
    assert form(text, TYPES) is None
