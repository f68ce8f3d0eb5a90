"""Keys of KMS: what is asked of which, grants, rotation."""

from __future__ import annotations

import json
from typing import Any

import aws_surfaces
import moto_server
from keymuster.model import Grant
from keymuster.rules.schema import RuleSet

ACCOUNT = moto_server.ACCOUNT


def own_policy() -> str:
    statement = {
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*",
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def made(aws: str, rotated: bool = True) -> tuple[Any, str]:
    kms = moto_server.client("kms", aws)
    arn = kms.create_key(Policy=own_policy())["KeyMetadata"]["Arn"]
    if rotated:
        kms.enable_key_rotation(KeyId=arn)
    return kms, arn


def test_rotation_is_judged(aws: str, rules: RuleSet) -> None:
    made(aws)
    assert aws_surfaces.judged(aws_surfaces.told("kms"), rules)["aws-key-rotation-off"] == 0
    made(aws, rotated=False)
    assert aws_surfaces.judged(aws_surfaces.told("kms"), rules)["aws-key-rotation-off"] == 1


def test_rotation_that_was_not_told_is_unknown(aws: str, rules: RuleSet) -> None:
    made(aws, rotated=False)
    ask = aws_surfaces.scope("kms")
    client = ask.access.client("kms", ask.region)
    client.meta.events.register("before-call.kms.GetKeyRotationStatus", refuse)
    [key] = ask.surface.look(ask)
    assert key.text("EnableKeyRotation") == "${refused.kms.GetKeyRotationStatus}"  # type: ignore[union-attr]
    assert aws_surfaces.judged([key], rules)["aws-key-rotation-off"] == 0  # type: ignore[list-item]
    assert len(list(ask.troubles())) == 1


def refuse(**_: Any) -> Any:
    return _Denied(), {"Error": {"Code": "AccessDeniedException", "Message": ""}}


class _Denied:
    status_code = 400


def test_a_grant_lets_somebody_in_beside_the_policy(aws: str, rules: RuleSet) -> None:
    kms, arn = made(aws)
    outsider = "arn:aws:iam::444455556666:role/vendor"
    kms.create_grant(
        KeyId=arn, GranteePrincipal=outsider, Operations=["Decrypt", "CreateGrant"],
        Constraints={"EncryptionContextEquals": {"app": "billing"}},
    )  # fmt: skip
    kms.create_grant(
        KeyId=arn, Operations=["Decrypt"],
        GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/Rds",
    )  # fmt: skip
    found = aws_surfaces.told("kms")
    [grant] = [
        one
        for one in aws_surfaces.records(found, rules)
        if isinstance(one, Grant) and "/grant/" in one.id
    ]
    assert (grant.identity, grant.resources) == (outsider, (arn,))
    assert grant.actions == ("kms:Decrypt", "kms:CreateGrant")
    assert grant.conditions == {"StringEquals": {"kms:EncryptionContext:app": "billing"}}


def test_keys_of_aws_cost_nothing(aws: str) -> None:
    keys = 3
    for _ in range(keys):
        kms, _ = made(aws)
    kms.list_aliases()  # moto makes the keys of AWS when somebody asks
    ask = aws_surfaces.scope("kms")
    calls = aws_surfaces.counted(ask)
    assert len(list(ask.surface.look(ask))) == keys
    per_key = ("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants")
    assert calls == {"ListAliases": 1, "ListKeys": 1, **dict.fromkeys(per_key, keys)}
