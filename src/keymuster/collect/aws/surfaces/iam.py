"""Users, groups, roles and policies: `GetAccountAuthorizationDetails` tells of them all, in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import name_of, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def principals(ask: Scope) -> Iterator[Told]:
    """Everybody, with what they have. What only `ListRoles` tells of a role comes from there."""
    more = {one["Arn"]: one for one in ask.pages("iam:ListRoles", "Roles")}
    for page in ask.whole_pages("iam:GetAccountAuthorizationDetails", Filter=_FILTER):
        yield from map(_user, page.get("UserDetailList", ()))
        yield from map(_group, page.get("GroupDetailList", ()))
        yield from map(_policy, page.get("Policies", ()))
        for one in page.get("RoleDetailList", ()):
            yield _role({**more.get(one["Arn"], {}), **one})
            yield from map(_instance_profile, one.get("InstanceProfileList", ()))


_FILTER = ["User", "Group", "Role", "LocalManagedPolicy"]
"""The policies of AWS itself are known (`rules/known/aws-policies.yaml`), and nobody's to change."""


def _user(one: dict[str, Any]) -> Told:
    return told(
        "AWS::IAM::User", one["Arn"],
        {
            "UserName": one["UserName"], "UserId": one.get("UserId"), "CreateDate": one.get("CreateDate"),
            "Groups": one.get("GroupList"), "Policies": one.get("UserPolicyList"), **_attached(one),
        },
    )  # fmt: skip


def _group(one: dict[str, Any]) -> Told:
    return told(
        "AWS::IAM::Group", one["Arn"],
        {
            "GroupName": one["GroupName"], "CreateDate": one.get("CreateDate"),
            "Policies": one.get("GroupPolicyList"), "ManagedPolicyArns": _managed(one),
        },
    )  # fmt: skip


def _role(one: dict[str, Any]) -> Told:
    return told(
        "AWS::IAM::Role", one["Arn"],
        {
            "RoleName": one["RoleName"], "RoleId": one.get("RoleId"), "Path": one.get("Path"),
            "Description": one.get("Description"), "CreateDate": one.get("CreateDate"),
            "MaxSessionDuration": one.get("MaxSessionDuration"),
            "AssumeRolePolicyDocument": one.get("AssumeRolePolicyDocument"),
            **_last_used(one),
            "Policies": one.get("RolePolicyList"), **_attached(one),
        },
    )  # fmt: skip


def _last_used(one: dict[str, Any]) -> dict[str, Any]:
    """When, as far as AWS remembers: 400 days. An empty answer says that it remembers nothing."""
    if "RoleLastUsed" not in one:
        return {}
    date = one["RoleLastUsed"].get("LastUsedDate")
    return {"LastUsedDate": date} if date else {"NeverUsed": True}


def _attached(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "ManagedPolicyArns": _managed(one),
        "PermissionsBoundary": one.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "Tags": one.get("Tags"),
    }


def _managed(one: dict[str, Any]) -> list[str]:
    return [each["PolicyArn"] for each in one.get("AttachedManagedPolicies", ())]


def _policy(one: dict[str, Any]) -> Told:
    """In the version that holds."""
    versions = one.get("PolicyVersionList", ())
    document = next(
        (each.get("Document") for each in versions if each.get("IsDefaultVersion")), None
    )
    return told(
        "AWS::IAM::ManagedPolicy", one["Arn"],
        {
            "ManagedPolicyName": one.get("PolicyName") or name_of(one["Arn"]),
            "PolicyDocument": document, "CreateDate": one.get("CreateDate"),
            "AttachmentCount": one.get("AttachmentCount"),
        },
    )  # fmt: skip


def _instance_profile(one: dict[str, Any]) -> Told:
    return told(
        "AWS::IAM::InstanceProfile", one["Arn"],
        {
            "InstanceProfileName": one["InstanceProfileName"],
            "Roles": [role["Arn"] for role in one.get("Roles", ())],
        },
    )  # fmt: skip


SURFACES = (
    Surface(
        name="iam",
        calls=("iam:GetAccountAuthorizationDetails", "iam:ListRoles"),
        types=(
            "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::InstanceProfile",
        ),
        look=principals,
        regional=False,
        always=True,
    ),
)  # fmt: skip
