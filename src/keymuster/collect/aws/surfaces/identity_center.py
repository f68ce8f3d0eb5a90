"""Identity Center: the roles that it makes in accounts, who gets them, and the applications and issuers
that it lets in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def identity_center(ask: Scope) -> Iterator[Told]:
    """An instance is seen from every account of an organisation, and asked of the one that it is of, or of
    the one that was signed in to first, which may act for that."""
    for one in ask.pages("sso-admin:ListInstances", "Instances"):
        if ask.access.leads or one.get("OwnerAccountId") in (None, ask.account):
            yield from _instance(ask, one)


def _instance(ask: Scope, one: dict[str, Any]) -> Iterator[Told]:
    arn, owner = one["InstanceArn"], one.get("OwnerAccountId") or ask.account
    yield _object("AWS::SSO::Instance", arn, owner, {
        "Name": one.get("Name"), "OwnerAccountId": one.get("OwnerAccountId"), "Status": one.get("Status"),
        "IdentityStoreId": one.get("IdentityStoreId"), "CreateDate": one.get("CreatedDate"),
    })  # fmt: skip
    before = ask.failures
    sets = list(ask.pages("sso-admin:ListPermissionSets", "PermissionSets", InstanceArn=arn))
    if ask.failures > before:
        return  # whoever may not ask that may ask nothing of it
    for each in sets:
        yield from _permission_set(ask, {"InstanceArn": arn, "PermissionSetArn": each}, owner)
    for app in ask.pages("sso-admin:ListApplications", "Applications", InstanceArn=arn):
        yield _object("AWS::SSO::Application", app["ApplicationArn"], owner, {
            "Name": app.get("Name"), "ApplicationProviderArn": app.get("ApplicationProviderArn"), "InstanceArn": arn,
            "ApplicationAccount": app.get("ApplicationAccount"), "Status": app.get("Status"),
            "Description": app.get("Description"), "CreatedFrom": app.get("CreatedFrom"),
            "CreateDate": app.get("CreatedDate"),
        })  # fmt: skip
    yield from _issuers(ask, arn, owner)


def _permission_set(ask: Scope, which: dict[str, str], owner: str) -> Iterator[Told]:
    arn = which["PermissionSetArn"]
    described = ask.answer("sso-admin:DescribePermissionSet", **which)
    if described is None:
        return
    one = described["PermissionSet"]
    inline = ask.answer("sso-admin:GetInlinePolicyForPermissionSet", **which)
    managed = ask.pages(
        "sso-admin:ListManagedPoliciesInPermissionSet", "AttachedManagedPolicies", **which
    )
    customer = ask.pages(
        "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet", "CustomerManagedPolicyReferences", **which
    )  # fmt: skip
    boundary = ask.answer(
        "sso-admin:GetPermissionsBoundaryForPermissionSet", "ResourceNotFoundException", **which
    )
    yield _object("AWS::SSO::PermissionSet", arn, owner, {
        "Name": one.get("Name"), "InstanceArn": which["InstanceArn"], "Description": one.get("Description"),
        "SessionDuration": one.get("SessionDuration"), "CreateDate": one.get("CreatedDate"),
        "InlinePolicy": inline.get("InlinePolicy") if inline else None,
        "ManagedPolicies": [each["Arn"] for each in managed],
        "CustomerManagedPolicyReferences": [
            {"Name": each["Name"], "Path": each.get("Path", "/")} for each in customer
        ],
        "PermissionsBoundary": boundary.get("PermissionsBoundary") if boundary else None,
    })  # fmt: skip
    call = "sso-admin:ListAccountsForProvisionedPermissionSet"
    for account in ask.pages(call, "AccountIds", **which):
        call = "sso-admin:ListAccountAssignments"
        for each in ask.pages(call, "AccountAssignments", AccountId=account, **which):
            who = f"{each['PrincipalType']}/{each['PrincipalId']}"
            yield _object("AWS::SSO::Assignment", f"{arn}/{account}/{who}", owner, {
                **which, "TargetType": "AWS_ACCOUNT", "TargetId": account, "PrincipalType": each["PrincipalType"],
                "PrincipalId": each["PrincipalId"],
            })  # fmt: skip


def _issuers(ask: Scope, instance: str, owner: str) -> Iterator[Told]:
    """Those whose tokens applications may exchange for a session of one of our people. CloudFormation has
    no word for them; Terraform has."""
    call = "sso-admin:ListTrustedTokenIssuers"
    for one in ask.pages(call, "TrustedTokenIssuers", InstanceArn=instance):
        arn = one["TrustedTokenIssuerArn"]
        found = ask.answer("sso-admin:DescribeTrustedTokenIssuer", TrustedTokenIssuerArn=arn)
        if found is None:
            continue
        made = found.get("TrustedTokenIssuerConfiguration", {}).get("OidcJwtConfiguration", {})
        yield _object("aws_ssoadmin_trusted_token_issuer", arn, owner, {
            "name": found.get("Name"), "instance_arn": instance,
            "trusted_token_issuer_type": found.get("TrustedTokenIssuerType"),
            "trusted_token_issuer_configuration": {
                "oidc_jwt_configuration": {
                    "issuer_url": made.get("IssuerUrl"), "claim_attribute_path": made.get("ClaimAttributePath"),
                    "identity_store_attribute_path": made.get("IdentityStoreAttributePath"),
                },
            },
        })  # fmt: skip


def _object(type: str, arn: str, account: str, settings: dict[str, Any]) -> Told:
    """ARNs of Identity Center have no account in them."""
    one = told(type, arn, settings)
    one.account = account
    one.name = settings.get("Name") or settings.get("name") or one.name
    return one


SURFACES = (
    Surface(
        name="identity-center",
        calls=(
            "sso-admin:ListInstances", "sso-admin:ListPermissionSets", "sso-admin:DescribePermissionSet",
            "sso-admin:GetInlinePolicyForPermissionSet", "sso-admin:ListManagedPoliciesInPermissionSet",
            "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet",
            "sso-admin:GetPermissionsBoundaryForPermissionSet", "sso-admin:ListAccountsForProvisionedPermissionSet",
            "sso-admin:ListAccountAssignments", "sso-admin:ListApplications", "sso-admin:ListTrustedTokenIssuers",
            "sso-admin:DescribeTrustedTokenIssuer",
        ),
        types=(
            "AWS::SSO::Instance", "AWS::SSO::PermissionSet", "AWS::SSO::Assignment", "AWS::SSO::Application",
            "aws_ssoadmin_trusted_token_issuer",
        ),
        look=identity_center,
    ),
)  # fmt: skip
