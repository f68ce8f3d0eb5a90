"""Which rules the user wants."""

from __future__ import annotations

import pytest

from keymuster.errors import SettingsError
from keymuster.evaluate.choice import Choice
from keymuster.model import Confidence
from keymuster.rules.schema import RuleSet


@pytest.mark.parametrize(
    ("glob", "wanted"),
    [
        ("secret-in-tree", True), ("secret-*", True), ("*", True), ("github-pat", True),
        ("secret-in-tree/github-pat", True), ("*/github-*", True), ("NHI2", True),
        ("nhi-02", True), ("NHI2:2025", True), ("NHI1", False), ("NHI10", False),
        ("Secret-In-Tree", False), ("secret-in-tre", False), ("secret-in-tree/", False),
    ],
)  # fmt: skip
def test_a_glob_names_policies_formats_and_categories(
    glob: str, wanted: bool, rules: RuleSet
) -> None:
    [policy] = [one for one in rules.policies if one.id == "secret-in-tree"]
    assert Choice(only=(glob,)).wants(policy, "github-pat") is wanted
    assert Choice(skip=(glob,)).wants(policy, "github-pat") is not wanted


def test_everything_is_wanted_unless_something_is_said(rules: RuleSet) -> None:
    assert all(Choice().wants(policy, "") for policy in rules.policies)


def test_skip_wins(rules: RuleSet) -> None:
    choice = Choice(only=("secret-*",), skip=("secret-in-tree",))
    wanted = {policy.id for policy in rules.policies if choice.wants(policy, "")}
    named = {policy.id for policy in rules.policies if policy.id.startswith("secret-")}
    assert {"secret-in-history", "secret-in-staged-change"} <= wanted
    assert wanted == named - {"secret-in-tree"}


def test_every_id_of_a_rule_is_a_name_that_is_known(rules: RuleSet) -> None:
    Choice(only=tuple(rule.id for rule in rules.rules)).check(rules)
    Choice(skip=("NHI-02", "secret-*", "*/github-*")).check(rules)


def test_policies_about_credentials_are_wanted_for_one_format(rules: RuleSet) -> None:
    wanted = Choice(only=("aws-secret-access-key",)).policies(rules)
    every = [one.id for one in rules.policies if one.applies_to == "credential"]
    low = [one.id for one in rules.policies if one.confidence is Confidence.LOW]
    assert [one.id for one in wanted] == [id for id in every if id not in low]


def test_one_policy_may_be_wanted_for_one_format(rules: RuleSet) -> None:
    [one] = Choice(only=("secret-in-tree/aws-secret-access-key",)).policies(rules)
    assert one.id == "secret-in-tree"


def test_what_is_skipped_is_not_wanted_for_any_format(rules: RuleSet) -> None:
    wanted = Choice(only=("aws-secret-access-key",), skip=("secret-*",)).policies(rules)
    assert "secret-in-tree" not in [one.id for one in wanted]


@pytest.mark.parametrize(
    ("glob", "hint"),
    [
        ("secret-in-tre", "Did you mean `secret-in-tree`?"),
        ("githubpat", "Did you mean `github-pat`?"),
        ("zzz*", "See: keymuster rules list"),
        ("NHI11", "See: keymuster rules list"),
        ("", "See: keymuster rules list"),
    ],
)
def test_a_name_nobody_has_is_refused_with_the_nearest(
    glob: str, hint: str, rules: RuleSet
) -> None:
    for choice in (Choice(only=(glob,)), Choice(skip=("secret-*", glob))):
        with pytest.raises(
            SettingsError, match=f"no rule is called `{glob}`".replace("*", r"\*")
        ) as caught:
            choice.check(rules)
        assert hint in caught.value.advice()
