"""What trusts of AWS come to together, and what identities are there for."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.collect.aws.objects import told
from keymuster.inventory.build import build
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

A = "arn:aws:iam::111122223333"
ROLE = f"{A}:role/ci"
OIDC = f"{A}:oidc-provider/gitlab.example"


def role(*principals: dict[str, str], name: str = ROLE, **settings: Any) -> Any:
    statements = [
        {"Effect": "Allow", "Principal": one, "Action": "sts:AssumeRole"} for one in principals
    ]
    return told(
        "AWS::IAM::Role", name,
        {"RoleName": name, "AssumeRolePolicyDocument": {"Statement": statements}, **settings},
    )  # fmt: skip


def may(*actions: str, **more: Any) -> list[Any]:
    statement = {"Effect": "Allow", "Action": [*actions], "Resource": "*", **more}
    return [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]


def facts(rules: RuleSet, of: str, *objects: Any) -> dict[str, Any]:
    records = [one for each in objects for one in meanings.records(each, ())]
    return analysed(build(records), Settings(), rules).facts[of]


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        ({"Service": "ec2.amazonaws.com"}, ["service"]),
        ({"AWS": f"{A}:user/ann"}, ["person"]),
        ({"Federated": f"{A}:saml-provider/corp"}, ["person"]),
        ({"AWS": f"{A}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123"}, ["person"]),
        ({"Federated": OIDC}, ["workload"]),
        ({"AWS": "arn:aws:iam::222233334444:role/deploy"}, ["role"]),
        ({"AWS": "arn:aws:iam::222233334444:root"}, []),
        ({"AWS": "*"}, []),
    ],
)
def test_who_may_become_a_role_is_of_some_kind(
    rules: RuleSet, principal: dict[str, str], kind: list[str]
) -> None:
    assert facts(rules, ROLE, role(principal))["trusted_kinds"] == kind


def test_a_principal_comes_from_where_its_account_is_for(rules: RuleSet) -> None:
    from keymuster.model import Resource, ServiceLocation

    accounts = [
        Resource(
            id=f"account/{number}", type="aws:account", name=name, settings={"number": number, "tags": tags},
            location=ServiceLocation(service="aws", account="1", resource=number),
        )
        for number, name, tags in (
            ("222233334444", "acme-shop", {"env": "prod"}), ("333344445555", "acme-sandbox", {}),
            ("444455556666", "acme-tools", {}),
        )
    ]  # fmt: skip
    numbers = ("222233334444", "333344445555", "444455556666")
    one = role(*({"AWS": f"arn:aws:iam::{number}:role/deploy"} for number in numbers))
    inventory = build([*accounts, *meanings.records(one, ())])
    said = analysed(inventory, Settings(), rules).facts[ROLE]
    assert said["trusted_environments"] == ["development", "production"]


def test_a_provider_is_trusted_if_a_role_names_it(rules: RuleSet) -> None:
    provider = told("AWS::IAM::OIDCProvider", OIDC, {"Url": "gitlab.example"})
    trusting, other = role({"Federated": OIDC}), role({"Service": "ec2.amazonaws.com"})
    elsewhere = role({"Service": "ec2.amazonaws.com"}, name="arn:aws:iam::999988887777:role/x")
    id = f"resource:{OIDC}"
    assert facts(rules, id, provider, trusting)["is_trusted"] == "yes"
    assert facts(rules, id, provider, other)["is_trusted"] == "no"
    assert facts(rules, id, provider, elsewhere)["is_trusted"] == "unknown"


@pytest.mark.parametrize(
    ("policies", "name", "said"),
    [
        (may("ses:SendRawEmail"), "sends_mail_only", True),
        (may("SES:SendEmail", "ses:SendRawEmail"), "sends_mail_only", True),
        (may("ses:*"), "sends_mail_only", False),
        ([], "sends_mail_only", False),
        (may("iam:CreateRole", "iam:PutRolePolicy"), "makes_identities", True),
        (may("iam:*"), "makes_identities", True),
        (may("iam:CreateRole"), "makes_identities", False),
        (
            may(
                "iam:CreateRole", "iam:PutRolePolicy",
                Condition={"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::1:policy/b"}},
            ),
            "makes_identities", False,
        ),
    ],
)  # fmt: skip
def test_what_an_identity_is_there_for(
    rules: RuleSet, policies: list[Any], name: str, said: bool
) -> None:
    assert facts(rules, ROLE, role({"Service": "x"}, Policies=policies))[name] is said


def test_a_boundary_counts_whether_it_was_read_or_not(rules: RuleSet) -> None:
    assert facts(rules, ROLE, role())["bounded"] is False
    bounded = role(PermissionsBoundary=f"{A}:policy/limit")
    assert facts(rules, ROLE, bounded)["bounded"] is True
