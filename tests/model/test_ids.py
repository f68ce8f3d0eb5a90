"""How a path stands in an id, and how an id is taken apart again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from keymuster import pipeline
from keymuster.collect.base import Context, Selection
from keymuster.model import Report
from keymuster.model.ids import file_in, in_id, scope
from keymuster.rules.schema import RuleSet

NOW = datetime(2026, 1, 1, tzinfo=UTC)

ODD = ["a:b/c:1.env", "C:/Users/kim/main.tf", ":", "a#b:c", "x%3Ay", "x:y", "50%/a", "%253A", "%3A"]


@pytest.mark.parametrize("path", ODD)
def test_an_id_says_where_its_path_ends(path: str) -> None:
    id = f"terraform:{in_id(path)}:aws_iam_role.ci"
    assert file_in(id) == scope(id) == f"terraform:{in_id(path)}"
    assert "#" not in id


def test_no_two_paths_are_one_in_ids() -> None:
    assert len({in_id(path) for path in ODD}) == len(ODD)


def test_most_paths_stand_in_ids_as_they_are() -> None:
    assert in_id("infra/prod [eu] 100%/main.tf") == "infra/prod [eu] 100%/main.tf"


def test_a_key_with_a_colon_is_a_part_of_the_name() -> None:
    assert scope('terraform:infra/[eu]:aws_iam_role.ci["a:b"]') == "terraform:infra/[eu]"
    assert scope("no colon") == ""


CODE = """
resource "aws_iam_policy" "deploy" {
  name   = "deploy"
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "iam:PutRolePolicy", Resource = aws_iam_role.deploy.arn }]
  })
}
resource "aws_iam_role_policy_attachment" "deploy" {
  role       = aws_iam_role.deploy.name
  policy_arn = aws_iam_policy.deploy.arn
}
resource "aws_iam_role" "deploy" {
  name               = "deploy"
  assume_role_policy = jsonencode({
    Statement = [{
      Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}
"""


def scanned(rules: RuleSet, root: Path, folder: str) -> Report:
    (root / folder).mkdir(parents=True)
    (root / folder / "main.tf").write_text(CODE)
    context = Context(selection=Selection(root=str(root), paths=(str(root),)), rules=rules)
    return pipeline.scan(context, "worktree", now=NOW)


def test_a_colon_in_a_path_changes_nothing_that_is_found(rules: RuleSet, tmp_path: Path) -> None:
    plain = scanned(rules, tmp_path / "plain", "a-b/c-d").findings
    odd = scanned(rules, tmp_path / "odd", "a:b/c#d").findings
    assert "aws-permissions-escalate" in {one.rule for one in plain}
    assert sorted((one.rule, one.fingerprint) for one in odd) == sorted(
        (one.rule, one.fingerprint) for one in plain
    )
