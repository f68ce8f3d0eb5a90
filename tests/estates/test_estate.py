"""What a scan of the made-up estate finds, to the last finding."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from estates.build import TEMPLATES, build
from keymuster import pipeline
from keymuster.collect.base import Context, Selection
from keymuster.model import Finding, Nhi, Report
from keymuster.rules.schema import RuleSet
from keymuster.settings import load

NOW = datetime(2026, 1, 1, tzinfo=UTC)

AWS = "platform/aws"
RELEASE = "github-actions:shop/.github/workflows"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, rules: RuleSet) -> Report:
    folder = tmp_path_factory.mktemp("acme")
    build(folder, rules)
    configured, _ = load(None, str(folder))
    selection = Selection(root=str(folder), paths=(str(folder),))
    context = Context(selection=selection, rules=rules)
    return pipeline.scan(context, "worktree", configured=configured, now=NOW)


def _said(one: Finding) -> tuple[str, str, str]:
    """The rule, what it is about (a secret by where it lies) and the categories."""
    subject = one.subject
    if subject.startswith("secret:"):
        subject = ", ".join(sorted({place.name for place in one.places}))  # type: ignore[union-attr]
    subject = subject.partition("#uses:secret:")[0]
    return one.rule, subject.removeprefix("resource:"), "/".join(one.nhi)


def test_every_finding_is_the_one_that_was_meant(report: Report) -> None:
    role = f"terraform:{AWS}:aws_iam_role"
    mail = "shop/services/billing/mail.yaml, shop/services/orders/mail.yaml"
    chat = "shop/services/orders/config/production.env, shop/services/orders/config/staging.env"
    homes = "platform/build-server/home/jane/.netrc, platform/build-server/home/kim/.netrc"
    errors = "shop/.mcp.json, shop/docker-compose.yml"
    state = f"{AWS}/terraform.tfstate"
    docs = f"{RELEASE}/docs.yml"
    assert sorted(map(_said, report.findings)) == sorted([
        ("agent-shares-secret-with-workload/sentry-organization-token", errors, "NHI9/NHI10"),
        ("aws-access-key-declared", f"terraform:{AWS}:aws_iam_access_key.jane", "NHI7/NHI4"),
        ("aws-access-key-declared", f"terraform:{state}:aws_iam_access_key.legacy_backup", "NHI7/NHI4"),
        ("aws-administrator-attached", f"terraform:{AWS}:aws_iam_role_policy_attachment.deploy#aws:role/shop-deploy/arn:aws:iam::aws:policy/AdministratorAccess", "NHI5"),
        ("aws-function-url-open", f"terraform:{AWS}:aws_lambda_function_url.webhook", "NHI4"),
        ("aws-user-declared", f"terraform:{AWS}:aws_iam_user.jane", "NHI7/NHI4"),
        ("aws-user-declared", f"terraform:{state}:aws_iam_user.legacy_backup", "NHI7/NHI4"),
        ("aws-user-with-console-password", f"terraform:{AWS}:aws_iam_user_login_profile.jane", "NHI10/NHI7"),
        ("ci-action-unpinned-sees-secrets", f"GitHub::Actions::Uses:{docs}:publish.acme-partners/publish-docs", "NHI3"),
        ("credential-of-archived-repository", f"terraform:{AWS}:github_repository_deploy_key.old_shop", "NHI1"),
        ("federation-open-to-anyone", f"{role}.reports#trust/0/${{aws_iam_openid_connect_provider.github.arn}}", "NHI6/NHI5"),
        ("federation-wider-than-workflows", f"{role}.deploy#trust/0/${{aws_iam_openid_connect_provider.github.arn}}", "NHI6/NHI5"),
        ("generic-secret/generic-assignment", state, "NHI2"),
        ("github-secret-set-in-code", f"terraform:{AWS}:github_actions_secret.backup", "NHI2/NHI7"),
        ("identity-left-in-state", f"terraform:{state}:aws_iam_user.legacy_backup", "NHI1"),
        ("registered-agent-holds-static-credential", "mcp:shop/.mcp.json:errors", "NHI7/NHI2"),
        ("registered-agent-leaves-its-environment", "mcp:shop/.mcp.json:orders#used-by:agent:claude-code:shop", "NHI8/NHI5"),
        ("secret-in-production-and-below/slack-bot-token", chat, "NHI8/NHI9"),
        ("secret-in-several-applications/sendgrid-api-key", mail, "NHI9/NHI2"),
        ("secret-in-tree/github-pat", homes, "NHI2"),
        ("secret-in-tree/sendgrid-api-key", mail, "NHI2"),
        ("secret-in-tree/sentry-organization-token", errors, "NHI2"),
        ("secret-in-tree/slack-bot-token", chat, "NHI2"),
        ("secret-of-several-people/github-pat", homes, "NHI10/NHI9"),
        ("workflow-handed-key-of-console-user", f"terraform:{AWS}:github_actions_secret.backup", "NHI10/NHI7"),
        ("workflow-identity-for-production-and-below", f"{role}.deploy", "NHI8/NHI5"),
        ("workflow-secret-for-production-and-below", "github:secret/DEPLOY_KEY", "NHI8/NHI9"),
        ("workflow-with-personal-token", "github:secret/DOCS_PAT", "NHI10/NHI1"),
    ])  # fmt: skip
    assert not report.troubles


def test_each_category_is_there(report: Report) -> None:
    assert {one.nhi[0] for one in report.findings} == set(Nhi)


def test_no_template_holds_what_looks_like_a_token(rules: RuleSet) -> None:
    selection = Selection(root=str(TEMPLATES), paths=(str(TEMPLATES),))
    found = pipeline.scan(Context(selection=selection, rules=rules), "worktree", now=NOW)
    assert found.findings == ()


def test_the_command_lays_it_out(tmp_path: Path, rules: RuleSet) -> None:
    build(tmp_path, rules)
    laid_out = {
        one.relative_to(tmp_path).as_posix() for one in tmp_path.rglob("*") if one.is_file()
    }
    templates = {one.relative_to(TEMPLATES).as_posix() for one in TEMPLATES.rglob("*.in")}
    assert {f"{name}.in" for name in laid_out} == templates
