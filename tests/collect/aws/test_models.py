"""Every surface against botocore's service models: the calls that it makes, the parameters that it gives
and the fields that it reads are AWS's."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from msgspec.structs import replace

from keymuster.collect import meanings
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told
from keymuster.collect.aws.surfaces import surfaces
from keymuster.collect.declared import Declared
from keymuster.rules.schema import RuleSet
from service_models import Answers, looked, operations, session

ROUNDS = 6
"""So many values of each enumeration are seen, and both of what is true or false."""

WANTS = frozenset(("key_ids", "last_accessed"))
"""Options that make a surface ask for more: given in every other round."""


@pytest.fixture(scope="module")
def signed_in() -> boto3.Session:
    return session()


@pytest.mark.parametrize("surface", surfaces(), ids=lambda one: str(one.name))
def test_what_a_surface_asks_and_reads_is_in_the_models(
    surface: Surface, signed_in: boto3.Session, rules: RuleSet
) -> None:
    known = {name for call in surface.calls for name in operations(signed_in, call)}
    assert set(surface.calls) - known == set(), "botocore has no such call"
    called: set[str] = set()
    types: set[str] = set()
    for round in range(ROUNDS):
        answers = Answers(round)
        wants = WANTS if round % 2 else frozenset()
        told, scope = looked(replace(surface, wants=wants), answers, signed_in)
        assert answers.unknown == set(), "botocore has no such field"
        assert answers.cut_short() == set(), "only the first page is read"
        assert [one.message for one in scope.troubles()] == []
        objects = [one for one in told if isinstance(one, Declared)]
        assert len({one.id for one in objects}) == len(objects), "two objects have one id"
        for one in objects:
            assert one.account, "whose the object is, is not told"
            list(meanings.records(one, rules.resource_types))
        types |= {one.type for one in objects}
        called |= answers.called
    assert types <= set(surface.types), "types are told that the surface does not name"
    assert set(surface.calls) - called == set(), "the surface may make calls that it never makes"


def of(*calls: str) -> Surface:
    return Surface(name="probe", calls=calls, types=(), look=_nothing)


def _nothing(_: Scope) -> Iterator[Told]:
    return iter(())


def asked(call: str, signed_in: boto3.Session) -> tuple[Scope, Answers]:
    answers = Answers(0)
    _, scope = looked(of(call), answers, signed_in)
    return scope, answers


def test_a_field_that_no_model_has_is_noted(signed_in: boto3.Session) -> None:
    scope, answers = asked("secretsmanager:ListSecrets", signed_in)
    for one in scope.pages("secretsmanager:ListSecrets", "SecretList"):
        one.get("LastReadDate")
    assert answers.unknown == {"secretsmanager:ListSecrets: SecretListEntry has no LastReadDate"}


def test_all_pages_are_seen_by_who_asks_for_pages(signed_in: boto3.Session) -> None:
    for call, key in (
        ("secretsmanager:ListSecrets", "SecretList"), ("events:ListConnections", "Connections"),
    ):  # fmt: skip
        scope, answers = asked(call, signed_in)
        assert len(list(scope.pages(call, key))) == 4
        assert answers.cut_short() == set()


def test_who_reads_one_page_of_several_is_noted(signed_in: boto3.Session) -> None:
    scope, answers = asked("secretsmanager:ListSecrets", signed_in)
    scope.answer("secretsmanager:ListSecrets")
    assert answers.cut_short() == {"secretsmanager:ListSecrets"}


def test_a_parameter_that_no_model_has_is_a_trouble(signed_in: boto3.Session) -> None:
    scope, _ = asked("secretsmanager:ListSecrets", signed_in)
    assert list(scope.pages("secretsmanager:ListSecrets", "SecretList", Everything=True)) == []
    assert "ParamValidationError" in scope.troubles()[0].message


def test_a_call_that_no_model_has_is_known(signed_in: boto3.Session) -> None:
    assert list(operations(signed_in, "iam:ListRobots")) == []
    assert list(operations(signed_in, "robots:List")) == []
