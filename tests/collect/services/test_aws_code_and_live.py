"""An account that was made from code is judged as the code is."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import keymuster
import moto_server
from applying import Applied
from keymuster import gathering, pipeline
from keymuster.collect.base import Context, Selection
from keymuster.evaluate.choice import Choice
from keymuster.gathering import Gathered
from keymuster.model import Finding, Grant, Identity, IdentityKind, Trust
from keymuster.rules.schema import RuleSet
from scans import context

DATA = Path(keymuster.__file__).parents[3] / "shared/bench/aws/data.tar.xz"
NOW = datetime(2026, 6, 1, tzinfo=UTC)

CODE = """
resource "aws_iam_user" "version" { name = "version" }
resource "aws_iam_policy" "version" {
  name   = "version"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "iam:CreatePolicyVersion", Resource = "*" }] })
}
resource "aws_iam_user_policy_attachment" "version" {
  user       = aws_iam_user.version.name
  policy_arn = aws_iam_policy.version.arn
}

resource "aws_iam_user" "halves" { name = "halves" }
resource "aws_iam_user_policy" "pass" {
  name   = "pass"
  user   = aws_iam_user.halves.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "iam:PassRole", Resource = aws_iam_role.runs.arn }] })
}
resource "aws_iam_policy" "run" {
  name   = "run"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["lambda:CreateFunction", "lambda:InvokeFunction"], Resource = "*" }] })
}
resource "aws_iam_user_policy_attachment" "run" {
  user       = aws_iam_user.halves.name
  policy_arn = aws_iam_policy.run.arn
}
resource "aws_iam_role" "runs" {
  name               = "runs"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}
resource "aws_iam_role_policy_attachment" "runs" {
  role       = aws_iam_role.runs.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_user" "chain" { name = "chain" }
resource "aws_iam_role" "first" {
  name               = "first"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_user.chain.arn } }] })
}
resource "aws_iam_role" "last" {
  name               = "last"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_role.first.arn } }] })
}
resource "aws_iam_role_policy" "last" {
  name   = "all"
  role   = aws_iam_role.last.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}

resource "aws_iam_group" "admins" { name = "admins" }
resource "aws_iam_group_policy_attachment" "admins" {
  group      = aws_iam_group.admins.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
resource "aws_iam_user" "member" { name = "member" }
resource "aws_iam_group_membership" "admins" {
  name  = "admins"
  group = aws_iam_group.admins.name
  users = [aws_iam_user.member.name]
}
resource "aws_iam_access_key" "member" { user = aws_iam_user.member.name }

resource "aws_iam_user" "denied" { name = "denied" }
resource "aws_iam_user_policy_attachment" "denied" {
  user       = aws_iam_user.denied.name
  policy_arn = aws_iam_policy.version.arn
}
resource "aws_iam_user_policy" "denied" {
  name   = "never"
  user   = aws_iam_user.denied.name
  policy = jsonencode({ Statement = [{ Effect = "Deny", Action = "iam:*", Resource = "*" }] })
}

resource "aws_iam_policy" "bounds" {
  name   = "bounds"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = "arn:aws:sqs:*:*:orders" }] })
}
resource "aws_iam_role" "bound" {
  name                 = "bound"
  permissions_boundary = aws_iam_policy.bounds.arn
  assume_role_policy   = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}
resource "aws_iam_role_policy" "bound" {
  name   = "iam"
  role   = aws_iam_role.bound.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", NotAction = "s3:*", Resource = "*" }] })
}

resource "aws_iam_user" "reader" { name = "reader" }
resource "aws_iam_user_policy" "reader" {
  name   = "secrets"
  user   = aws_iam_user.reader.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "*" }] })
}

