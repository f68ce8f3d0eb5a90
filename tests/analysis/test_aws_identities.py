from __future__ import annotations

from analysis.aws import ACCOUNT, ADMINISTRATOR, Made, arn
from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_identities import Index, allows
from keymuster.analysis.aws_policy import parse
from keymuster.model import GrantKind
from keymuster.rules.schema import RuleSet

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def test_an_identity_has_what_its_groups_and_policies_have(rules: RuleSet) -> None:
    made = Made()
    user, group = made.user("ann"), made.identity("group", "team")
    made.allow(arn("policy", "reading"), "s3:Get*")
    made.has(group, arn("policy", "reading"))
    made.has(user, group)
    found = allows(made.estate(rules).permissions(user), "s3:GetObject", "arn:aws:s3:::b/k")
    assert (found.answer, [one.source for one in found.statements]) == (YES, ["grant-1"])


def test_policies_that_have_each_other_come_to_an_end(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.has(user, "p")
    made.has("p", "q")
    made.has("q", "p")
    assert allows(made.estate(rules).permissions(user), "s3:GetObject").answer is NO


def test_a_policy_that_nobody_has_seen_may_allow_more(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.allow(user, "s3:*")
    made.has(user, arn("policy", "elsewhere"))
    permissions = made.estate(rules).permissions(user)
    assert permissions.unread == (arn("policy", "elsewhere"),)
    assert allows(permissions, "s3:GetObject").answer is YES
    assert allows(permissions, "ec2:RunInstances").answer is UNKNOWN


def test_a_policy_of_awss_own_is_known(rules: RuleSet) -> None:
    made = Made()
    user, other = made.user("ann"), made.user("bob")
    made.has(user, ADMINISTRATOR)
    made.has(other, "arn:aws:iam::aws:policy/SecurityAudit")
    estate = made.estate(rules)
    assert allows(estate.permissions(user), "iam:CreateUser").answer is YES
    assert allows(estate.permissions(other), "iam:CreateAccessKey").answer is NO


def test_a_boundary_limits_and_one_that_nobody_has_seen_may(rules: RuleSet) -> None:
    made = Made()
    user, other = made.user("ann"), made.user("bob")
    for one in (user, other):
        made.has(one, ADMINISTRATOR)
    made.allow(arn("policy", "limit"), "s3:*")
    made.has(user, arn("policy", "limit"), GrantKind.BOUNDARY)
    made.has(other, arn("policy", "elsewhere"), GrantKind.BOUNDARY)
    estate = made.estate(rules)
    assert allows(estate.permissions(user), "iam:CreateUser").answer is NO
    assert allows(estate.permissions(other), "iam:CreateUser").answer is UNKNOWN


def test_an_organisation_limits_all(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.has(user, ADMINISTRATOR)
    deny = parse({"Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:Create*", "Resource": "*"},
    ]})  # fmt: skip
    permissions = made.estate(rules, controls={ACCOUNT: (Index(deny),)}).permissions(user)
    assert allows(permissions, "iam:CreateUser").answer is NO
    assert allows(permissions, "iam:DeleteUser").answer is YES


def test_variables_are_those_of_the_identity(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann", tags={"Team": "blue"}), made.role("app")
    for one in (user, role):
        made.allow(one, "s3:*", "arn:aws:s3:::home/${aws:username}/*")
        made.allow(one, "ec2:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    estate = made.estate(rules)
    home = "arn:aws:s3:::home/ann/file"
    assert allows(estate.permissions(user), "s3:GetObject", home).answer is YES
    assert allows(estate.permissions(role), "s3:GetObject", home).answer is NO
    assert allows(estate.permissions(user), "ec2:RunInstances").answer is YES
    assert allows(estate.permissions(role), "ec2:RunInstances").answer is UNKNOWN
