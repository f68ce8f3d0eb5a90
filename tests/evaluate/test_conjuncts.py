"""The parts of a condition, and that they come to what the whole comes to."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from evaluate.records import NOW, place
from keymuster.evaluate.conditions import Conditions, Sieve
from keymuster.evaluate.conjuncts import Plain, _between, _walked, conjuncts, plain
from keymuster.evaluate.view import fields, view
from keymuster.inventory.build import build
from keymuster.model import Effect, Grant, GrantKind, Resource
from keymuster.rules.schema import Policy, RuleSet


@pytest.mark.parametrize(
    ("when", "parts"),
    [
        ("a && b", ["a", "b"]),
        ("a", ["a"]),
        ("a || b && c", ["a || b && c"]),
        ("a && b || c", ["a && b || c"]),
        ("a && b ? c : d", ["a && b ? c : d"]),
        ("(a || b) && c.exists(x, x && y)", ["(a || b)", "c.exists(x, x && y)"]),
        ("a == '&&' && b == \"(\" && c", ["a == '&&'", 'b == "("', "c"]),
        (r"a == '\'' && b == '\\' && c", [r"a == '\''", r"b == '\\'", "c"]),
        (r"a == r'\' && b", [r"a == r'\' && b"]),
        ("a == '''x''' && b", ["a == '''x''' && b"]),
        ("a // that && this\n && b", ["a // that && this\n && b"]),
        ("[a && b][0] && {'x': a && b}.x", ["[a && b][0]", "{'x': a && b}.x"]),
        ("a == 'b && c' && d", ["a == 'b && c'", "d"]),
        ("a == ')' && b('(' && c) && d", ["a == ')'", "b('(' && c)", "d"]),
        ("a('x' && b, ')') && c == '?'", ["a('x' && b, ')')", "c == '?'"]),
    ],
)
def test_a_condition_has_the_parts_between_its_outermost_ands(when: str, parts: list[str]) -> None:
    assert conjuncts(when) == parts


def test_a_look_at_the_parts_of_shipped_conditions_comes_to_what_a_walk_does(
    rules: RuleSet,
) -> None:
    for policy in rules.policies:
        for signs in (("&&", ("||", "?")), ("||", ("?",))):
            assert _between(policy.when, *signs) == _walked(policy.when, *signs), policy.id


_TYPES = {"grant.kind": "string", "grant.actions": "list<string>", "grant.cluster_wide": "bool"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("grant.kind == 'role'", Plain("grant.kind", frozenset({"role"}), True)),
        ("grant.kind != ''", Plain("grant.kind", frozenset({""}), False)),
        ("grant.kind in ['a', 'b']", Plain("grant.kind", frozenset({"a", "b"}), True)),
        ("grant.actions.size() == 0", Plain("grant.actions", None, True)),
        ("grant.actions.size() > 0", Plain("grant.actions", None, False)),
        ("grant.actions.size() > 1", None),
        ("grant.kind.size() == 0", None),
        ("grant.kind in 'role'", None),
        ("grant.kind == ['role']", None),
        ("grant.kind == grant.via", None),
        ("grant.cluster_wide == 'x'", None),
        ("grant.cluster_wide", Plain("grant.cluster_wide", frozenset({True}), True)),
        ("!grant.cluster_wide", Plain("grant.cluster_wide", frozenset({True}), False)),
        ("grant.kind", None),
        (r"grant.kind == 'a\n'", None),
    ],
)
def test_some_parts_need_no_runtime(text: str, found: Plain | None) -> None:
    assert plain(text, _TYPES) == found


def _grant(**change: Any) -> Grant:
    given: dict[str, Any] = {
        "id": "g", "identity": "i", "kind": GrantKind.POLICY, "provider": "aws",
        "effect": Effect.ALLOW, "actions": ("s3:*",), "resources": ("*",), "location": place(),
    }  # fmt: skip
    return Grant(**(given | change))


@pytest.fixture
def policy(rules: RuleSet) -> Policy:
    return next(one for one in rules.policies if one.applies_to == "grant")


def _named(subject: Any, record: Any, **facts: str) -> Any:
    inventory = build([record])
    inventory.facts[record.id] = facts
    return Conditions.named(subject, view(subject, record, inventory, NOW))


@pytest.mark.parametrize(
    "record",
    [
        _grant(),
        _grant(provider="gcp"),
        _grant(actions=(), resources=("arn:aws:s3:::a",)),
        _grant(effect=Effect.DENY, conditions={"Bool": {"aws:SecureTransport": "true"}}),
        _grant(actions=("iam:Pass*", "${var.more}"), via="arn:aws:iam::aws:policy/AdministratorAccess"),
    ],
    ids=str,
)  # fmt: skip
def test_the_parts_of_every_shipped_condition_come_to_the_whole(
    rules: RuleSet, record: Grant
) -> None:
    conditions = Conditions()
    named = _named("grant", record)
    for one in rules.policies:
        if one.applies_to == "grant":
            data = {f"grant.{name}": named[f"grant.{name}"] for name in fields("grant")}
            whole = conditions.compiled(one).eval(data=data).value()
            assert conditions.answer(one, named) is whole, one.id


def test_a_part_that_does_not_hold_decides_whatever_is_wrong_with_others(policy: Policy) -> None:
    resource = Resource(id="r", type="A", name="r", location=place(), settings={"Odd": [1]})
    named = _named("resource", resource)
    for when in ("resource.settings.Odd > 3 && false", "false && resource.settings.Odd > 3"):
        about = replace(policy, applies_to="resource", types=["A"], when=when)
        assert Conditions().answer(about, named) is False


def test_what_one_record_says_does_not_answer_for_another(policy: Policy) -> None:
    conditions = Conditions()
    about = replace(policy, when="grant.actions.exists(a, a.matches('^s3:'))")
    answers = [
        conditions.answer(about, _named("grant", _grant(actions=actions)))
        for actions in (("s3:*",), ("ec2:*",), ("s3:*",))
    ]
    assert answers == [True, False, True]


class TestSieve:
    def _left(self, policy: Policy, when: str, record: Grant, **facts: str) -> bool:
        about = replace(policy, when=when)
        return Sieve(Conditions()).left((about,), _named("grant", record, **facts)) == (about,)

    def test_policies_about_another_provider_are_left_out(self, policy: Policy) -> None:
        when = "grant.provider == 'aws' && grant.escalates == 'yes'"
        assert self._left(policy, when, _grant(), escalates="yes")
        assert not self._left(policy, when, _grant(provider="gcp"), escalates="yes")

    def test_only_what_is_known_of_a_fact_leaves_a_policy_out(self, policy: Policy) -> None:
        when = "grant.escalates == 'yes' && grant.via != ''"
        for said, is_left in (
            ("yes", True), ("unknown", True), ("${var.more}", True), ("no", False),
        ):  # fmt: skip
            record = _grant(via="arn:aws:iam::aws:policy/AdministratorAccess")
            assert self._left(policy, when, record, escalates=said) is is_left, said

    def test_one_sieve_tells_what_is_not_known_from_what_nobody_names(self, policy: Policy) -> None:
        about = replace(policy, when="grant.escalates == 'yes' && true")
        sieve = Sieve(Conditions())
        left = [
            sieve.left((about,), _named("grant", _grant(), escalates=said))
            for said in ("no", "unknown", "no", "${var.more}", "yes")
        ]
        assert left == [(), (about,), (), (about,), (about,)]

    def test_a_policy_left_out_neither_holds_nor_is_undecided(self, rules: RuleSet) -> None:
        conditions, sieve = Conditions(), Sieve(Conditions())
        about = tuple(one for one in rules.policies if one.applies_to == "grant")
        records = [_grant(), _grant(actions=("${var.more}",)), _grant(effect=Effect.DENY)]
        for record, said in product(records, ("yes", "no", "unknown")):
            named = _named("grant", record, escalates=said, registration=said)
            left = sieve.left(about, named)
            assert 0 < len(left) < len(about)
            for one in (each for each in about if each not in left):
                answer = conditions.answer(one, named)
                assert (answer, conditions.unknown(one, named, answer)) == (False, ""), one.id

    def test_one_sieve_tells_records_apart(self, policy: Policy) -> None:
        first = replace(policy, id="a", when="grant.provider == 'aws' && true")
        second = replace(policy, id="b", when="grant.provider != 'aws' && true")
        sieve = Sieve(Conditions())
        left = [
            sieve.left((first, second), _named("grant", _grant(provider=provider)))
            for provider in ("aws", "gcp", "azure", "aws")
        ]
        assert left == [(first,), (second,), (second,), (first,)]

    def test_no_text_is_told_apart_from_texts_that_no_policy_names(self, policy: Policy) -> None:
        about = replace(policy, when="grant.via != '' && true")
        sieve = Sieve(Conditions())
        left = [sieve.left((about,), _named("grant", _grant(via=via))) for via in ("", "x", "")]
        assert left == [(), (about,), ()]
