from __future__ import annotations

from analysis.aws import ACCOUNT, ADMINISTRATOR, Made, arn
from keymuster.analysis.reach import Path
from keymuster.rules.schema import RuleSet


def _said(path: Path | None) -> list[tuple[str, str]]:
    return [(step.by, step.to) for step in path.steps] if path else []


def test_roles_are_followed_from_one_to_the_next(rules: RuleSet) -> None:
    made = Made()
    user, first, last = made.user("ann"), made.role("first"), made.role("last")
    made.allow(user, "sts:AssumeRole", first)
    made.trust(first, f"arn:aws:iam::{ACCOUNT}:root")
    made.trust(last, first)
    made.has(last, ADMINISTRATOR)
    path = made.reach(rules).to_administrator(user)
    assert path is not None
    assert _said(path) == [("assume-role", first), ("assume-role", last)]
    assert path.answer == "yes"
    assert path.steps[0].evidence == ("grant-1", "trust-2")


def test_a_role_that_does_not_trust_ends_the_way(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("last")
    made.allow(user, "sts:AssumeRole")
    made.trust(role, arn("user", "bob"))
    made.has(role, ADMINISTRATOR)
    reach = made.reach(rules)
    assert (reach.becomes(user), reach.to_administrator(user)) == ([], None)


def test_trust_in_the_account_is_not_enough(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("last")
    made.trust(role, f"arn:aws:iam::{ACCOUNT}:root")
    assert made.reach(rules).becomes(user) == []


def test_another_account_must_allow_it_too(rules: RuleSet) -> None:
    made = Made()
    user, other = made.user("ann"), made.user("bob")
    role = made.role("far", account="444455556666")
    made.allow(user, "sts:AssumeRole", role)
    for one in (user, other):
        made.trust(role, one)
    reach = made.reach(rules)
    assert [step.to for step in reach.becomes(user)] == [role]
    assert reach.becomes(other) == []


def test_a_condition_of_trust_leaves_it_open(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("last")
    made.allow(user, "sts:AssumeRole")
    made.trust(role, user, conditions={"StringEquals": {"sts:ExternalId": "x"}})
    made.has(role, ADMINISTRATOR)
    path = made.reach(rules).to_administrator(user)
    assert path is not None
    assert path.answer == "unknown"


def test_a_denied_trust_is_none(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("last")
    made.trust(role, user)
    made.trust(role, user, effect="deny")
    assert made.reach(rules).becomes(user) == []


def test_a_known_way_may_be_the_last_step(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("build")
    made.trust(role, user)
    made.allow(role, ["ec2:RunInstances", "iam:PassRole"])
    path = made.reach(rules).to_administrator(user)
    assert _said(path) == [("assume-role", role), ("pass-role-to-instance", "")]


def test_one_may_take_over_another_on_the_way(rules: RuleSet) -> None:
    made = Made()
    ann, bob = made.user("ann"), made.user("bob")
    made.allow(ann, "iam:CreateAccessKey", bob)
    made.has(bob, ADMINISTRATOR)
    reach = made.reach(rules)
    assert _said(reach.to_administrator(ann)) == [("create-access-key", bob)]
    assert reach.to_administrator(bob) is None


def test_circles_come_to_an_end(rules: RuleSet) -> None:
    made = Made()
    one, other = made.role("one"), made.role("other")
    made.trust(one, other)
    made.trust(other, one)
    reach = made.reach(rules)
    assert [step.to for step in reach.becomes(one)] == [other]
    assert reach.to_administrator(one) is None
