from __future__ import annotations

from typing import Any

import pytest

from keymuster.collect.aws.objects import told
from keymuster.collect.meanings.aws.service_accounts import pods
from keymuster.model import Use

PROVIDER = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/1"
ISSUER = "oidc.eks.us-east-1.amazonaws.com/id/1"
ROLE = "arn:aws:iam::123456789012:role/web"


def role(condition: dict[str, Any], effect: str = "Allow") -> list[str]:
    statement = {
        "Effect": effect, "Principal": {"Federated": PROVIDER}, "Condition": condition,
        "Action": "sts:AssumeRoleWithWebIdentity",
    }  # fmt: skip
    one = told("AWS::IAM::Role", ROLE, {"AssumeRolePolicyDocument": {"Statement": [statement]}})
    uses = [use for use in pods(one) if isinstance(use, Use)]
    assert {use.subject for use in uses} <= {ROLE}
    assert {use.id.partition("#ServiceAccount/")[2].startswith(PROVIDER) for use in uses} <= {True}
    return [use.by.removeprefix(f"kubernetes:{ISSUER}:ServiceAccount/") for use in uses]


def test_service_accounts_become_a_role() -> None:
    accounts = ["system:serviceaccount:shop:web", "system:serviceaccount:mail:web"]
    assert role({"StringEquals": {f"{ISSUER}:sub": accounts}}) == ["shop/web", "mail/web"]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:shop:*"}},
        {"StringNotEquals": {f"{ISSUER}:sub": "system:serviceaccount:shop:web"}},
        {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}},
        {"StringEquals": {f"{ISSUER}:sub": "repo:acme/shop:ref:refs/heads/main"}},
        {},
    ],
)
def test_who_is_not_named_is_not_told(condition: dict[str, Any]) -> None:
    assert role(condition) == []


def test_who_is_denied_becomes_nobody() -> None:
    condition = {"StringEquals": {f"{ISSUER}:sub": "system:serviceaccount:shop:web"}}
    assert role(condition, "Deny") == []
    assert role(condition) == ["shop/web"]
