from __future__ import annotations

from typing import Any

import pytest

from analysis.aws import ADMINISTRATOR, Made, arn
from keymuster.analysis.privilege import Level, Privilege, highest, privilege
from keymuster.model import GrantKind
from keymuster.rules.schema import RuleSet


@pytest.mark.parametrize(
    ("statement", "level"),
    [
        ({"Action": "*", "Resource": "*"}, Level.ADMIN),
        ({"Action": "iam:*", "Resource": "*"}, Level.ADMIN),
        ({"NotAction": "s3:*", "Resource": "*"}, Level.ADMIN),
        ({"NotAction": "iam:*", "Resource": "*"}, Level.WRITE),
        ({"Action": "s3:*", "Resource": "*"}, Level.WRITE),
        ({"Action": "iam:*", "Resource": arn("user", "${aws:username}")}, Level.WRITE),
        ({"Action": ["s3:Get*", "s3:ListBucket"], "Resource": "*"}, Level.READ),
        ({"Action": "${var.action}", "Resource": "*"}, Level.UNKNOWN),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, Level.NONE),
        (
            {
                "Action": "*",
                "Resource": "*",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            },
            Level.UNKNOWN,
        ),
    ],
)
def test_a_statement_comes_to_a_level(
    statement: dict[str, Any], level: Level, rules: RuleSet
) -> None:
    made = Made()
    user = made.user("ann")
    made.statement(user, statement)
    assert made.reach(rules).privilege(user).level is level


def test_the_grant_is_the_evidence(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, "s3:Get*")
    made.allow(user, "s3:PutObject")
    assert made.reach(rules).privilege(user) == Privilege(Level.WRITE, ("grant-2",))


def test_what_is_denied_or_beyond_a_boundary_does_not_count(rules: RuleSet) -> None:
    made = Made()
    denied, bound = made.user("ann"), made.user("bob")
    made.has(denied, ADMINISTRATOR)
    made.deny(denied, "*")
    made.has(bound, ADMINISTRATOR)
    made.allow(bound, "s3:Get*")
    made.allow(arn("policy", "limit"), "s3:Get*")
    made.has(bound, arn("policy", "limit"), GrantKind.BOUNDARY)
    reach = made.reach(rules)
    assert reach.privilege(denied).level is Level.NONE
    assert reach.privilege(bound).level is Level.READ


@pytest.mark.parametrize(
    ("policy", "level"),
    [
        ("AdministratorAccess", Level.ADMIN),
        ("IAMFullAccess", Level.ADMIN),
        ("PowerUserAccess", Level.WRITE),
        ("AmazonS3FullAccess", Level.WRITE),
        ("SecurityAudit", Level.READ),
        ("ReadOnlyAccess", Level.READ),
        ("job-function/ViewOnlyAccess", Level.READ),
    ],
)
def test_awss_own_policies_come_to_a_level(policy: str, level: Level, rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.has(user, f"arn:aws:iam::aws:policy/{policy}")
    assert made.reach(rules).privilege(user).level is level


def test_a_policy_of_ones_own_is_not_taken_for_awss(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.has(user, arn("policy", "AdministratorAccess"))
    assert made.reach(rules).privilege(user).level is Level.UNKNOWN


def test_a_provider_that_nobody_judges_is_not_known(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, "s3:Get*")
    reach = made.reach(rules)
    assert privilege(user, made.grants, {"aws": reach.privilege}).level is Level.READ
    assert privilege(user, made.grants, {}).level is Level.UNKNOWN


def test_an_administrator_is_one_whatever_else_is_not_known() -> None:
    several = [Privilege(Level.UNKNOWN), Privilege(Level.ADMIN), Privilege(Level.READ)]
    assert highest(several).level is Level.ADMIN
    assert highest(several[::2]).level is Level.UNKNOWN
