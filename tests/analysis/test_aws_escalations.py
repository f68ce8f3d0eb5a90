from __future__ import annotations

from typing import Any

import pytest

from analysis.aws import ADMINISTRATOR, Made, arn, ways
from keymuster.model import GrantKind
from keymuster.rules.schema import EscalationWay, RuleSet

OPEN, SOME = ("yes", "admin"), ("yes", "any")


def _of_user(rules: RuleSet, *statements: dict[str, Any]) -> dict[str, tuple[str, str]]:
    made = Made()
    user = made.user("ann")
    for one in statements:
        made.statement(user, {"Resource": "*", **one})
    return ways(made.reach(rules).escalations(user))


def test_every_way_is_open_to_who_has_just_what_it_takes(rules: RuleSet) -> None:
    for way in rules.aws.ways:
        made = Made()
        user = made.user("ann")
        made.allow(user, list(way.actions))
        if way.leads_to == "boundary":
            made.allow(arn("policy", "limit"), "*")
            made.has(user, arn("policy", "limit"), GrantKind.BOUNDARY)
        assert ways(made.reach(rules).escalations(user))[way.id][0] == "yes", way.id


def test_no_way_is_open_to_who_lacks_one_action(rules: RuleSet) -> None:
    for way in rules.aws.ways:
        for left_out in way.actions:
            rest = [action for action in way.actions if action != left_out]
            found = _of_user(rules, {"Action": ["s3:Get*", *rest]})
            assert way.id not in found, (way.id, left_out)


def test_no_way_is_open_to_who_is_denied_one_action(rules: RuleSet) -> None:
    def denied(way: EscalationWay, action: str) -> set[str]:
        statements: list[dict[str, Any]] = [{"Action": "*"}, {"Effect": "Deny", "Action": action}]
        return {way.id} & set(_of_user(rules, *statements))

    found = [denied(way, action) for way in rules.aws.ways for action in [*way.actions][:1]]
    assert set().union(*found) == set()


def test_ways_have_ids_of_their_own_and_kinds_that_are_known(rules: RuleSet) -> None:
    ids = [way.id for way in rules.aws.ways]
    assert len(ids) == len(set(ids)) >= 101
    assert {kind for way in rules.aws.ways for kind in way.actions.values()} == set(rules.aws.kinds)


def test_a_key_for_oneself_leads_nowhere(rules: RuleSet) -> None:
    for own in (arn("user", "ann"), arn("user", "${aws:username}")):
        assert _of_user(rules, {"Action": "iam:CreateAccessKey", "Resource": own}) == {}


def test_a_policy_for_oneself_leads_everywhere(rules: RuleSet) -> None:
    for own in (arn("user", "ann"), arn("user", "${aws:username}")):
        found = _of_user(rules, {"Action": "iam:PutUserPolicy", "Resource": own})
        assert found == {"put-user-policy": OPEN}


def test_a_policy_for_somebody_else_does_not(rules: RuleSet) -> None:
    assert _of_user(rules, {"Action": "iam:PutUserPolicy", "Resource": arn("user", "bob")}) == {}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ADMINISTRATOR, {"attach-user-policy": OPEN}),
        ("arn:aws:iam::aws:policy/*", {"attach-user-policy": OPEN}),
        ("arn:aws:iam::aws:policy/SecurityAudit", {}),
        (arn("policy", "somebody-elses"), {"attach-user-policy": ("unknown", "admin")}),
    ],
)
def test_it_matters_which_policy_may_be_attached(
    policy: str, expected: dict[str, Any], rules: RuleSet
) -> None:
    limit = {"ArnLike": {"iam:PolicyARN": policy}}
    assert _of_user(rules, {"Action": "iam:AttachUserPolicy", "Condition": limit}) == expected


def test_it_matters_which_service_a_role_may_be_passed_to(rules: RuleSet) -> None:
    both = ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction", "ec2:RunInstances"]
    limit = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert _of_user(rules, {"Action": both, "Condition": limit}) == {}
    split = _of_user(rules, {"Action": both[1:]}, {"Action": "iam:PassRole", "Condition": limit})
    assert split == {"pass-role-to-instance": SOME}


