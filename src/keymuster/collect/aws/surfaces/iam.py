"""Users, groups, roles and policies: `GetAccountAuthorizationDetails` tells of them all, in pages."""

from __future__ import annotations

import csv
import io
import time
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
            "LastUsedDate": one.get("RoleLastUsed", {}).get("LastUsedDate"),
            "Policies": one.get("RolePolicyList"), **_attached(one),
        },
    )  # fmt: skip


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


def report(ask: Scope) -> Iterator[Told]:
    """What users prove themselves with, how old that is and when it was last used."""
    for row in _rows(ask):
        yield from _credentials(row)


def _rows(ask: Scope) -> Iterator[dict[str, str]]:
    for pause in _PAUSES:
        made = ask.answer("iam:GenerateCredentialReport")
        if made is None or made.get("State") == "COMPLETE":
            break
        time.sleep(pause)
    found = ask.answer("iam:GetCredentialReport")
    if found is not None:
        yield from csv.DictReader(io.StringIO(found["Content"].decode("utf-8", "replace")))


_PAUSES = (0.5, 1, 2, 2, 4, 4, 8, 8)
"""Seconds to wait for the report, which takes some."""

_ROOT = "<root_account>"


def _credentials(row: dict[str, str]) -> Iterator[Told]:
    arn, name = row.get("arn", ""), row.get("user", "")
    user = {"UserName": arn if name != _ROOT else _ROOT}
    for number in ("1", "2"):
        prefix = f"access_key_{number}_"
        active, made = (
            row.get(f"{prefix}active") == "true",
            _date(row.get(f"{prefix}last_rotated", "")),
        )
        if active or made:
            yield told(
                "AWS::IAM::AccessKey", f"{arn}/access-key-{number}",
                {
                    **user, "Status": "Active" if active else "Inactive", "CreateDate": made,
                    **_use(row, f"{prefix}last_used_date"),
                },
            )  # fmt: skip
        prefix = f"cert_{number}_"
        if row.get(f"{prefix}active") == "true":
            yield told(
                "aws_iam_signing_certificate", f"{arn}/signing-certificate-{number}",
                {**user, "CreateDate": _date(row.get(f"{prefix}last_rotated", ""))},
            )  # fmt: skip
    if row.get("password_enabled") == "true" and name != _ROOT:
        yield told(
            "aws_iam_user_login_profile", f"{arn}/console-password",
            {
                **user, "CreateDate": _date(row.get("password_last_changed", "")),
                "MfaActive": row.get("mfa_active") == "true", **_use(row, "password_last_used"),
            },
        )  # fmt: skip


def _use(row: dict[str, str], column: str) -> dict[str, Any]:
    """When it was last used; that it never was is known, too."""
    text = row.get(column, "")
    if date := _date(text):
        return {"LastUsedDate": date}
    return {"NeverUsed": True} if text in ("N/A", "no_information") else {}


def _date(text: str) -> str:
    return text if text[:4].isdigit() else ""


SURFACES = (
    Surface(
        name="iam",
        calls=("iam:GetAccountAuthorizationDetails", "iam:ListRoles"),
        types=(
            "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::InstanceProfile",
        ),
        look=principals,
        regional=False,
    ),
    Surface(
        name="iam-credentials",
        calls=("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
        types=("AWS::IAM::AccessKey", "aws_iam_user_login_profile", "aws_iam_signing_certificate"),
        look=report,
        regional=False,
    ),
)  # fmt: skip
