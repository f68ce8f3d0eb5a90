"""Keys of KMS that customers keep: their policies, to whom else they are granted, and whether they are
rotated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import refused_value, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def keys(ask: Scope) -> Iterator[Told]:
    """Those of AWS itself are known by their aliases, and nothing more is asked of them. Nothing tells
    of several keys at once."""
    names: dict[str, str] = {}
    for alias in ask.pages("kms:ListAliases", "Aliases"):
        if target := alias.get("TargetKeyId"):
            names.setdefault(target, alias["AliasName"])
    for one in ask.pages("kms:ListKeys", "Keys"):
        name = names.get(one["KeyId"], "")
        if not name.startswith("alias/aws/"):
            yield from _key(ask, one["KeyArn"], name.removeprefix("alias/"))


def _key(ask: Scope, arn: str, name: str) -> Iterator[Told]:
    answer = ask.answer("kms:DescribeKey", "NotFoundException", KeyId=arn)
    about = answer["KeyMetadata"] if answer else {}
    if about.get("KeyManager") == "AWS":
        return
    policy = ask.answer("kms:GetKeyPolicy", "NotFoundException", KeyId=arn, PolicyName="default")
    yield told(
        "AWS::KMS::Key", arn,
        {
            "Description": about.get("Description"), "CreationDate": about.get("CreationDate"),
            "KeySpec": about.get("KeySpec"), "KeyUsage": about.get("KeyUsage"), "Origin": about.get("Origin"),
            "Enabled": about.get("Enabled"), "KeyState": about.get("KeyState"),
            "MultiRegion": about.get("MultiRegion"),
            "EnableKeyRotation": _is_rotated(ask, arn, about),
            "KeyPolicy": policy.get("Policy") if policy else None,
        },
        name=name,
    )  # fmt: skip
    for grant in ask.pages("kms:ListGrants", "Grants", KeyId=arn):
        if _is_of_somebody(grant.get("GranteePrincipal", "")):
            yield _grant(arn, grant)


def _is_rotated(ask: Scope, arn: str, about: dict[str, Any]) -> bool | str | None:
    """None for a key that AWS does not rotate whatever one asks for."""
    if not about:
        return refused_value("kms:DescribeKey")
    if about.get("KeySpec") != "SYMMETRIC_DEFAULT" or about.get("Origin") != "AWS_KMS":
        return None
    if not about.get("Enabled"):
        return None
    status = ask.answer("kms:GetKeyRotationStatus", KeyId=arn)
    return bool(status["KeyRotationEnabled"]) if status else refused_value("kms:GetKeyRotationStatus")  # fmt: skip


def _is_of_somebody(principal: str) -> bool:
    """Not those that services of AWS make by the thousand for themselves."""
    if ":role/aws-service-role/" in principal or ":assumed-role/aws:" in principal:
        return False
    return principal.startswith("arn:")


def _grant(arn: str, grant: dict[str, Any]) -> Told:
    return told(
        "AWS::KMS::Grant", f"{arn}/grant/{grant['GrantId']}",
        {
            "KeyId": arn, "Name": grant.get("Name"), "CreationDate": grant.get("CreationDate"),
            "GranteePrincipal": grant["GranteePrincipal"], "Operations": grant.get("Operations"),
            "RetiringPrincipal": grant.get("RetiringPrincipal"), "Constraints": grant.get("Constraints"),
            "IssuingAccount": grant.get("IssuingAccount"),
        },
        name=grant.get("Name", ""),
    )  # fmt: skip


SURFACES = (
    Surface(
        name="kms",
        calls=(
            "kms:ListAliases",
            "kms:ListKeys",
            "kms:DescribeKey",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListGrants",
        ),
        types=("AWS::KMS::Key", "AWS::KMS::Grant"),
        look=keys,
    ),
)
