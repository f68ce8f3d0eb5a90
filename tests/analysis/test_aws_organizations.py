"""What limits accounts, from records."""

from __future__ import annotations

from typing import Any

from analysis.aws import ACCOUNT, ADMINISTRATOR, Made
from keymuster import registry
from keymuster.analysis.aws_identities import Index
from keymuster.analysis.aws_organizations import Organizations
from keymuster.analysis.aws_policy import parse
from keymuster.analysis.aws_privilege import privilege
from keymuster.inventory.build import build
from keymuster.model import FileLocation, Observation, Resource, ServiceLocation, organizations
from keymuster.rules.schema import RuleSet
from reading import only, read

LIVE = ServiceLocation(service="aws", account="999988887777", resource="")
CODE = FileLocation(path="main.tf", line=1)
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
READ = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")


def resource(type: str, id: str, place: Any = LIVE, **settings: Any) -> Resource:
    settings.setdefault("number", id)
    return Resource(id=id, type=type, name=id, location=place, settings=settings)


def policy(id: str, target: str, *statements: Any, place: Any = LIVE, **more: Any) -> Resource:
    document = {"Statement": list(statements)}
    kind = more.pop("kind", READ[0])
    return resource(
        organizations.POLICY, id, place, kind=kind, targets=[target], document=document, **more
    )


def organization(*read: str, management: str = "999988887777") -> Resource:
    return resource(
        organizations.ORGANIZATION, "o-1", management=management, listed=True, read=list(read)
    )


ACCOUNT_IN_UNIT = (
    resource(organizations.ACCOUNT, ACCOUNT, parent="ou-1"),
    resource(organizations.UNIT, "ou-1", parent="r-1"),
)


def controls(*records: Observation) -> list[list[str]]:
    """The effects and actions of each level above the account."""
    found = Organizations(build(records)).controls.get(ACCOUNT, ())
    return [
        [f"{one.effect} {' '.join(one.actions)}" for one in level.statements] for level in found
    ]


def test_each_level_limits_and_one_that_lets_all_pass_does_not() -> None:
    s3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}
    assert controls(
        organization(*READ), *ACCOUNT_IN_UNIT,
        policy("p-1", "r-1", s3), policy("p-2", "ou-1", ALL), policy("p-3", ACCOUNT, ALL),
        policy("p-4", ACCOUNT, deny),
    ) == [["allow *", "deny s3:Put*"], ["allow s3:*"]]  # fmt: skip


def test_of_what_was_not_wholly_read_only_denials_hold() -> None:
    s3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}
    some = (policy("p-1", "r-1", s3), policy("p-4", ACCOUNT, deny))
    assert controls(organization(), *ACCOUNT_IN_UNIT, *some) == [["allow *", "deny s3:Put*"]]


def test_the_management_account_is_not_limited() -> None:
    deny = policy("p-4", ACCOUNT, {"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert controls(organization(*READ, management=ACCOUNT), *ACCOUNT_IN_UNIT, deny) == []


def test_what_is_declared_holds_where_nothing_was_read() -> None:
    deny = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    declared = policy("main.tf:p", ACCOUNT, deny, place=CODE)
    one = resource(organizations.ACCOUNT, ACCOUNT)
    assert controls(one, declared) == [["allow *", "deny iam:*"]]
    assert controls(organization(*READ), *ACCOUNT_IN_UNIT, declared) == []


def test_policies_for_resources_limit_as_well() -> None:
    deny = {
        "Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
    }  # fmt: skip
    told = (
        organization(*READ), *ACCOUNT_IN_UNIT,
        policy("p-1", ACCOUNT, {**ALL, "Principal": "*"}, kind=READ[1]),
        policy("p-2", ACCOUNT, deny, kind=READ[1]),
    )  # fmt: skip
    assert controls(*told) == [["allow *", "deny s3:*"]]
    found = Organizations(build(told))
    assert found.keys[ACCOUNT] == {"aws:principalorgid": ("o-1",)}


def test_a_fence_around_networks_is_no_limit_of_rights() -> None:
    fence = {
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {
            "NotIpAddressIfExists": {"aws:SourceIp": "192.0.2.0/24"},
            "BoolIfExists": {"aws:ViaAWSService": "false"},
        },
    }  # fmt: skip
    told = (organization(*READ), *ACCOUNT_IN_UNIT, policy("p-1", ACCOUNT, ALL))
    assert controls(*told, policy("p-2", ACCOUNT, fence)) == []


def test_an_identity_of_the_organisation_meets_what_is_asked_of_its_own(rules: RuleSet) -> None:
    deny = {
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
    }  # fmt: skip
    made = Made()
    user = made.user("ann")
    made.has(user, ADMINISTRATOR)
    limits = {ACCOUNT: (Index(parse({"Statement": [ALL, deny]})),)}
    ours = {ACCOUNT: {"aws:principalorgid": ("o-1",)}}
    inside = made.estate(rules, controls=limits, keys=ours)
    unknown = made.estate(rules, controls=limits)
    assert privilege(inside.permissions(user)).level == "admin"
    assert privilege(unknown.permissions(user)).level == "unknown"


def test_what_a_service_made_for_itself_is_not_limited(rules: RuleSet) -> None:
    made = Made()
    own = made.role("ops", id=f"arn:aws:iam::{ACCOUNT}:role/ops")
    linked = made.role(
        "Linked", id=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/Linked"
    )
    for one in (own, linked):
        made.has(one, ADMINISTRATOR)
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    estate = made.estate(rules, controls={ACCOUNT: (Index(parse({"Statement": [ALL, deny]})),)})
    assert privilege(estate.permissions(own)).level == "none"
    assert privilege(estate.permissions(linked)).level == "admin"


def test_what_a_limit_leaves_of_a_wildcard_is_what_one_may_do(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ann")
    made.has(user, ADMINISTRATOR)
    limit = Index(parse({"Statement": {"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}}))
    assert (
        privilege(made.estate(rules, controls={ACCOUNT: (limit,)}).permissions(user)).level
        == "read"
    )


def test_policies_that_terraform_attaches(rules: RuleSet) -> None:
    text = """
        resource "aws_organizations_policy" "limit" {
          name    = "limit"
          content = jsonencode({
            Version   = "2012-10-17"
            Statement = [{ Effect = "Deny", Action = "iam:*", Resource = "*" }]
          })
        }
        resource "aws_organizations_organizational_unit" "prod" {
          name      = "prod"
          parent_id = "r-ab12"
        }
        resource "aws_organizations_policy_attachment" "prod" {
          policy_id = aws_organizations_policy.limit.id
          target_id = aws_organizations_organizational_unit.prod.id
        }
        resource "aws_organizations_policy_attachment" "account" {
          policy_id = aws_organizations_policy.limit.id
          target_id = "111122223333"
        }
    """
    found = only(Resource, read(registry.part("reader", "terraform"), "main.tf", text, rules))
    account = resource(organizations.ACCOUNT, ACCOUNT)
    assert controls(account, *found) == [["allow *", "deny iam:*"]]
    [unit] = [one for one in found if one.type == organizations.UNIT]
    inside = resource(organizations.ACCOUNT, ACCOUNT, parent=unit.id)
    both = Organizations(build((inside, *found)))
    assert len(both.controls[ACCOUNT]) == 2
