"""Organisations that moto's server plays, from the API to what follows for identities."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

import faults
import moto_server
from faults import Rule
from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.collect.aws.accounts import Asked, first, others, regions
from keymuster.collect.aws.collecting import answered
from keymuster.collect.aws.surfaces import surfaces
from keymuster.collect.declared import Declared
from keymuster.inventory.build import Inventory, build
from keymuster.model import Environment, Identity, Observation, Resource, Trouble
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from stubbed import told

MANAGEMENT = "123456789012"
SERVICE = {
    "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
}  # fmt: skip
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NO_IAM = {"Effect": "Deny", "Action": ["iam:*", "sts:*"], "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class Made:
    """An organisation: root > workloads > prod; `app` in prod, `lab` in workloads."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.client = client = moto_server.client("organizations", endpoint)
        client.create_organization(FeatureSet="ALL")
        self.root = client.list_roots()["Roots"][0]["Id"]
        client.enable_policy_type(RootId=self.root, PolicyType="SERVICE_CONTROL_POLICY")
        self.workloads = self.unit("workloads", self.root)
        self.prod = self.unit("prod", self.workloads)
        self.app = self.account("app", self.prod)
        self.lab = self.account("lab", self.workloads, env="sandbox")

    def unit(self, name: str, parent: str) -> str:
        made = self.client.create_organizational_unit(ParentId=parent, Name=name)
        return str(made["OrganizationalUnit"]["Id"])

    def account(self, name: str, unit: str, **tags: str) -> str:
        made = self.client.create_account(
            AccountName=name, Email=f"{name}@example.com",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )  # fmt: skip
        id = str(made["CreateAccountStatus"]["AccountId"])
        self.client.move_account(AccountId=id, SourceParentId=self.root, DestinationParentId=unit)
        return id

    def control(self, target: str, *statements: dict[str, Any]) -> str:
        made = self.client.create_policy(
            Content=document(*statements), Description="", Name=f"limit-{target}",
            Type="SERVICE_CONTROL_POLICY",
        )  # fmt: skip
        id = str(made["Policy"]["PolicySummary"]["Id"])
        self.client.attach_policy(PolicyId=id, TargetId=target)
        return id

    def administrator(self, account: str, name: str = "ops", path: str = "/") -> None:
        iam = moto_server.client("iam", self.endpoint, account if account != MANAGEMENT else "")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(SERVICE), Path=path)
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document(ANYTHING))


@pytest.fixture
def made(aws: str) -> Made:
    return Made(aws)


class Found(NamedTuple):
    inventory: Inventory
    troubles: list[Trouble]


@pytest.fixture
def gathered(rules: RuleSet) -> Callable[..., Found]:
    """What the surfaces that these tests are about tell, with what follows from it."""
    wanted = [one for one in surfaces() if one.name in ("organization", "iam")]

    def gather(**options: Any) -> Found:
        asked = Asked(**{"regions": ("us-east-1",), "organization": True, **options})
        access = first(asked)
        records: list[Observation] = []
        troubles: list[Trouble] = []
        for unit in answered(others(asked, access), partial(regions, asked), wanted, access):
            if isinstance(unit, Trouble):
                troubles.append(unit)
                continue
            troubles += unit.troubles
            for one in unit.told:
                assert isinstance(one, Declared)
                records += meanings.records(one, rules.resource_types)
        return Found(analysed(build(records), Settings(), rules), troubles)

    return gather


def privileges(found: Found) -> dict[str, str]:
    """Account and name -> privilege."""
    return {
        f"{one.account} {one.name}": found.inventory.facts[one.id]["privilege"]
        for one in found.inventory.of(Identity)
        if one.name not in ("OrganizationAccountAccessRole",)
    }


def of_type(found: Found, type: str) -> list[Resource]:
    return [one for one in found.inventory.of(Resource) if one.type == type]


