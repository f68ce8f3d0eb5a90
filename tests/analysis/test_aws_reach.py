from __future__ import annotations

from analysis.aws import ACCOUNT, ADMINISTRATOR, Made, arn
from keymuster.analysis.aws_reach import Path
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


def test_of_many_roles_that_trust_alike_the_right_one_is_found(rules: RuleSet) -> None:
    made = Made()
    users = [made.user(f"u{number}") for number in range(3)]
    roles = [made.role(f"r{number}") for number in range(4)]
    for user in users[:2]:
        made.allow(user, "sts:AssumeRole")
    for role in roles[:3]:
        made.trust(role, f"arn:aws:iam::{ACCOUNT}:root")
    made.trust(roles[3], roles[1])
    made.allow(roles[1], "sts:AssumeRole")
    made.has(roles[3], ADMINISTRATOR)
    reach = made.reach(rules)
    assert [step.to for step in reach.becomes(users[0])] == roles[:3]
    for user in users[:2]:
        path = reach.to_administrator(user)
        assert _said(path) == [("assume-role", roles[1]), ("assume-role", roles[3])]
        assert path is not None
        assert path.steps[0].evidence == (f"grant-{users.index(user) + 1}", "trust-4")
    assert reach.to_administrator(users[2]) is None
    assert {step.to for step in reach.becomes(roles[1])} == {roles[0], roles[2], roles[3]}


def test_whoever_may_assume_some_roles_is_asked_about_those(rules: RuleSet) -> None:
    made = Made()
    user, near, far = made.user("ann"), made.role("app-one"), made.role("other")
    made.allow(user, "sts:AssumeRole", arn("role", "app-*"))
    for role in (near, far):
        made.trust(role, f"arn:aws:iam::{ACCOUNT}:root")
    assert [step.to for step in made.reach(rules).becomes(user)] == [near]


def test_a_writer_is_reached_over_readers(rules: RuleSet) -> None:
    made = Made()
    user, near, far = made.user("ann"), made.role("near"), made.role("far")
    made.trust(near, user)
    made.trust(far, near)
    made.allow(near, "s3:GetObject")
    made.allow(far, "s3:PutObject")
    reach = made.reach(rules)
    assert _said(reach.to_writer(user)) == [("assume-role", near), ("assume-role", far)]
    assert reach.to_writer(far) is None
