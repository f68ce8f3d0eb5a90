"""Identity Center: what moto plays of it, and the rest by the SDK's models."""

from __future__ import annotations

import json
from typing import Any

import moto_server
from keymuster import registry
from keymuster.collect import meanings
from keymuster.collect.base import Context, Selection
from keymuster.model import Grant, GrantKind, Identity, Resource
from keymuster.rules.schema import RuleSet
from stubbed import ACCOUNT, told

INSTANCE = "arn:aws:sso:::instance/ssoins-1111111111111111"
SET = "arn:aws:sso:::permissionSet/ssoins-1111111111111111/ps-1111111111111111"
ISSUER = f"arn:aws:sso::{ACCOUNT}:trustedTokenIssuer/ssoins-1111111111111111/tti-11111111-1111-1111-1111-111111111111"
APP = f"arn:aws:sso::{ACCOUNT}:application/ssoins-1111111111111111/apl-1111111111111111"
WHICH = {"InstanceArn": INSTANCE, "PermissionSetArn": SET}
SOME = json.dumps({
    "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
})  # fmt: skip


def sso(operation: str, asked: dict[str, Any], answer: dict[str, Any] | str) -> Any:
    return ("sso-admin", operation, asked, answer)


def answers(owner: str = ACCOUNT) -> list[Any]:
    each = {"InstanceArn": INSTANCE}
    instance = {**each, "OwnerAccountId": owner, "Name": "main", "Status": "ACTIVE"}
    reference = {"Name": "limit", "Path": "/"}
    return [
        sso("list_instances", {}, {"Instances": [instance]}),
        sso("list_permission_sets", each, {"PermissionSets": [SET]}),
        sso("describe_permission_set", WHICH, {
            "PermissionSet": {"Name": "Ops", "PermissionSetArn": SET, "SessionDuration": "PT12H"},
        }),
        sso("get_inline_policy_for_permission_set", WHICH, {"InlinePolicy": SOME}),
        sso("get_permissions_boundary_for_permission_set", WHICH, {
            "PermissionsBoundary": {"CustomerManagedPolicyReference": reference},
        }),
        sso("list_managed_policies_in_permission_set", WHICH, {
            "AttachedManagedPolicies": [{"Name": "R", "Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
        }),
        sso("list_customer_managed_policy_references_in_permission_set", WHICH, {
            "CustomerManagedPolicyReferences": [{"Name": "own", "Path": "/"}],
        }),
        sso("list_accounts_for_provisioned_permission_set", WHICH, {"AccountIds": ["111122223333"]}),
        sso("list_account_assignments", {**WHICH, "AccountId": "111122223333"}, {
            "AccountAssignments": [
                {"AccountId": "111122223333", "PermissionSetArn": SET, "PrincipalType": "GROUP", "PrincipalId": "g-1"},
            ],
        }),
        sso("list_applications", each, {"Applications": [{
            "ApplicationArn": APP, "ApplicationProviderArn": "arn:aws:sso::aws:applicationProvider/custom", "Name": "Wiki",
            "ApplicationAccount": ACCOUNT, "Status": "ENABLED", "InstanceArn": INSTANCE,
        }]}),
        sso("list_trusted_token_issuers", each, {"TrustedTokenIssuers": [
            {"TrustedTokenIssuerArn": ISSUER, "Name": "idp", "TrustedTokenIssuerType": "OIDC_JWT"},
        ]}),
        sso("describe_trusted_token_issuer", {"TrustedTokenIssuerArn": ISSUER}, {
            "TrustedTokenIssuerArn": ISSUER, "Name": "idp", "TrustedTokenIssuerType": "OIDC_JWT",
            "TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": {
                "IssuerUrl": "https://idp.example.com", "ClaimAttributePath": "email",
                "IdentityStoreAttributePath": "emails.value", "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
            }},
        }),
    ]  # fmt: skip


def test_what_it_has_is_told_in_the_words_of_templates() -> None:
    objects, troubles = told("identity-center", answers())
    assert troubles == []
    by_type = {one.type: one for one in objects}
    assert set(by_type) == {
        "AWS::SSO::Instance", "AWS::SSO::PermissionSet", "AWS::SSO::Assignment", "AWS::SSO::Application",
        "aws_ssoadmin_trusted_token_issuer",
    }  # fmt: skip
    assert {one.account for one in objects} == {ACCOUNT}
    assignment = by_type["AWS::SSO::Assignment"].settings.plain()
    assert assignment == {
        **WHICH, "TargetType": "AWS_ACCOUNT", "TargetId": "111122223333", "PrincipalType": "GROUP", "PrincipalId": "g-1",
    }  # fmt: skip
    issuer = by_type["aws_ssoadmin_trusted_token_issuer"].settings.plain()
    configuration = issuer["trusted_token_issuer_configuration"]["oidc_jwt_configuration"]
    assert configuration["issuer_url"] == "https://idp.example.com"
    assert by_type["AWS::SSO::Application"].name == "Wiki"


def test_a_permission_set_is_a_role_with_its_policies_and_its_boundary() -> None:
    objects, _ = told("identity-center", answers())
    [one] = [one for one in objects if one.type == "AWS::SSO::PermissionSet"]
    found = list(meanings.records(one, {"AWS::SSO::PermissionSet"}))
    [identity] = [each for each in found if isinstance(each, Identity)]
    assert (identity.id, identity.name, identity.account) == (SET, "Ops", ACCOUNT)
    [resource] = [each for each in found if isinstance(each, Resource)]
    assert resource.settings["SessionDuration"] == "PT12H"
    grants = [each for each in found if isinstance(each, Grant)]
    assert [each.actions for each in grants if not each.via] == [("s3:*",)]
    assert {each.via: each.kind for each in grants if each.via} == {
        "arn:aws:iam::aws:policy/ReadOnlyAccess": GrantKind.POLICY,
        "aws:each-account:policy/own": GrantKind.POLICY,
        "aws:each-account:policy/limit": GrantKind.BOUNDARY,
    }


def test_an_instance_of_another_account_is_left_to_that() -> None:
    objects, troubles = told("identity-center", answers("111122223333")[:1], leads=False)
    assert (objects, troubles) == ([], [])


def test_who_may_not_ask_for_permission_sets_asks_no_more() -> None:
    first, (service, operation, asked, _), *_ = answers("111122223333")
    refusal = (service, operation, asked, "AccessDeniedException")
    objects, [trouble] = told("identity-center", [first, refusal])
    assert [one.type for one in objects] == ["AWS::SSO::Instance"]
    assert trouble.message.startswith("identity-center: sso-admin:ListPermissionSets was denied")
    assert "sso:ListPermissionSets in the management account" in trouble.advice


def test_permission_sets_of_an_account(aws: str, rules: RuleSet) -> None:
    client = moto_server.client("sso-admin", aws)
    instance = client.list_instances()["Instances"][0]["InstanceArn"]
    made = client.create_permission_set(Name="Ops", InstanceArn=instance, SessionDuration="PT12H")
    which = {"InstanceArn": instance, "PermissionSetArn": made["PermissionSet"]["PermissionSetArn"]}
    client.put_inline_policy_to_permission_set(**which, InlinePolicy=SOME)
    client.create_account_assignment(
        **which, TargetId="111122223333", TargetType="AWS_ACCOUNT", PrincipalType="GROUP", PrincipalId="g-1"
    )  # fmt: skip
    context = Context(selection=Selection(root="/"), rules=rules)
    service = registry.part("service", "aws")(context, {"regions": ("us-east-1",)})
    found = list(service.collect())
    [identity] = [one for one in found if isinstance(one, Identity)]
    assert identity.name == "Ops"
    [grant] = [one for one in found if isinstance(one, Grant)]
    assert (grant.identity, grant.actions) == (identity.id, ("s3:*",))
