"""The records of several targets as if all their files lay in one folder: held against a scan of that folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keymuster import gathering
from keymuster.collect.base import Context, Selection
from keymuster.estate.placing import placed
from keymuster.inventory.build import Inventory, build
from keymuster.model import Credential, FileLocation, Observation, Use
from keymuster.rules.schema import RuleSet

FILES = {
    "main.tf": """
resource "aws_iam_role" "ci" {
  name = "ci"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_role.other.arn } }] })
}
resource "aws_iam_role" "other" { name = "other" }
resource "aws_iam_role_policy_attachment" "ci" {
  role       = aws_iam_role.ci.name
  policy_arn = aws_iam_policy.all.arn
}
resource "aws_iam_policy" "all" {
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}
""",
    "infra/prod/role.yaml": """
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]}
  Job:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn}
""",
    "deploy/app.yaml": """
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: shop}
spec: {serviceAccountName: app, containers: [{name: a, image: "a:1"}]}
""",
    ".github/workflows/ci.yml": """
on: push
permissions: {contents: write}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: make
        env: {TOKEN: "${{ secrets.GITHUB_TOKEN }}"}
""",
    ".cursor/mcp.json": '{"mcpServers": {"docs": {"command": "npx", "args": ["docs"], "env": {"KEY": "${env:DOCS_KEY}"}}}}',
    "svc/.claude/settings.json": '{"permissions": {"allow": ["Bash(git status)"], "deny": ["Read(./.env)"]}}',
    "CODEOWNERS": "*.tf @acme/platform\n/deploy/ @acme/apps\n",
}
"""Of each language whose objects refer to each other by their path, at the root and below it."""


@pytest.fixture
def estate(tmp_path: Path, token: Callable[..., str]) -> Path:
    for name in ("api", "git.example.com/acme/web"):
        for path, text in FILES.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (tmp_path / name / "local.env").write_text(f"TOKEN={token('github-pat', 'both')}\n")
    return tmp_path


def seen(rules: RuleSet, root: Path) -> gathering.Gathered:
    selection = Selection(root=str(root), paths=(str(root),))
    return gathering.gather(Context(selection=selection, rules=rules), "worktree")


def together(rules: RuleSet, estate: Path, *names: str) -> Inventory:
    def every() -> Iterator[Observation]:
        for name in names:
            yield from (one.record for one in placed(name, seen(rules, estate / name).observations))

    return build(every())


def test_it_is_as_if_the_files_lay_in_one_folder(rules: RuleSet, estate: Path) -> None:
    whole = seen(rules, estate).inventory
    made = together(rules, estate, "api", "git.example.com/acme/web")
    alike = {id: one for id, one in whole.records.items() if not id.startswith("codeowners:")}
    assert len(alike) > 40
    assert {id: made.records.get(id) for id in alike} == alike


def test_a_secret_in_several_targets_is_one(rules: RuleSet, estate: Path) -> None:
    made = together(rules, estate, "api", "git.example.com/acme/web")
    [secret] = [one for one in made.of(Credential) if one.format == "github-pat"]
    assert [str(place) for place in made.places(secret)] == [
        "api/local.env:1", "git.example.com/acme/web/local.env:1",
    ]  # fmt: skip


def test_who_owns_a_file_is_asked_in_its_own_repository(rules: RuleSet, estate: Path) -> None:
    made = together(rules, estate, "api")
    [owners] = [one for id, one in made.records.items() if id.startswith("codeowners:")]
    assert owners.id == "codeowners:api/CODEOWNERS"
    assert owners.settings["base"] == "api/"  # type: ignore[union-attr]


def test_secrets_of_workflows_with_one_name_stay_apart(rules: RuleSet, tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / name / ".github" / "workflows"
        folder.mkdir(parents=True)
        (folder / "x.yml").write_text(
            "on: push\njobs:\n  j: {runs-on: x, steps: [{run: make, env: {K: '${{ secrets.DEPLOY_KEY }}'}}]}\n"
        )
    made = together(rules, tmp_path, "a", "b")
    named = {one.id for one in made.of(Credential)}
    assert named == {"github:secret/a/DEPLOY_KEY", "github:secret/b/DEPLOY_KEY"}
    assert {one.subject for one in made.of(Use)} >= named


def test_a_name_at_the_end_of_a_path_is_no_path(rules: RuleSet, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.tf").write_text('resource "aws_iam_user" "a" { name = "a:b" }\n')
    made = together(rules, tmp_path, "a")
    [user] = [one for one in made.records.values() if one.id.startswith("terraform:")]
    assert user.id == "terraform:a:aws_iam_user.a"
    assert getattr(user, "name", "") == "a:b"
    assert isinstance(user.location, FileLocation)
