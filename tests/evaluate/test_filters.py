"""Conditions by which somebody picks records."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from export.inventories import inventory
from keymuster.errors import SettingsError
from keymuster.evaluate.filters import Filter, named
from keymuster.evaluate.view import SUBJECTS
from keymuster.rules.schema import Subject
from keymuster.settings import Lifetimes

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = ("identity", "credential", "grant", "trust", "use", "resource")


def found(where: str, *kinds: Subject) -> list[str]:
    condition, made = Filter(where, kinds, Lifetimes()), inventory()
    return [
        str(one.id)
        for kind in kinds
        for one in made.of(SUBJECTS[kind])
        if condition.holds(kind, one, made, NOW)
    ]


@pytest.mark.parametrize(
    ("where", "kind", "names"),
    [
        ("identity.privilege == 'admin'", "identity", ["arn:aws:iam::111122223333:role/ci"]),
        ("credential.expired", "credential", ["secret:00112233445566778899aabbccddeeff", "cert:1"]),
        ("credential.in_tree && credential.format != ''", "credential", ["secret:00112233445566778899aabbccddeeff"]),
        ("grant.actions.exists(one, one == 's3:*')", "grant", ["grant:1"]),
        ("trust.principal == '*'", "trust", ["trust:1"]),
        ("use.kind == 'workflow'", "use", ["use:1"]),
        ("resource.settings.open == true", "resource", ["resource:1"]),
        ("identity.name == 'record.name'", "identity", []),
        ("identity.age_days > limits.unused_days", "identity", []),
    ],
)  # fmt: skip
def test_a_condition_names_the_fields_of_policies(
    where: str, kind: Subject, names: list[str]
) -> None:
    assert found(where, kind) == names


def test_a_condition_on_several_kinds_names_what_they_share() -> None:
    where = "record.name.contains('ci') || record.name == \"@db\""
    assert found(where, "identity", "resource") == [
        "arn:aws:iam::111122223333:role/ci",
        "resource:1",
    ]


@pytest.mark.parametrize(
    ("where", "kinds", "message"),
    [
        ("identity.knd == 'role'", ("identity",), "no field `knd` on identity; did you mean `kind`?"),
        ("record.fingerprint != ''", ("credential", "identity"), "no field `fingerprint` on identity"),
        ("identity.kind == 'role'", ("identity", "use"), "there is no `identity.kind`"),
        ("kind == 'role'", ("identity",), "there is no `kind`; did you mean `identity.kind`?"),
        ("identity.kind", ("identity",), "gives no yes or no"),
        ("identity.kind ==", ("identity",), "Syntax error"),
        (" ", ("identity",), "--where is empty"),
    ],
)  # fmt: skip
def test_a_condition_that_is_wrong_is_refused(
    where: str, kinds: tuple[Subject, ...], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        Filter(where, kinds, Lifetimes())
    assert message in caught.value.message


def test_what_several_kinds_share_is_told() -> None:
    with pytest.raises(SettingsError) as caught:
        Filter("record.fingerprint != ''", ("credential", "identity"), Lifetimes())
    assert "They share" in caught.value.advice()
    assert "name" in caught.value.advice()


def test_what_is_not_known_is_neither_yes_nor_no() -> None:
    made = inventory()
    condition = Filter("identity.privilege == 'none'", ("identity",), Lifetimes())
    answers = [condition.holds("identity", one, made, NOW) for one in made.of(SUBJECTS["identity"])]
    assert answers == [False, None]


@pytest.mark.parametrize(
    ("where", "kinds"),
    [
        ("identity.kind == 'credential.kind'", ["identity"]),
        ("trust.identity == '' && record.name != ''", ["trust"]),
        ("record.name != ''", []),
        ("a.identity.kind == ''", []),
    ],
)
def test_a_condition_says_which_kinds_it_is_about(where: str, kinds: list[str]) -> None:
    assert named(where, KINDS) == kinds
