"""The self-test of rules notices every example and case that does not come out."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from keymuster import selftest
from keymuster.rules import loader
from keymuster.rules.schema import RuleSet

TOKENS = """\
vendor: acme
name: Acme
formats:
  - id: acme-key
    name: Acme key
    kind: api_key
    shape: acme_{base62:36}
    checksum: crc32-base62
    revoke: Delete it.
    examples: ["key = {token}"]
    counter_examples: ["{short}", "{broken}"]
"""


@pytest.fixture
def acme(tmp_path: Path) -> RuleSet:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens/acme.yaml").write_text(TOKENS)
    return loader.one_folder(tmp_path)


def with_format(rules: RuleSet, **changes: object) -> RuleSet:
    return replace(rules, tokens=[replace(rules.tokens[0], **changes)])


def test_sound_rules_have_no_problems(acme: RuleSet) -> None:
    assert list(selftest.problems(acme)) == []


def test_an_example_that_is_not_recognised_is_a_problem(acme: RuleSet) -> None:
    broken = with_format(acme, examples=["key = {token}", "key = x{token}"])
    assert list(selftest.problems(broken)) == [
        "acme-key: example `key = x{token}` is recognised as nothing"
    ]


def test_an_example_that_another_format_takes_is_a_problem(acme: RuleSet) -> None:
    other = replace(acme.tokens[0], id="aaa-key", examples=[], counter_examples=[])
    (problem,) = selftest.problems(replace(acme, tokens=[*acme.tokens, other]))
    assert problem == "acme-key: example `key = {token}` is recognised as aaa-key"


@pytest.mark.parametrize("template", ["{token}", "a {token} b"])
def test_a_counter_example_that_is_recognised_is_a_problem(acme: RuleSet, template: str) -> None:
    broken = with_format(acme, counter_examples=["{short}", template])
    assert list(selftest.problems(broken)) == [
        f"acme-key: counter-example `{template}` is recognised"
    ]


def test_a_checksum_that_is_not_looked_at_is_a_problem(acme: RuleSet) -> None:
    assert list(selftest.problems(with_format(acme, checksum=None))) == [
        "acme-key: counter-example `{broken}` is recognised"
    ]


def test_a_case_that_comes_out_otherwise_is_a_problem(rules: RuleSet) -> None:
    policy = next(policy for policy in rules.policies if policy.id == "secret-in-tree")
    case = next(case for case in policy.cases if case.expect == "finding")
    broken = replace(policy, cases=[replace(case, expect="nothing")])
    only = replace(rules, tokens=[], policies=[broken])
    assert list(selftest.problems(rules, only)) == [
        f"secret-in-tree: case `{case.name}` gives finding, not nothing"
    ]


def test_a_condition_that_never_holds_is_a_problem(rules: RuleSet) -> None:
    policy = next(policy for policy in rules.policies if policy.id == "secret-in-tree")
    only = replace(rules, tokens=[], policies=[replace(policy, when="false")])
    found = list(selftest.problems(rules, only))
    assert len(found) == sum(case.expect == "finding" for case in policy.cases)
    assert all("gives nothing, not finding" in problem for problem in found)


def test_only_the_subjects_are_judged(rules: RuleSet, acme: RuleSet) -> None:
    broken = with_format(acme, examples=["nothing here"])
    assert len(list(selftest.problems(rules, broken))) == 1


def test_cases_are_judged_on_a_fixed_day() -> None:
    assert selftest.NOW.isoformat() == "2026-01-01T00:00:00+00:00"


def test_a_case_may_be_what_a_service_told(rules: RuleSet) -> None:
    policy = next(one for one in rules.policies if one.id == "aws-access-key-old")
    [case] = [one for one in policy.cases if one.name == "of last summer"]
    young = replace(
        case.told[0], settings={**case.told[0].settings, "CreateDate": "2025-12-30T00:00:00+00:00"}
    )
    broken = replace(policy, cases=[replace(case, told=[young])])
    found = list(selftest.problems(rules, replace(rules, tokens=[], policies=[broken])))
    assert found == [f"aws-access-key-old: case `{case.name}` gives nothing, not finding"]
