"""Secrets and parameters: their settings and dates, never their values."""

from __future__ import annotations

import aws_surfaces
import moto_server
from keymuster.model import Credential
from keymuster.rules.schema import RuleSet


def test_a_secret_is_told_without_its_value(aws: str, rules: RuleSet) -> None:
    vault = moto_server.client("secretsmanager", aws)
    text = "the value of it"
    vault.create_secret(Name="db", SecretString=text, Tags=[{"Key": "owner", "Value": "payments"}])
    [one] = aws_surfaces.told("secretsmanager")
    assert text not in str(one.settings.plain())
    [credential] = [
        each for each in aws_surfaces.records([one], rules) if isinstance(each, Credential)
    ]
    assert credential.id == one.id
    assert credential.created_at is not None
    assert credential.never_used is True


def test_rotation_is_seen(aws: str, rules: RuleSet) -> None:
    vault = moto_server.client("secretsmanager", aws)
    vault.create_secret(Name="db", SecretString="x")
    found = aws_surfaces.judged(aws_surfaces.told("secretsmanager"), rules)
    assert found["aws-secret-without-rotation"] == 1
    vault.rotate_secret(SecretId="db", RotationRules={"AutomaticallyAfterDays": 180})
    found = aws_surfaces.judged(aws_surfaces.told("secretsmanager"), rules)
    assert found["aws-secret-without-rotation"] == 0
    assert found["aws-secret-rotation-too-slow"] == 1


def test_a_secret_costs_one_call(aws: str) -> None:
    vault = moto_server.client("secretsmanager", aws)
    for number in range(12):
        vault.create_secret(Name=f"secret-{number}", SecretString="x")
    ask = aws_surfaces.scope("secretsmanager")
    calls = aws_surfaces.counted(ask)
    assert len(list(ask.surface.look(ask))) == 12
    assert calls == {"ListSecrets": 1, "GetResourcePolicy": 12}


def test_parameters_are_told_by_name_and_type(aws: str, rules: RuleSet) -> None:
    ssm = moto_server.client("ssm", aws)
    text = "of no interest"
    ssm.put_parameter(Name="/app/db/password", Type="String", Value=text)
    ssm.put_parameter(Name="/app/api/token", Type="SecureString", Value=text)
    ssm.put_parameter(Name="/app/db/host", Type="String", Value=text)
    ask = aws_surfaces.scope("ssm-parameters")
    calls = aws_surfaces.counted(ask)
    found = list(ask.surface.look(ask))
    assert calls == {"DescribeParameters": 1}
    assert text not in str([one.settings.plain() for one in found])  # type: ignore[union-attr]
    judged = aws_surfaces.judged(found, rules)  # type: ignore[arg-type]
    assert judged == {"aws-parameter-secret-as-string": 1}