def test_accounts_units_and_policies_are_told(made: Made, gathered: Any) -> None:
    limit = made.control(made.prod, NO_IAM)
    found = gathered()
    accounts = {one.settings["number"]: one for one in of_type(found, "aws:account")}
    assert set(accounts) == {MANAGEMENT, made.app, made.lab}
    assert (accounts[made.app].name, accounts[made.app].settings["parent"]) == ("app", made.prod)
    assert accounts[made.lab].settings["tags"] == {"env": "sandbox"}
    units = {one.name: one.settings for one in of_type(found, "aws:organizational-unit")}
    assert units == {
        "workloads": {"number": made.workloads, "parent": made.root},
        "prod": {"number": made.prod, "parent": made.workloads},
    }
    policies = {
        one.settings["number"]: one.settings for one in of_type(found, "aws:organization-policy")
    }
    assert policies[limit]["targets"] == [made.prod]
    assert policies[limit]["document"]["Statement"] == [NO_IAM]
    assert made.app in policies["p-FullAWSAccess"]["targets"]
    [organization] = of_type(found, "aws:organization")
    assert organization.settings["management"] == MANAGEMENT
    assert organization.settings["listed"] is True
    assert organization.settings["read"] == ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
    of_moto = ("DescribeResourcePolicy", "ListOrganizationsFeatures")  # which it has not
    assert [one for one in found.troubles if not any(map(one.message.count, of_moto))] == []


def test_what_a_unit_denies_is_denied_in_all_accounts_below(made: Made, gathered: Any) -> None:
    for account in (MANAGEMENT, made.app, made.lab):
        made.administrator(account)
    made.administrator(made.app, "AWSServiceRoleForOps", "/aws-service-role/ops.amazonaws.com/")
    made.control(made.prod, NO_IAM)
    assert privileges(gathered()) == {
        f"{MANAGEMENT} ops": "admin",
        f"{made.app} ops": "write",
        f"{made.app} AWSServiceRoleForOps": "admin",
        f"{made.lab} ops": "admin",
    }


