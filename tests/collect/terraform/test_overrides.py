"""Files that override others."""

from __future__ import annotations

import pytest

from keymuster.collect.terraform.overrides import is_override
from terraforming import objects

_ROLE = """
resource "aws_iam_role" "ci" {
  name                 = "ci"
  max_session_duration = 3600
  inline_policy {
    name = "one"
  }
  inline_policy {
    name = "two"
  }
  lifecycle {
    prevent_destroy = true
  }
}
"""


@pytest.mark.parametrize(
    ("path", "yes"),
    [
        ("infra/override.tf", True),
        ("prod_override.tf", True),
        ("x_override.tf.json", True),
        ("override.tofu", True),
        ("overrides.tf", False),
        ("myoverride.tf", False),
        ("override.tfvars", False),
    ],
)
def test_overrides_are_known_by_their_names(path: str, yes: bool) -> None:
    assert is_override(path) is yes


def test_an_argument_has_the_value_of_the_override_and_stands_there() -> None:
    found = objects(
        {
            "main.tf": _ROLE,
            "override.tf": 'resource "aws_iam_role" "ci" {\n  max_session_duration = 43200\n}\n',
        }
    )
    role = found[".:aws_iam_role.ci"]
    assert len(found) == 1
    assert role.text("RoleName") == "ci"
    duration = role.get("MaxSessionDuration")
    assert duration is not None
    assert duration.value == 43200
    assert (duration.file.path, duration.line) == ("override.tf", 2)
    assert (role.location.path, role.location.line) == ("main.tf", 2)


def test_nested_blocks_take_the_place_of_all_of_their_type() -> None:
    override = """
resource "aws_iam_role" "ci" {
  dynamic "inline_policy" {
    for_each = ["three"]
    content {
      name = inline_policy.value
    }
  }
}
"""
    found = objects({"main.tf": _ROLE, "a_override.tf": override})
    [policy] = found[".:aws_iam_role.ci"].settings.plain()["Policies"]
    assert policy == {"PolicyName": "three"}


def test_a_block_may_be_overridden_in_json() -> None:
    override = '{"resource": {"aws_iam_role": {"ci": {"inline_policy": [{"name": "three"}]}}}}'
    found = objects({"main.tf": _ROLE, "override.tf.json": override})
    assert found[".:aws_iam_role.ci"].settings.plain()["Policies"] == [{"PolicyName": "three"}]


def test_of_several_overrides_the_last_by_name_counts() -> None:
    found = objects(
        {
            "z.tf": 'resource "aws_iam_user" "u" { name = "base" }\n',
            "b_override.tf": 'resource "aws_iam_user" "u" { name = "b" }\n',
            "a_override.tf": 'resource "aws_iam_user" "u" { name = "a" }\n',
        }
    )
    assert [one.text("UserName") for one in found.values()] == ["b"]


def test_variables_locals_outputs_and_arguments_of_modules_are_overridden() -> None:
    found = objects(
        {
            "main.tf": """
variable "name" {
  type    = string
  default = "a"
}
locals {
  path = "/a/"
  same = "kept"
}
module "role" {
  source = "./role"
  name   = "${var.name}-${local.same}"
  path   = local.path
}
resource "x_y" "z" { value = module.role.name }
""",
            "override.tf": """
variable "name" { default = "b" }
locals { path = "/b/" }
module "role" { name = "${var.name}-overridden" }
""",
            "role/main.tf": """
variable "name" {}
variable "path" {}
resource "aws_iam_role" "r" {
  name = var.name
  path = var.path
}
output "name" { value = "plain" }
""",
            "role/override.tf": 'output "name" { value = aws_iam_role.r.name }\n',
        }
    )
    role = found[".:module.role.aws_iam_role.r"]
    assert role.text("RoleName") == "b-overridden"
    assert role.text("Path") == "/b/"
    assert found[".:x_y.z"].text("value") == "b-overridden"


def test_how_many_there_are_may_be_overridden() -> None:
    found = objects(
        {
            "main.tf": 'resource "aws_iam_user" "u" {\n  count = 2\n  name = "u"\n}\n',
            "override.tf": 'resource "aws_iam_user" "u" { count = 0 }\n',
        }
    )
    assert found == {}


def test_a_provider_is_overridden_by_its_name_and_alias() -> None:
    found = objects(
        {
            "main.tf": """
provider "aws" { region = "eu-west-1" }
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
""",
            "override.tf": 'provider "aws" {\n  alias  = "us"\n  region = "us-west-2"\n}\n',
        }
    )
    assert {one.name: one.text("region") for one in found.values()} == {
        "provider.aws": "eu-west-1",
        "provider.aws.us": "us-west-2",
    }


def test_a_backend_of_an_override_is_the_only_one() -> None:
    found = objects(
        {
            "main.tf": 'terraform {\n  required_version = "1.9"\n  backend "s3" {}\n}\n',
            "override.tf": 'terraform {\n  backend "local" {\n    path = "x"\n  }\n}\n',
        }
    )
    assert [one.name for one in found.values()] == ["backend.local"]


def test_what_overrides_nothing_is_looked_at_all_the_same() -> None:
    found = objects({"override.tf": 'resource "aws_iam_user" "u" { name = "u" }\n'})
    assert [one.text("UserName") for one in found.values()] == ["u"]


def test_examples_beside_each_other_are_overridden_each() -> None:
    user = 'resource "aws_iam_user" "u" {{ name = "{}" }}\n'
    found = objects(
        {
            "one.tf": user.format("one"),
            "two.tf": user.format("two"),
            "override.tf": 'resource "aws_iam_user" "u" { path = "/x/" }\n',
        }
    )
    assert [(one.text("UserName"), one.text("Path")) for one in found.values()] == [
        ("one", "/x/"),
        ("two", "/x/"),
    ]


def test_files_of_variables_count_in_terraforms_order() -> None:
    found = objects(
        {
            "main.tf": 'variable "n" {}\nresource "aws_iam_user" "u" { name = var.n }\n',
            "terraform.tfvars": 'n = "plain"\n',
            "a.auto.tfvars": 'n = "automatic"\n',
        }
    )
    assert found[".:aws_iam_user.u"].text("UserName") == "automatic"
