"""`keymuster reach`: who gets from where to what, and what to cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SCHEMA = Path(__file__).parents[2] / "docs/schemas/reach-v1.json"

VENDOR = """
resource "aws_iam_role" "monitoring" {
  name = "monitoring"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
    Principal = { AWS = "arn:aws:iam::464622532012:root" } }] })
}
resource "aws_iam_role_policy" "monitoring" {
  role   = aws_iam_role.monitoring.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Resource = aws_iam_role.deploy.arn }] })
}
resource "aws_iam_role_policy_attachment" "deploy" {
  role       = aws_iam_role.deploy.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
resource "aws_s3_bucket" "people" {
  bucket = "acme-people"
  tags   = { data-class = "restricted" }
}
"""
"""A vendor in a role that becomes an administrator."""

DEPLOY = """
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_role.monitoring.arn } }] })
}
"""
ALSO_BY_JOBS = """
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_role.monitoring.arn } },
    { Effect = "Allow", Action = "sts:AssumeRoleWithWebIdentity",
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" },
      Condition = {
        StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" },
        StringLike   = { "token.actions.githubusercontent.com:sub" = "repo:acme/app:*" } } }] })
}
"""
WORKFLOW = """
on: pull_request_target
permissions: {id-token: write}
jobs:
  preview:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - uses: aws-actions/configure-aws-credentials@e3dd6a429d7300a6a4c196c26e071d42e0343502
        with: {role-to-assume: "arn:aws:iam::111122223333:role/deploy", aws-region: eu-west-1}
      - run: make preview
"""


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    (tmp_path / "main.tf").write_text(VENDOR + ALSO_BY_JOBS)
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/preview.yml").write_text(WORKFLOW)
    return tmp_path


@pytest.fixture
def roles(tmp_path: Path) -> Path:
    (tmp_path / "main.tf").write_text(VENDOR + DEPLOY)
    return tmp_path


def test_paths_are_told_step_by_step_and_at_the_end_what_to_cut(
    keymuster: Any, estate: Path
) -> None:
    done = keymuster("reach", "--to", "admin")
    assert done.code == 0
    assert done.out.splitlines() == [
        "2 paths between 3 entry points and 2 jewels.",
        "Not counted: 1 trust of which nobody knows whom it lets in.",
        "",
        "outside: Datadog -> deploy (admin)",
        "  1. monitoring lets in Datadog  [main.tf:4]",
        "  2. monitoring assumes deploy  [main.tf:9, main.tf:23]",
        "",
        "fork: whoever opens a pull request -> deploy (admin)",
        "  1. whoever opens a pull request runs code in preview  [.github/workflows/preview.yml:8]",
        "  2. preview signs in as deploy  [.github/workflows/preview.yml:11, main.tf:23, main.tf:24]",
        "",
        "To cut (searched again without: nothing is reached):",
        "  monitoring lets in Datadog  [main.tf:4]",
        "    Let monitoring trust fewer than Datadog.",
        "  whoever opens a pull request runs code in preview  [.github/workflows/preview.yml:8]",
        "    Let preview not run what outsiders wrote.",
    ]


def test_of_one_identity_both_sides_are_told(keymuster: Any, estate: Path) -> None:
    out = keymuster("reach", "aws:role/monitoring").out
    assert " from or to monitoring.\n" in out
    assert "outside: Datadog -> role monitoring [main.tf:2]" in out
    assert "role monitoring [main.tf:2] -> deploy (admin)" in out
    assert "fork: whoever opens a pull request -> role monitoring [main.tf:2] (assumed)" in out


def test_programs_get_json_by_the_schema(keymuster: Any, estate: Path) -> None:
    done = keymuster("reach", "--to", "admin", "--format", "json")
    told = json.loads(done.out)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    assert told["version"] == 1
    assert [(one["entry"], one["proved"]) for one in told["paths"]] == [
        ("outside", True),
        ("fork", True),
    ]
    step = told["paths"][0]["steps"][1]
    assert (step["from"]["name"], step["to"]["name"], step["kind"]) == (
        "monitoring",
        "deploy",
        "assumes",
    )
    assert {one["place"] for one in step["evidence"]} == {"main.tf:9", "main.tf:23"}
    assert told["cut"]["verified"]
    assert len(told["cut"]["edges"]) == 2
    [jewel] = [one for one in told["jewels"] if one["node"]["name"] == "deploy"]
    assert jewel["reached_from"] == ["outside", "fork"]


def test_data_is_named_by_the_settings(keymuster: Any, roles: Path) -> None:
    (roles / ".keymuster.yaml").write_text(
        "reach: {jewels: [{tag: data-class, value: restricted}]}\n"
    )
    out = keymuster("reach", "--to", "data", "--from", "outside").out
    assert "outside: Datadog -> aws_s3_bucket.people (data) (assumed)" in out
    assert "assumed: whether both are of one account is not known" in out


def test_less_is_shown_if_that_is_asked_for(keymuster: Any, roles: Path) -> None:
    out = keymuster("reach", "--limit", "1").out
    assert "more paths: --limit 0 shows all." in out
    assert "(assumed)" not in keymuster("reach", "--proved", "--limit", "0").out


def test_paths_may_follow_an_id_or_stand_alone(keymuster: Any, roles: Path) -> None:
    (roles / "infra").mkdir()
    (roles / "main.tf").rename(roles / "infra/main.tf")
    assert "outside: Datadog" in keymuster("reach", "infra", "--to", "admin").out
    assert (
        "role monitoring [infra/main.tf:2] -> deploy"
        in keymuster("reach", "monitoring", "infra").out
    )


@pytest.mark.parametrize(
    ("words", "said", "nearest"),
    [
        (("monitorin",), "reach: nothing here is called 'monitorin'", "Did you mean `monitoring`?"),
        (("--to", "admins"), "--to: nothing here is called 'admins'", "Did you mean `admin`?"),
        (("--profile", "x"), "--profile needs --service", ""),
        (("--limit", "-1"), "Invalid value for '--limit'", ""),
    ],
)
def test_what_is_wrong_is_said(
    keymuster: Any, roles: Path, words: tuple[str, ...], said: str, nearest: str
) -> None:
    done = keymuster("reach", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert nearest in done.err


def test_what_could_not_be_looked_at_is_said(keymuster: Any, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3000)
    (tmp_path / ".keymuster.yaml").write_text("max_file_size: 2KB\n")
    done = keymuster("reach")
    assert done.code == 3
    assert "not seen: big" in done.err


def test_what_others_wrote_is_told_without_secrets(
    keymuster: Any, roles: Path, token: Callable[..., str]
) -> None:
    secret = token("github-pat", "a role")
    (roles / "main.tf").write_text((VENDOR + DEPLOY).replace('= "monitoring"', f'= "{secret}"'))
    for words in ((), ("--format", "json")):
        done = keymuster("reach", *words)
        assert done.code == 0
        assert "Datadog" in done.out
        assert secret not in done.out + done.err
    refused = keymuster("reach", "--from", secret[:-1])
    assert refused.code == 2
    assert "Did you mean" in refused.err
    assert secret not in refused.out + refused.err


def test_nothing_is_found_in_nothing(keymuster: Any, tmp_path: Path) -> None:
    done = keymuster("reach")
    assert done.code == 0
    assert done.out == (
        "Nothing leads from where somebody may begin to what is worth going for (0 entry points and 0 jewels).\n"
    )
