"""Files hold anything: a policy about settings must never fail on what they are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from evaluate.records import NOW, place
from keymuster import pipeline
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.conditions import Conditions
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Confidence, Grant, GrantKind, Observation, Resource, Trust, TrustKind
from keymuster.rules.schema import Policy, RuleSet

_WORD = re.compile(r"[.\['(]([A-Za-z_:]{3,60})\b")


def _values(words: list[str]) -> some.SearchStrategy[Any]:
    return some.recursive(
        some.none() | some.booleans() | some.integers(-5, 2**40) | some.floats(allow_nan=False)
        | some.sampled_from(["", "*", "${a.b}", "NONE", "90"]),
        lambda inner: some.lists(inner, max_size=3)
        | some.dictionaries(some.sampled_from(words), inner, max_size=4),
        max_leaves=12,
    )  # fmt: skip


def test_no_policy_fails_on_odd_settings(rules: RuleSet) -> None:
    policies = [one for one in rules.policies if one.applies_to in ("resource", "grant", "trust")]
    assert policies

    @settings(max_examples=400, deadline=None)
    @given(data=some.data())
    def judge(data: some.DataObject) -> None:
        policy = data.draw(some.sampled_from(policies))
        words = sorted({"x", *_WORD.findall(policy.when)})
        found = data.draw(some.dictionaries(some.sampled_from(words), _values(words), max_size=8))
        only = replace(rules, policies=[policy])
        evaluate(build([_record(policy, found)]), only, Choice(confidence=Confidence.LOW), NOW)

    judge()


def _record(policy: Policy, found: dict[str, Any]) -> Observation:
    match policy.applies_to:
        case "resource":
            return Resource(
                id="r", type=policy.types[0], name="r", location=place(), settings=found
            )
        case "grant":
            return Grant(
                id="g", identity="*", kind=GrantKind.RESOURCE_POLICY, provider="aws",
                location=place(), actions=("*", ""), resources=("*",), conditions=found,
            )  # fmt: skip
        case _:
            return Trust(
                id="t", identity="i", principal="*", kind=TrustKind.ASSUME, provider="aws",
                location=place(), conditions=found,
            )  # fmt: skip


@pytest.mark.parametrize(
    ("when", "unknown"),
    [
        ("resource.settings.A == true", "x"),
        ("has(resource.settings.A) && false", ""),
        ("has(resource.settings.A.B) && false", "x"),
        ("resource.settings['A'] == true", ""),
    ],
)
def test_what_is_only_asked_for_being_there_need_not_be_known(
    when: str, unknown: str, rules: RuleSet
) -> None:
    some_policy = next(one for one in pipeline.load_rules().policies if one.types)
    policy = replace(some_policy, when=when)
    view = {"resource.settings": {"A": "${x}"}}
    assert Conditions().unknown(policy, view, False) == unknown
