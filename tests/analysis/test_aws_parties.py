"""Whose outside accounts are: in trusts, and in policies of resources."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.aws import ACCOUNT, Made
from keymuster.analysis import aws_parties, aws_trusted, trust_facts
from keymuster.inventory.build import build
from keymuster.model import Grant, GrantKind, Resource, ServiceLocation, organizations
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

LIVE = ServiceLocation(service="aws", account=ACCOUNT, resource="")
MEMBER, STRANGER, VENDOR = "444455556666", "999988887777", "464622532012"


def organization(*accounts: str, listed: bool = True) -> list[Any]:
    settings = {"number": "o-1", "management": ACCOUNT, "listed": listed, "read": []}
    whole = Resource(
        id="o-1", type=organizations.ORGANIZATION, name="o-1", location=LIVE, settings=settings
    )
    members = [
        Resource(id=f"a-{one}", type=organizations.ACCOUNT, name=name, location=LIVE, settings={"number": one})
        for one, _, name in (account.partition(" ") for account in accounts)
    ]  # fmt: skip
    return [whole, *members]


def trust(rules: RuleSet, principal: str, *more: Any, **ours: tuple[str, ...]) -> dict[str, Any]:
    made = Made()
    made.trust(made.role("app"), principal)
    inventory = build([*made.identities, *made.trusts, *more])
    return trust_facts.facts(inventory, Settings(ours=ours), rules)["trust-1"]


def root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


@pytest.mark.parametrize(
    ("principal", "audience", "strangers", "vendors"),
    [
        (root(ACCOUNT), "same-account", [], []),
        (ACCOUNT, "same-account", [], []),
        (root(MEMBER), "estate", [], []),
        (root(STRANGER), "vendor", [STRANGER], []),
        (root(VENDOR), "vendor", [], ["Datadog"]),
    ],
)
def test_accounts_of_the_organisation_are_ours_and_vendors_have_names(
    rules: RuleSet, principal: str, audience: str, strangers: list[str], vendors: list[str]
) -> None:
    found = trust(rules, principal, *organization(ACCOUNT, MEMBER))
    assert (found["audience"], found["strangers"], found["vendors"]) == (
        audience, strangers, vendors,
    )  # fmt: skip
    assert found["is_ours"] is (audience in ("same-account", "estate"))


def test_accounts_that_were_looked_at_are_ours_and_others_may_be(rules: RuleSet) -> None:
    other = Made()
    other.role("other", account=MEMBER)
    looked_at = other.identities
    assert trust(rules, root(MEMBER), *looked_at)["audience"] == "estate"
    assert trust(rules, root(STRANGER), *looked_at)["audience"] == "unknown"


def test_an_organisation_that_did_not_tell_its_accounts_makes_nobody_a_stranger(
    rules: RuleSet,
) -> None:
    found = trust(rules, root(STRANGER), *organization(ACCOUNT, listed=False))
    assert (found["audience"], found["strangers"]) == ("unknown", [])


def test_settings_add_to_an_organisation(rules: RuleSet) -> None:
    told = organization(ACCOUNT)
    assert trust(rules, root(STRANGER), *told, aws=(STRANGER,))["audience"] == "estate"
    assert trust(rules, root(ACCOUNT), *told, aws=(STRANGER,))["audience"] == "same-account"


def test_our_organisation_is_ours(rules: RuleSet) -> None:
    made = Made()
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}
    made.trust(made.role("app"), "*", conditions=condition)
    [whole, *members] = organization(ACCOUNT)
    whole.settings["number"] = "o-exampleorg1"
    inventory = build([*made.identities, *made.trusts, whole, *members])
    assert trust_facts.facts(inventory, Settings(), rules)["trust-1"]["audience"] == "estate"


@pytest.mark.parametrize(
    ("action", "audience"), [("sts:AssumeRole", "estate"), ("sts:AssumeRoleWithSAML", "vendor")]
)
def test_whom_the_organisation_refuses_nobody_else_lets_in(
    rules: RuleSet, action: str, audience: str
) -> None:
    refusal = {
        "Effect": "Deny", "Action": action, "Resource": "*", "Principal": "*",
        "Condition": {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorg1"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }  # fmt: skip
    policy = Resource(
        id="p-1", type=organizations.POLICY, name="perimeter", location=LIVE,
        settings={
            "kind": "RESOURCE_CONTROL_POLICY", "targets": [ACCOUNT], "document": {"Statement": [refusal]},
        },
    )  # fmt: skip
    [whole, *members] = organization(ACCOUNT)
    whole.settings.update({
        "number": "o-exampleorg1", "read": ["RESOURCE_CONTROL_POLICY"], "management": MEMBER,
    })  # fmt: skip
    assert trust(rules, root(STRANGER), whole, policy, *members)["audience"] == audience


def grant(rules: RuleSet, principal: str, *more: Any, **ours: tuple[str, ...]) -> tuple[Any, ...]:
    one = Grant(
        id="g", identity=principal, kind=GrantKind.RESOURCE_POLICY, provider="aws", location=LIVE,
        actions=("s3:GetObject",), resources=("arn:aws:s3:::data/*",),
    )  # fmt: skip
    found = aws_parties.facts(build([one, *more]), Settings(ours=ours), rules)
    return tuple(found["g"].values()) if "g" in found else ()


def test_accounts_in_policies_of_resources(rules: RuleSet) -> None:
    told = organization(f"{ACCOUNT} main", f"{MEMBER} shop")
    assert grant(rules, root(ACCOUNT), *told) == ("same-account", ACCOUNT, "main")
    assert grant(rules, f"arn:aws:iam::{MEMBER}:role/x", *told) == ("estate", MEMBER, "shop")
    assert grant(rules, VENDOR, *told) == ("vendor", VENDOR, "Datadog")
    assert grant(rules, root("127311923021"), *told)[2] == "AWS (load balancer logs)"
    assert grant(rules, root(STRANGER), *told) == ("stranger", STRANGER, "")
    assert grant(rules, root(STRANGER)) == ("untold", STRANGER, "")
    assert grant(rules, "*", *told) == ()
    assert grant(rules, "arn:aws:iam::cloudfront:user/x", *told) == ()


def test_a_role_says_from_accounts_of_which_environments_it_is_trusted(rules: RuleSet) -> None:
    made = Made()
    role = made.role("app")
    for account in (ACCOUNT, MEMBER, STRANGER):
        made.trust(role, root(account))
    told = organization(f"{ACCOUNT} shop-prod", f"{MEMBER} shop-dev", f"{STRANGER} shop")
    inventory = build([*made.identities, *made.trusts, *told])
    found = aws_trusted.facts(inventory, Settings(), rules)[role]
    assert found["trusted_environments"] == ["development", "production"]


def test_public_accounts_are_told_once(rules: RuleSet) -> None:
    assert len(rules.aws.accounts) > 100
    assert all(len(one) == 12 and one.isdigit() for one in rules.aws.accounts)
    assert rules.aws.accounts[VENDOR] == "Datadog"