def test_every_level_must_allow(made: Made, gathered: Any) -> None:
    made.administrator(made.app)
    made.control(made.workloads, {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"})
    made.client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=made.workloads)
    assert privileges(gathered())[f"{made.app} ops"] == "read"


def test_the_management_account_is_not_bound(made: Made, gathered: Any) -> None:
    made.administrator(MANAGEMENT)
    made.control(made.root, NO_IAM)
    assert privileges(gathered(organization=False)) == {f"{MANAGEMENT} ops": "admin"}


@pytest.mark.parametrize(
    "refused", ["ListPolicies", "DescribePolicy", "ListTargetsForPolicy", "ListRoots"]
)
def test_policies_that_cannot_be_read_are_a_trouble_and_limit_nothing(
    made: Made, gathered: Any, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.administrator(made.app)
    made.control(made.prod, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    with faults.before(made.endpoint) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        server.rules = [Rule(refused, fault="denied")]
        found = gathered()
    assert privileges(found)[f"{made.app} ops"] == "admin"
    [trouble] = [one for one in found.troubles if refused in one.message]
    assert trouble.scope == MANAGEMENT
    assert "was denied" in trouble.message
    assert "management account" in trouble.advice


def test_an_account_of_no_organisation_is_asked_once(aws: str, gathered: Any) -> None:
    found = gathered(organization=False)
    assert of_type(found, "aws:organization") == []
    assert found.troubles == []


def test_what_an_account_is_for_holds_for_who_is_in_it(made: Made, gathered: Any) -> None:
    made.administrator(made.app, "test-runner")
    made.administrator(made.lab, "ops")
    found = gathered()
    environments = {
        one.name: found.inventory.facts[one.id]["environment"]
        for one in found.inventory.of(Identity)
        if one.account in (made.app, made.lab) and one.name in ("test-runner", "ops")
    }
    assert environments == {
        "test-runner": Environment.PRODUCTION, "ops": Environment.DEVELOPMENT,
    }  # fmt: skip


# --- what moto has not ---------------------------------------------------------------------------


ORGANIZATION = {
    "Id": "o-exampleorg1", "Arn": f"arn:aws:organizations::{MANAGEMENT}:organization/o-exampleorg1", "FeatureSet": "ALL",
    "MasterAccountId": MANAGEMENT,
}  # fmt: skip
ROOT = "r-ab12"


def account(id: str, path: str) -> dict[str, Any]:
    arn = f"arn:aws:organizations::{MANAGEMENT}:account/o-exampleorg1/{id}"
    return {"Id": id, "Arn": arn, "Name": id, "State": "ACTIVE", "Paths": [path]}


def answers(*last: Any) -> list[Any]:
    unit = {
        "Id": "ou-ab12-11111111",
        "Name": "prod",
        "Arn": "arn:aws:organizations::1:ou/o/ou-ab12-11111111",
    }
    below = "list_organizational_units_for_parent"
    return [
        ("organizations", "describe_organization", {}, {"Organization": ORGANIZATION}),
        ("organizations", "list_accounts", {}, {"Accounts": [
            account("111122223333", f"o-exampleorg1/{ROOT}/ou-ab12-11111111/111122223333/"),
            account(MANAGEMENT, f"o-exampleorg1/{ROOT}/{MANAGEMENT}/"),
        ]}),
        ("organizations", "list_roots", {}, {"Roots": [{"Id": ROOT, "PolicyTypes": []}]}),
        ("organizations", below, {"ParentId": ROOT}, {"OrganizationalUnits": [unit]}),
        ("organizations", below, {"ParentId": unit["Id"]}, {"OrganizationalUnits": []}),
        ("organizations", "list_tags_for_resource", {"ResourceId": "111122223333"}, {"Tags": []}),
        ("organizations", "list_tags_for_resource", {"ResourceId": MANAGEMENT}, {"Tags": []}),
        *last,
    ]  # fmt: skip


def test_accounts_tell_their_units_and_others_act_for_the_management_account() -> None:
    content = document(
        {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "organizations:*"}
    )
    objects, troubles = told("organization", answers(
        ("organizations", "list_delegated_administrators", {}, {"DelegatedAdministrators": [
            {"Id": "111122223333", "Name": "security"},
        ]}),
        ("organizations", "list_delegated_services_for_account", {"AccountId": "111122223333"}, {
            "DelegatedServices": [{"ServicePrincipal": "guardduty.amazonaws.com"}],
        }),
        ("organizations", "describe_resource_policy", {}, {"ResourcePolicy": {"Content": content}}),
        ("iam", "list_organizations_features", {}, {"EnabledFeatures": ["RootSessions"]}),
    ))  # fmt: skip
    assert troubles == []
    plain = {one.id.rpartition(":")[2]: one.settings.plain() for one in objects}
    assert plain["account/o-exampleorg1/111122223333"]["ParentIds"] == ["ou-ab12-11111111"]
    assert plain[f"account/o-exampleorg1/{MANAGEMENT}"]["ParentIds"] == [ROOT]
    by_type = {one.type: one.settings.plain() for one in objects}
    assert by_type["aws_organizations_delegated_administrator"] == {
        "account_id": "111122223333", "name": "security", "service_principal": "guardduty.amazonaws.com",
    }  # fmt: skip
    assert by_type["AWS::Organizations::ResourcePolicy"] == {"Content": content}
    assert by_type["aws_iam_organizations_features"] == {"enabled_features": ["RootSessions"]}


@pytest.mark.parametrize(
    ("code", "is_told"),
    [("ServiceAccessNotEnabledException", True), ("AccessDeniedException", False)],
)
def test_root_users_that_nobody_manages_are_not_those_that_nobody_may_ask_of(
    code: str, is_told: bool
) -> None:
    objects, troubles = told("organization", answers(
        ("organizations", "list_delegated_administrators", {}, {"DelegatedAdministrators": []}),
        ("organizations", "describe_resource_policy", {}, "ResourcePolicyNotFoundException"),
        ("iam", "list_organizations_features", {}, code),
    ))  # fmt: skip
    features = [one for one in objects if one.type == "aws_iam_organizations_features"]
    assert [one.settings.plain() for one in features] == ([{}] if is_told else [])
    assert bool(troubles) is not is_told
