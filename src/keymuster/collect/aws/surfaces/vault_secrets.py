"""Secrets of Secrets Manager and parameters of Systems Manager. Their values are never asked for."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def secrets(ask: Scope) -> Iterator[Told]:
    """The list tells everything but who else may read them."""
    for one in ask.pages("secretsmanager:ListSecrets", "SecretList"):
        arn = one["ARN"]
        found = ask.answer(
            "secretsmanager:GetResourcePolicy", "ResourceNotFoundException", SecretId=arn
        )
        yield told(
            "AWS::SecretsManager::Secret", arn,
            {
                "Name": one["Name"], "Description": one.get("Description"), "KmsKeyId": one.get("KmsKeyId"),
                "Tags": one.get("Tags"), "Type": one.get("Type"), "OwningService": one.get("OwningService"),
                "RotationEnabled": bool(one.get("RotationEnabled")), "RotationRules": one.get("RotationRules"),
                "CreatedDate": one.get("CreatedDate"), "LastChangedDate": one.get("LastChangedDate"),
                "LastRotatedDate": one.get("LastRotatedDate"), "NextRotationDate": one.get("NextRotationDate"),
                "LastAccessedDate": one.get("LastAccessedDate"),
                "NeverUsed": not one.get("LastAccessedDate"),
                "ResourcePolicy": found.get("ResourcePolicy") if found else None,
            },
            name=one["Name"],
        )  # fmt: skip
        if one.get("RotationEnabled"):
            yield told(
                "AWS::SecretsManager::RotationSchedule", f"{arn}:rotation",
                {
                    "SecretId": arn, "RotationLambdaARN": one.get("RotationLambdaARN"),
                    "RotationRules": one.get("RotationRules"),
                },
                name=one["Name"],
            )  # fmt: skip


def parameters(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("ssm:DescribeParameters", "Parameters"):
        name = one["Name"]
        yield told(
            "AWS::SSM::Parameter",
            one.get("ARN") or ask.arn("ssm", f"parameter/{name.lstrip('/')}"),
            {
                "Name": name, "Type": one.get("Type"), "Description": one.get("Description"),
                "DataType": one.get("DataType"), "LastModifiedDate": one.get("LastModifiedDate"), "KeyId": one.get("KeyId"),
            },
            name=name,
        )  # fmt: skip


SURFACES = (
    Surface(
        name="secretsmanager",
        calls=("secretsmanager:ListSecrets", "secretsmanager:GetResourcePolicy"),
        types=("AWS::SecretsManager::Secret", "AWS::SecretsManager::RotationSchedule"),
        look=secrets,
    ),
    Surface(
        name="ssm-parameters",
        calls=("ssm:DescribeParameters",),
        types=("AWS::SSM::Parameter",),
        look=parameters,
    ),
)
