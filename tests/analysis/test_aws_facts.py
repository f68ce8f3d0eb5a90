"""What follows for identities of AWS, with what it follows from."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.aws import ACCOUNT, ADMINISTRATOR, Made
from keymuster.analysis.aws_facts import facts
from keymuster.inventory.build import build
from keymuster.inventory.facts import STEPS
from keymuster.model import GrantKind, Step
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

OTHER = "444455556666"
THIRD = "777788889999"


def found(made: Made, rules: RuleSet) -> dict[str, dict[str, Any]]:
    records = (*made.identities, *made.grants, *made.trusts, *made.uses)
    return facts(build(records), Settings(), rules)


def steps(said: dict[str, Any], name: str) -> list[Step]:
    [path] = said[STEPS][name]
    return list(path)


def test_roles_are_assumed_over_three_accounts(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    near, far = made.role("near", account=OTHER), made.role("far", account=THIRD)
    made.allow(user, "sts:AssumeRole", near)
    made.trust(near, user)
    made.allow(near, "sts:AssumeRole", far)
    made.trust(far, f"arn:aws:iam::{OTHER}:root")
    made.has(far, ADMINISTRATOR)
    said = found(made, rules)[user]
    assert said["administrator_by"] == "assume-role to near, then assume-role to far"
    one, other = steps(said, "administrator_by")
    assert (one.start, one.to, one.proved, one.records) == (
        user,
        near,
        True,
        ("grant-1", "trust-2"),
    )
    assert (other.start, other.to, other.records) == (near, far, ("grant-3", "trust-4"))


def test_an_account_between_that_allows_nothing_ends_the_chain(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    near, far = made.role("near", account=OTHER), made.role("far", account=THIRD)
    made.allow(user, "sts:AssumeRole", near)
    made.trust(near, user)
    made.trust(far, near)  # in another account, the role's own policies must allow it, too
    made.has(far, ADMINISTRATOR)
    said = found(made, rules)[user]
    assert (said["administrator_by"], said["escalations"]) == ("", [])


def test_a_role_is_passed_to_a_service_that_it_trusts(rules: RuleSet) -> None:
    made = Made()
    user, boss = made.user("ann"), made.role("boss")
    made.allow(user, "iam:PassRole", boss)
    made.allow(user, ["lambda:CreateFunction", "lambda:InvokeFunction"])
    made.trust(boss, "lambda.amazonaws.com", kind="service")
    made.has(boss, ADMINISTRATOR)
    said = found(made, rules)[user]
    assert "pass-role-to-function" in said["escalations"]
    [step] = next(
        path for path in said[STEPS]["escalations"] if path[0].way == "pass-role-to-function"
    )
    assert (step.to, step.proved) == (boss, True)
    assert {"iam:PassRole", "lambda:CreateFunction"} <= {*step.actions}
    assert step.records == ("grant-1", "grant-2", "trust-3")


def test_a_role_that_trusts_another_service_cannot_be_passed(rules: RuleSet) -> None:
    made = Made()
    user, boss = made.user("ann"), made.role("boss")
    made.allow(user, "iam:PassRole", boss)
    made.allow(user, ["lambda:CreateFunction", "lambda:InvokeFunction"])
    made.trust(boss, "ecs-tasks.amazonaws.com", kind="service")
    made.has(boss, ADMINISTRATOR)
    assert found(made, rules)[user]["escalations"] == []


def test_a_passed_role_assumes_the_last_one(rules: RuleSet) -> None:
    made = Made()
    user, runs, boss = made.user("ann"), made.role("runs"), made.role("boss", account=OTHER)
    made.allow(user, "iam:PassRole", runs)
    made.allow(user, ["lambda:CreateFunction", "lambda:InvokeFunction"])
    made.trust(runs, "lambda.amazonaws.com", kind="service")
    made.allow(runs, "sts:AssumeRole", boss)
    made.trust(boss, runs)
    made.has(boss, ADMINISTRATOR)
    said = found(made, rules)[user]
    assert said["escalations"] == []  # the role that is passed is no administrator itself
    ways = [(step.way, step.to) for step in steps(said, "administrator_by")]
    assert ways == [("pass-role-to-function", runs), ("assume-role", boss)]


def test_what_the_rights_of_an_administrator_come_from(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.has(user, ADMINISTRATOR)
    said = found(made, rules)[user]
    assert (said["privilege"], said["rights_from"]) == ("admin", ["AdministratorAccess"])
    assert steps(said, "privilege")[0].records == ("grant-1",)


@pytest.mark.parametrize(
    ("bound", "level", "ways"),
    [
        ("*", "admin", []),
        (["s3:GetObject", "s3:ListBucket"], "read", []),
        (["s3:PutObject"], "write", []),
        (["iam:PutUserPolicy", "s3:Get*"], "write", ["put-user-policy"]),
    ],
)
def test_a_boundary_is_taken_off(
    bound: str | list[str], level: str, ways: list[str], rules: RuleSet
) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, "*")
    made.statement(user, {"Action": bound, "Resource": "*"}, GrantKind.BOUNDARY)
    said = found(made, rules)[user]
    assert (said["privilege"], said["escalations"]) == (level, ways)


def test_a_chain_is_no_longer_than_the_boundary_of_its_last_role_allows(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("boss")
    made.trust(role, user)
    made.has(role, ADMINISTRATOR)
    made.statement(role, {"Action": "sqs:*", "Resource": "*"}, GrantKind.BOUNDARY)
    said = found(made, rules)[user]
    assert said["administrator_by"] == ""
    assert said["writes_by"] == "assume-role to boss"  # it may still change queues


def test_a_condition_that_is_not_known_is_assumed(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("boss")
    made.allow(user, "sts:AssumeRole", role)
    made.trust(role, user, conditions={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    made.has(role, ADMINISTRATOR)
    said = found(made, rules)[user]
    assert (said["administrator_by"], said[STEPS].get("administrator_by")) == ("", None)


def test_others_are_named_that_can_be_taken_over(rules: RuleSet) -> None:
    made = Made()
    ann, bob = made.user("ann"), made.user("bob")
    made.allow(ann, "iam:CreateAccessKey", bob)
    made.allow(bob, "sqs:SendMessage")
    said = found(made, rules)[ann]
    assert (said["takes_over"], said["may_take_over"]) == (["bob"], [])
    assert steps(said, "takes_over")[0].records == ("grant-1",)


def test_a_workload_that_nobody_saw_may_be_anybody(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:shop"
    made.allow(user, "lambda:UpdateFunctionCode", function)
    said = found(made, rules)[user]
    assert (said["takes_over"], said["may_take_over"], said["escalations"]) == ([], [function], [])


def test_a_user_that_writes_by_a_role(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("deploy")
    made.allow(user, "sts:AssumeRole", role)
    made.trust(role, user)
    made.allow(role, "s3:PutObject", "arn:aws:s3:::site/*")
    said = found(made, rules)[user]
    assert (said["privilege"], said["writes_by"]) == ("read", "assume-role to deploy")


def test_any_role_may_be_one_that_writes(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, "sts:AssumeRole")
    assert found(made, rules)[user]["privilege"] == "write"


@pytest.mark.parametrize(
    ("action", "on", "data"),
    [
        ("secretsmanager:*", "*", ["secrets"]),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:*", ["secrets"]),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:shop/*", []),
        (["s3:Get*", "dynamodb:Scan"], "*", ["objects of buckets", "tables"]),
        ("ssm:GetParameters", "*", []),
    ],
)
def test_data_of_all_others(
    action: str | list[str], on: str, data: list[str], rules: RuleSet
) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, action, on)
    assert found(made, rules)[user]["reads_all"] == data


def test_what_is_denied_is_not_read(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, "s3:GetObject")
    made.deny(user, "s3:*", "*")
    assert found(made, rules)[user]["reads_all"] == []
