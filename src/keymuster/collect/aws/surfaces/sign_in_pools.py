"""Identity pools of Cognito: who gets credentials of AWS there, and of which role."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_MOST = 60
"""Pools in one page; the API wants a number."""

_GONE = "ResourceNotFoundException"


def pools(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("cognito-identity:ListIdentityPools", "IdentityPools", MaxResults=_MOST):
        id, name = one["IdentityPoolId"], one.get("IdentityPoolName", "")
        arn = ask.arn("cognito-identity", f"identitypool/{id}")
        about = ask.answer("cognito-identity:DescribeIdentityPool", _GONE, IdentityPoolId=id)
        if about:
            yield told(
                "AWS::Cognito::IdentityPool", arn,
                {
                    "IdentityPoolName": name,
                    "AllowUnauthenticatedIdentities": about.get("AllowUnauthenticatedIdentities"),
                    "AllowClassicFlow": about.get("AllowClassicFlow"),
                    "CognitoIdentityProviders": about.get("CognitoIdentityProviders"),
                    "OpenIdConnectProviderARNs": about.get("OpenIdConnectProviderARNs"),
                    "SamlProviderARNs": about.get("SamlProviderARNs"),
                },
                name=name,
            )  # fmt: skip
        roles = ask.answer("cognito-identity:GetIdentityPoolRoles", _GONE, IdentityPoolId=id)
        if roles and roles.get("Roles"):
            yield told(
                "AWS::Cognito::IdentityPoolRoleAttachment", f"{arn}/roles",
                {
                    "IdentityPoolId": id, "Roles": roles["Roles"],
                    "RoleMappings": roles.get("RoleMappings"),
                },
                name=name,
            )  # fmt: skip


SURFACES = (
    Surface(
        name="identity-pools",
        calls=(
            "cognito-identity:ListIdentityPools",
            "cognito-identity:DescribeIdentityPool",
            "cognito-identity:GetIdentityPoolRoles",
        ),
        types=("AWS::Cognito::IdentityPool", "AWS::Cognito::IdentityPoolRoleAttachment"),
        look=pools,
    ),
)
