"""A module that is called more than once has each of its defects once."""

from __future__ import annotations

from pathlib import Path

import pytest

from keymuster.evaluate.choice import Choice
from keymuster.model import Finding
from keymuster.pipeline import scan
from keymuster.rules.schema import RuleSet
from scans import context

_MODULE = """
variable "name" {}
variable "trusted" { default = "*" }
resource "aws_iam_role" "ci" {
  name = var.name
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = var.trusted } }]
  })
}
resource "aws_iam_role_policy_attachment" "admin" {
  role       = aws_iam_role.ci.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
"""

_CALLS = """
module "a" {
  source = "../role"
  name   = "a"
}
module "b" {
  source = "../role"
  name   = "b"
}
module "c" {
  source  = "../role"
  name    = "c"
  trusted = "arn:aws:iam::123456789012:role/known"
}
"""


def _scan(rules: RuleSet, root: Path, files: dict[str, str], *wanted: str) -> list[Finding]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    report = scan(context(rules, root), "worktree", choice=Choice(only=wanted))
    return list(report.findings)


@pytest.fixture
def found(rules: RuleSet, tmp_path: Path) -> dict[str, list[Finding]]:
    files = {"prod/main.tf": _CALLS, "dev/main.tf": _CALLS, "role/main.tf": _MODULE}
    all = _scan(rules, tmp_path, files)
    return {
        policy: [one for one in all if one.policy == policy] for policy in {o.policy for o in all}
    }


def test_what_all_calls_share_is_one_finding_that_names_them(
    found: dict[str, list[Finding]],
) -> None:
    [finding] = found["aws-administrator-attached"]
    assert len(finding.places) == 1
    assert finding.subject.startswith("terraform:dev:module.a.aws_iam_role_policy_attachment.admin")
    assert finding.evidence["also"].split(", ") == [
        f"terraform:{root}:module.{name}.aws_iam_role_policy_attachment.admin"
        for root, name in (("dev", "b"), ("dev", "c"), ("prod", "a"), ("prod", "b"), ("prod", "c"))
    ]


def test_what_an_argument_changes_is_found_where_it_does(found: dict[str, list[Finding]]) -> None:
    [finding] = found["aws-role-trusts-anyone"]
    named = [finding.subject, *finding.evidence["also"].split(", ")]
    assert not any("module.c" in name for name in named)
    assert len(named) == 4


def test_other_lines_are_other_findings(rules: RuleSet, tmp_path: Path) -> None:
    key = 'resource "aws_iam_access_key" "{}" {{\n  user = "ci"\n}}\n'
    files = {"main.tf": key.format("one") + key.format("two")}
    found = _scan(rules, tmp_path, files, "aws-access-key-declared")
    assert [one.location.line for one in found] == [1, 4]  # type: ignore[union-attr]


def test_what_a_key_changes_is_found_for_each(rules: RuleSet, tmp_path: Path) -> None:
    attachment = """
resource "aws_iam_role_policy_attachment" "a" {
  for_each   = toset(["AdministratorAccess", "IAMFullAccess"])
  role       = "ci"
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}
"""
    found = _scan(rules, tmp_path, {"main.tf": attachment})
    attached = [one for one in found if "attached" in one.policy]
    assert len(attached) == len({one.message for one in attached}) > 1


def test_an_id_stays_while_the_first_that_it_holds_for_does(rules: RuleSet, tmp_path: Path) -> None:
    files = {"prod/main.tf": _CALLS, "role/main.tf": _MODULE}
    [before] = _scan(rules, tmp_path, files, "aws-administrator-attached")
    more = _CALLS + 'module "d" {\n  source = "../role"\n  name   = "d"\n}\n'
    [after] = _scan(rules, tmp_path, files | {"prod/main.tf": more}, "aws-administrator-attached")
    assert before.id == after.id
    assert after.evidence["also"].count("module.") == 3
