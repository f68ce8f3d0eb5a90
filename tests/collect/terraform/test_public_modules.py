"""Modules of the public registry, by what they are given."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.collect.terraform.public_modules import address
from terraforming import names, objects

BUCKET = "terraform-aws-modules/s3-bucket/aws"


def _module(source: str, inputs: str) -> dict[str, str]:
    """Id of what is declared -> its type."""
    text = f'module "m" {{\n  source = "{source}"\n  {inputs}\n}}\n'
    return {one.name: one.type for one in objects(text).values()}


@pytest.mark.parametrize(
    ("source", "known"),
    [
        (BUCKET, BUCKET),
        ("git::https://github.com/terraform-aws-modules/terraform-aws-s3-bucket.git?ref=v3.7.0", BUCKET),
        ("github.com/terraform-aws-modules/terraform-aws-s3-bucket", BUCKET),
        ("git@github.com:terraform-aws-modules/terraform-aws-iam.git//modules/iam-user?ref=v5",
         "terraform-aws-modules/iam/aws//modules/iam-user"),
        ("./bucket", "./bucket"),
    ],
)  # fmt: skip
def test_a_module_is_known_by_its_repository_too(source: str, known: str) -> None:
    assert address(source) == known


def test_the_policy_given_to_a_module_is_that_of_a_resource() -> None:
    policy = (
        'policy = jsonencode({Statement = [{Effect = "Allow", Principal = "*", Action = "s3:*"}]})'
    )
    text = f'module "m" {{\n  source = "{BUCKET}"\n  bucket = "b"\n  {policy}\n}}\n'
    one = objects(text)[".:module.m.aws_s3_bucket_policy"]
    assert one.type == "AWS::S3::BucketPolicy"
    assert one.settings.plain()["Bucket"] == "b"
    assert one.get("PolicyDocument", "Statement") is not None


def test_a_module_that_is_given_no_policy_makes_none() -> None:
    assert _module(BUCKET, 'bucket = "b"') == {"module.m": "terraform:module"}
    assert _module(BUCKET, "policy = null") == {"module.m": "terraform:module"}


def test_a_module_of_another_address_is_not_known() -> None:
    assert _module("acme/s3-bucket/aws", 'policy = "{}"') == {"module.m": "terraform:module"}


def test_what_a_module_decides_is_not_known() -> None:
    text = 'module "m" {\n  source = "terraform-aws-modules/ec2-instance/aws"\n  %s\n}\n'
    name = ".:module.m.aws_instance"
    plain = objects(text % 'ami = "a"')[name].settings.plain()
    assert plain == {"ImageId": "a", "MetadataOptions": "${module.metadata_options}"}
    made = objects(text % "create_iam_instance_profile = true")[name].settings.plain()
    assert made["IamInstanceProfile"] == "${module.iam_instance_profile}"
    none = objects(text % "create_iam_instance_profile = false")[name].settings.plain()
    assert "IamInstanceProfile" not in none


def test_a_switch_keeps_a_module_from_making_a_key() -> None:
    source = "terraform-aws-modules/iam/aws//modules/iam-user"
    assert "module.m.aws_iam_access_key" in _module(source, 'name = "ci"')
    made = _module(source, 'name = "ci"\n  create_iam_access_key = false')
    assert made == {"module.m": "terraform:module", "module.m.aws_iam_user": "AWS::IAM::User"}


def test_an_input_may_become_a_setting_inside_another() -> None:
    source = "terraform-aws-modules/lambda/aws"
    text = f'module "m" {{\n  source = "{source}"\n  environment_variables = {{ A = "b" }}\n}}\n'
    plain = objects(text)[".:module.m.aws_lambda_function"].settings.plain()
    assert plain["Environment"] == {"Variables": {"A": "b"}}


def test_every_known_module_makes_what_the_tables_know() -> None:
    for source, made in names().modules().items():
        for one in made:
            inputs = "\n  ".join(f'{name} = "x"' for name in {*one.names, *one.needs})
            declared = _module(source, inputs)
            kind = declared[f"module.m.{one.resource}"]
            assert not kind.startswith("aws_"), (source, one.resource)


def _trusts(module: str, inputs: str) -> list[dict[str, Any]]:
    """The statements of the trust policy of the role that a module for roles makes."""
    source = f"terraform-aws-modules/iam/aws//modules/{module}"
    text = f'module "m" {{\n  source = "{source}"\n  {inputs}\n}}\n'
    role = objects(text)[".:module.m.aws_iam_role"].settings.plain()
    statements: list[dict[str, Any]] = role["AssumeRolePolicyDocument"]["Statement"]
    return statements


def test_a_module_makes_a_role_for_workflows() -> None:
    [said] = _trusts("iam-github-oidc-role", 'subjects = ["acme/app:*", "repo:acme/lib:*"]')
    issuer = "token.actions.githubusercontent.com"
    assert said["Principal"]["Federated"].endswith(f":oidc-provider/{issuer}")
    assert said["Condition"] == {
        "StringEquals": {f"{issuer}:aud": ["sts.amazonaws.com"]},
        "StringLike": {f"{issuer}:sub": ["repo:acme/app:*", "repo:acme/lib:*"]},
    }


def test_a_module_makes_a_role_for_those_who_are_named() -> None:
    arns = 'trusted_role_arns = ["arn:aws:iam::111122223333:root"]'
    [said] = _trusts("iam-assumable-role", arns)
    assert said["Principal"] == {"AWS": ["arn:aws:iam::111122223333:root"]}
    assert said["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    [said] = _trusts("iam-assumable-role", f"{arns}\n  role_requires_mfa = false")
    assert "Condition" not in said


def test_a_module_makes_a_role_for_holders_of_tokens() -> None:
    [said] = _trusts(
        "iam-assumable-role-with-oidc",
        'provider_url = "https://oidc.example.com"\n  oidc_subjects_with_wildcards = ["team-*"]',
    )
    assert said["Condition"] == {"StringLike": {"oidc.example.com:sub": ["team-*"]}}


def test_a_role_that_a_module_is_told_not_to_make_is_none() -> None:
    source = "terraform-aws-modules/iam/aws//modules/iam-assumable-role"
    inputs = 'create_role = false\n  trusted_role_services = ["ec2.amazonaws.com"]'
    assert _module(source, inputs) == {"module.m": "terraform:module"}


@pytest.mark.parametrize(
    "value", ['"x"', "1", "true", "null", "[]", "{}", '[{ a = 1 }, null, "b"]', '{ a = ["b"] }', "var.x", "var.x[*].y"]
)  # fmt: skip
def test_whatever_a_known_module_is_given_it_is_read(value: str) -> None:
    roles = "iam-assumable-role", "iam-github-oidc-role", "iam-assumable-role-with-oidc"
    inputs = (
        "subjects", "audience", "provider_url", "provider_urls", "trusted_role_arns", "role_name",
        "trusted_role_services", "role_sts_externalid", "custom_role_policy_arns", "policies",
        "oidc_fully_qualified_subjects", "oidc_subjects_with_wildcards", "attach_admin_policy",
    )  # fmt: skip
    known = {source: {name for one in made for name in one.names} for source, made in names().modules().items()}  # fmt: skip
    known |= {f"terraform-aws-modules/iam/aws//modules/{one}": set(inputs) for one in roles}
    for source, given in known.items():
        assert "module.m" in _module(source, "\n  ".join(f"{name} = {value}" for name in given))
