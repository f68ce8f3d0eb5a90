"""Code, plan and state of one configuration have the same findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keymuster.pipeline import scan
from keymuster.rules.schema import RuleSet
from scans import context

_CODE = {
    "main.tf": """
locals {
  users = { a = "AdministratorAccess", b = "ReadOnlyAccess" }
}
module "ci" {
  source = "./role"
  name   = "ci"
  owner  = "acme"
}
resource "aws_iam_user" "u" {
  for_each = local.users
  name     = each.key
}
resource "aws_iam_user_policy_attachment" "u" {
  for_each   = local.users
  user       = aws_iam_user.u[each.key].name
  policy_arn = "arn:aws:iam::aws:policy/${each.value}"
}
resource "aws_iam_access_key" "k" {
  count = 1
  user  = aws_iam_user.u["a"].name
}
resource "aws_db_instance" "d" {
  identifier          = "d"
  engine              = "postgres"
  username            = "root"
  publicly_accessible = true
}
""",
    "role/main.tf": """
variable "name" {}
variable "owner" {}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"]
    }
    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.owner}/*"]
    }
  }
}
data "aws_iam_policy_document" "all" {
  statement {
    actions   = ["*"]
    resources = ["*"]
  }
}
resource "aws_iam_role" "ci" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_role_policy" "p" {
  name   = "p"
  role   = aws_iam_role.ci.id
  policy = data.aws_iam_policy_document.all.json
}
""",
}

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {
                "Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
            },
            "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}},
        }
    ],
}
_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

_RESOURCES: list[tuple[str, str, str, Any, dict[str, Any], dict[str, Any]]] = [
    ("", "aws_iam_user", "u", "a", {"name": "a", "path": "/", "tags": None}, {"arn": "arn:aws:iam::123456789012:user/a"}),
    ("", "aws_iam_user", "u", "b", {"name": "b", "path": "/", "tags": None}, {"arn": "arn:aws:iam::123456789012:user/b"}),
    ("", "aws_iam_user_policy_attachment", "u", "a",
     {"user": "a", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}, {"id": "a-1"}),
    ("", "aws_iam_user_policy_attachment", "u", "b",
     {"user": "b", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {"id": "b-1"}),
    ("", "aws_iam_access_key", "k", 0, {"user": "a", "pgp_key": None, "status": "Active"}, {}),
    ("", "aws_db_instance", "d", None,
     {"identifier": "d", "engine": "postgres", "username": "root", "publicly_accessible": True,
      "password": None, "iam_database_authentication_enabled": None, "restore_to_point_in_time": []}, {}),
    ("module.ci", "aws_iam_role", "ci", None,
     {"name": "ci", "path": "/", "assume_role_policy": json.dumps(_TRUST), "max_session_duration": 3600,
      "permissions_boundary": None, "tags": None}, {"id": "ci", "inline_policy": [], "managed_policy_arns": []}),
    ("module.ci", "aws_iam_role_policy", "p", None,
     {"name": "p", "policy": json.dumps(_ALL)}, {"role": "ci"}),
]  # fmt: skip
"""Module, type, name, key, what is known before, and what only afterwards."""


def _key(key: Any) -> str:
    return "" if key is None else f"[{json.dumps(key)}]"


def _plan() -> str:
    modules: dict[str, list[dict[str, Any]]] = {"": [], "module.ci": []}
    changes = []
    for module, type, name, key, values, later in _RESOURCES:
        address = ".".join(filter(None, (module, type, name))) + _key(key)
        one = {
            "address": address, "mode": "managed", "type": type, "name": name,
            "schema_version": 0, "values": values, "sensitive_values": {},
        }  # fmt: skip
        modules[module].append(one if key is None else one | {"index": key})
        after = {"after": values, "after_unknown": dict.fromkeys(later, True)}
        changes.append(
            {"address": address, "type": type, "change": {"actions": ["create"], **after}}
        )
    child = {"address": "module.ci", "resources": modules["module.ci"]}
    role = {"role": {"references": ["aws_iam_role.ci.id", "aws_iam_role.ci"]}}
    inside = {"resources": [{"address": "aws_iam_role_policy.p", "expressions": role}]}
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": modules[""], "child_modules": [child]}},
            "resource_changes": changes,
            "configuration": {"root_module": {"module_calls": {"ci": {"module": inside}}}},
        },
        indent=2,
    )


def _state() -> str:
    resources: dict[tuple[str, str, str], dict[str, Any]] = {}
    for module, type, name, key, values, later in _RESOURCES:
        one = resources.setdefault(
            (module, type, name),
            {"mode": "managed", "type": type, "name": name, "instances": []}
            | ({"module": module} if module else {}),
        )
        instance = {"schema_version": 0, "attributes": values | later}
        one["instances"].append(instance if key is None else instance | {"index_key": key})
    return json.dumps(
        {"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "outputs": {},
         "resources": list(resources.values())},
        indent=2,
    )  # fmt: skip


def _found(rules: RuleSet, root: Path, files: dict[str, str]) -> set[tuple[str, str]]:
    """Policies and the objects that they hold for."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    report = scan(context(rules, root), "worktree")
    assert not report.troubles
    return {
        (finding.policy, name.partition("#")[0].removeprefix("resource:").split(":", 2)[2])
        for finding in report.findings
        for name in (finding.subject, *finding.evidence.get("also", "").split(", "))
        if name.count(":") >= 2 and "terraform-state" not in finding.policy
    }


@pytest.mark.parametrize(("path", "text"), [("plan.json", _plan()), ("x.tfstate", _state())])
def test_a_plan_and_a_state_have_the_findings_of_the_code(
    rules: RuleSet, tmp_path: Path, path: str, text: str
) -> None:
    code = _found(rules, tmp_path / "code", _CODE)
    assert ("aws-administrator-attached", 'aws_iam_user_policy_attachment.u["a"]') in code
    assert any(name == "module.ci.aws_iam_role.ci" for _, name in code)
    assert _found(rules, tmp_path / "made", {path: text}) == code
