"""Tags that come with the provider."""

from __future__ import annotations

from terraforming import objects

_PROVIDERS = """
provider "aws" {
  alias = "eu"
  default_tags {
    tags = { Team = "europe" }
  }
}
provider "aws" {
  default_tags {
    tags = { Team = "home" }
  }
}
"""


def _teams(files: dict[str, str]) -> dict[str, str]:
    return {
        name.partition(":")[2]: one.text("Tags", "Team")
        for name, one in objects(files).items()
        if one.type == "AWS::IAM::Role"
    }


def test_a_resource_has_the_tags_of_its_provider() -> None:
    text = """
resource "aws_iam_role" "home" {}
resource "aws_iam_role" "eu" { provider = aws.eu }
resource "aws_iam_role" "other" { provider = aws.unknown }
"""
    assert _teams({"main.tf": text, "providers.tf": _PROVIDERS}) == {
        "aws_iam_role.home": "home",
        "aws_iam_role.eu": "europe",
        "aws_iam_role.other": "",
    }


def test_a_call_says_which_provider_its_module_has() -> None:
    calls = """
module "home" { source = "./m" }
module "eu" {
  source    = "./m"
  providers = { aws = aws.eu, aws.second = aws }
}
"""
    module = """
resource "aws_iam_role" "first" {}
resource "aws_iam_role" "second" { provider = aws.second }
"""
    teams = _teams({"main.tf": calls, "providers.tf": _PROVIDERS, "m/main.tf": module})
    assert teams == {
        "module.home.aws_iam_role.first": "home",
        "module.home.aws_iam_role.second": "",
        "module.eu.aws_iam_role.first": "europe",
        "module.eu.aws_iam_role.second": "home",
    }


def test_the_json_form_names_providers_by_text() -> None:
    text = '{"resource": {"aws_iam_role": {"r": {"provider": "aws.eu"}}}}'
    assert _teams({"main.tf.json": text, "providers.tf": _PROVIDERS}) == {
        "aws_iam_role.r": "europe"
    }