def test_it_matters_which_role_may_be_passed(rules: RuleSet) -> None:
    made = Made()
    strong, weak, others = made.role("strong"), made.role("weak"), made.role("others")
    made.has(strong, ADMINISTRATOR)
    made.has(others, ADMINISTRATOR)
    made.allow(weak, "s3:GetObject")
    for role, service in ((strong, "lambda"), (weak, "lambda"), (others, "ec2")):
        made.trust(role, f"{service}.amazonaws.com", "service")
    gains = {}
    for name, role in (("a", strong), ("b", weak), ("c", others), ("d", arn("role", "unseen"))):
        user = made.user(name)
        made.allow(user, "iam:PassRole", role)
        made.allow(user, ["lambda:CreateFunction", "lambda:InvokeFunction"])
        gains[name] = user
    reach = made.reach(rules)
    assert {name: ways(reach.escalations(user)) for name, user in gains.items()} == {
        "a": {"pass-role-to-function": OPEN},
        "b": {"pass-role-to-function": ("yes", "identity")},
        "c": {},
        "d": {"pass-role-to-function": ("yes", "unknown")},
    }


def test_it_matters_what_runs_in_a_workload(rules: RuleSet) -> None:
    made = Made()
    strong, weak = made.role("strong"), made.role("weak")
    made.has(strong, ADMINISTRATOR)
    made.allow(weak, "s3:GetObject")
    made.workload("deploy", strong)
    made.workload("arn:aws:lambda:eu-west-1:111122223333:function:resize", weak)
    expected = {"deploy": OPEN, "resize": ("yes", "identity"), "unseen": ("yes", "unknown")}
    for name in expected:
        user = made.user(f"of-{name}")
        function = f"arn:aws:lambda:eu-west-1:111122223333:function:{name}"
        made.allow(user, "lambda:UpdateFunctionCode", function)
    reach = made.reach(rules)
    found = {name: ways(reach.escalations(arn("user", f"of-{name}"))) for name in expected}
    assert found == {name: {"update-function-code": gain} for name, gain in expected.items()}


def test_a_boundary_and_its_resources_count(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, "iam:*")
    made.allow(arn("policy", "limit"), "iam:CreateAccessKey", arn("user", "ci-*"))
    made.has(user, arn("policy", "limit"), GrantKind.BOUNDARY)
    assert ways(made.reach(rules).escalations(user)) == {"create-access-key": ("yes", "unknown")}


def test_conditions_that_can_hold_no_more_are_no_way(rules: RuleSet) -> None:
    for operator, expected in (
        ("DateLessThan", {}),
        ("DateGreaterThan", {"create-policy-version": OPEN}),
    ):
        limit = {operator: {"aws:TokenIssueTime": "2021-01-01T00:00:00Z"}}
        assert (
            _of_user(rules, {"Action": "iam:CreatePolicyVersion", "Condition": limit}) == expected
        )


def test_what_depends_on_the_request_is_not_certain(rules: RuleSet) -> None:
    limit = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    found = _of_user(rules, {"Action": "iam:PutUserPolicy", "Condition": limit})
    assert found == {"put-user-policy": ("unknown", "admin")}


def test_a_policy_that_nobody_has_is_judged_by_itself(rules: RuleSet) -> None:
    made = Made()
    made.allow("tf:policy", "iam:PutUserPolicy", "arn:aws:iam::${var.account}:user/${aws:username}")
    made.allow("tf:other", "iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}")
    made.allow("tf:third", "iam:PassRole", "arn:aws:iam::${AWS::AccountId}:role/*")
    made.allow("tf:third", "ec2:RunInstances")
    reach = made.reach(rules)
    assert set(ways(reach.escalations("tf:policy"))) == {"put-user-policy"}
    assert ways(reach.escalations("tf:other")) == {}
    assert ways(reach.escalations("tf:third")) == {"pass-role-to-instance": SOME}


def test_the_grants_that_are_used_are_named(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, "iam:PassRole")
    made.allow(user, "s3:GetObject")
    made.allow(user, "ec2:RunInstances")
    (found,) = made.reach(rules).escalations(user)
    assert found.grants == ("grant-1", "grant-3")


def test_the_policy_of_another_account_cannot_be_changed(rules: RuleSet) -> None:
    for policy in ("arn:aws:iam::aws:policy/mine", arn("policy", "mine", "999988887777")):
        assert _of_user(rules, {"Action": "iam:CreatePolicyVersion", "Resource": policy}) == {}