resource "aws_iam_role" "open" {
  name               = "open"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = "*" }] })
}
"""

FACTS = ("privilege", "rights_from", "escalations", "administrator_by", "reads_all", "takes_over")

OF_PRINCIPALS = (
    "aws-identity-is-administrator", "aws-identity-escalates", "aws-identity-becomes-administrator",
    "aws-identity-takes-over-others", "aws-identity-may-take-over-unseen",
    "aws-identity-reads-all-secrets", "aws-identity-reads-all-data", "aws-user-assumes-more",
)  # fmt: skip
"""In an account principals are told of; in code, whose accounts are not known, the statements that are to
be changed. That both follow from the same is what comparing the facts shows."""

OF_LIVE_ONLY = {
    "aws-role-trusts-user": "code names the user by a reference or a variable; an account tells its ARN",
}
"""Rules about trusts that only an account is found by, and why. Of code there are none."""


def code(rules: RuleSet, folder: Path) -> tuple[Gathered, list[Finding]]:
    return judged(context(rules, folder, [folder]), "worktree")


def live(rules: RuleSet) -> tuple[Gathered, list[Finding]]:
    selection = Selection(root="/", services={"aws": {"regions": ("us-east-1",)}})
    return judged(Context(selection=selection, rules=rules), "services")


def judged(asked: Context, source: str) -> tuple[Gathered, list[Finding]]:
    seen = gathering.gather(asked, source)
    report = pipeline.judged(seen, asked, source, choice=Choice(), now=NOW)
    return seen, list(report.findings)


def facts(seen: Gathered) -> dict[str, dict[str, Any]]:
    """What follows for users, groups and roles, by kind and name."""
    kinds = (IdentityKind.USER, IdentityKind.ROLE, IdentityKind.GROUP)
    return {
        f"{one.kind.value}/{one.name}": {
            name: seen.inventory.facts[one.id].get(name) for name in FACTS
        }
        for one in seen.inventory.of(Identity)
        if one.kind in kinds
    }


def of_policies(seen: Gathered, findings: list[Finding]) -> dict[str, set[str]]:
    """The rules by which a policy that stands by itself is found, by its name."""
    found: dict[str, set[str]] = {}
    for one in findings:
        grant = seen.inventory.records.get(one.subject)
        if isinstance(grant, Grant) and not grant.via:
            holder = seen.inventory.records[grant.identity]
            if not isinstance(holder, Identity):
                also = one.evidence.get("also_found", "").split(", ")
                found.setdefault(str(holder.name), set()).update({one.policy, *also} - {""})  # type: ignore[union-attr]
    return found


def of_trusts(seen: Gathered, findings: list[Finding]) -> set[tuple[str, str]]:
    """Rule, and the role whose trust policy it is about."""
    records = seen.inventory.records
    return {
        (one.policy, str(getattr(records[trust.identity], "name", "")))
        for one in findings
        if isinstance(trust := records.get(one.subject), Trust)
    }


def compare(told: tuple[Gathered, list[Finding]], exists: tuple[Gathered, list[Finding]]) -> None:
    assert facts(told[0]) == facts(exists[0])
    assert of_policies(*told) == of_policies(*exists)
    trusts = {one for one in of_trusts(*exists) if one[0] not in OF_LIVE_ONLY}
    assert of_trusts(*told) == trusts
    assert inline(*told) <= principals(*exists)
    both = {"aws-identity-becomes-administrator"}
    assert {one.policy for one in told[1]} & {*OF_PRINCIPALS} <= both


def inline(seen: Gathered, findings: list[Finding]) -> set[str]:
    """The names of those whose own policies or attachments code is found to give too much."""
    found = set()
    for one in findings:
        grant = seen.inventory.records.get(one.subject)
        if isinstance(grant, Grant):
            holder = seen.inventory.records[grant.identity]
            if isinstance(holder, Identity):
                found.add(holder.name)
    return found


def principals(seen: Gathered, findings: list[Finding]) -> set[str]:
    """The names of those who are told of in an account, by themselves or by a policy of theirs."""
    records = seen.inventory.records
    told = (records.get(one.subject) for one in findings)
    holders = (records[one.identity] if isinstance(one, Grant) else one for one in told if one)
    return {one.name for one in holders if isinstance(one, Identity)}


def test_what_code_makes_is_judged_as_the_code(
    managed_aws: str, rules: RuleSet, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(CODE)
    Applied(CODE, moto_server.ACCOUNT, {}).to(moto_server.client("iam", managed_aws))
    told, exists = code(rules, tmp_path), live(rules)
    compare(told, exists)
    names: dict[str, set[str]] = {}
    for one in exists[1]:
        names.setdefault(one.policy, set()).add(one.subject.rpartition("/")[2])
    assert names["aws-identity-is-administrator"] == {"runs", "last", "admins", "member"}
    assert names["aws-identity-escalates"] == {"version", "halves"}
    assert names["aws-identity-becomes-administrator"] == {"chain", "first"}
    assert names["aws-identity-reads-all-secrets"] == {"reader"}


@pytest.mark.skipif(not DATA.exists(), reason="no vulnerable account is beside this checkout")
def test_a_vulnerable_account_is_judged_as_its_code(
    managed_aws: str, rules: RuleSet, tmp_path: Path
) -> None:
    with tarfile.open(DATA) as packed:
        packed.extractall(tmp_path, filter="data")
    folder = tmp_path / "terraform/iam-vulnerable"
    files = {str(one.relative_to(folder)): one.read_text() for one in folder.rglob("*.tf")}
    assumer = f"arn:aws:iam::{moto_server.ACCOUNT}:user/assumer"
    Applied(files, moto_server.ACCOUNT, {"": assumer}).to(moto_server.client("iam", managed_aws))
    compare(code(rules, folder), live(rules))
