"""Workflows that sign in to an identity that is declared beside them."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.analysis.workflow_logins import facts
from keymuster.inventory.build import build
from keymuster.model import FileLocation, Identity, IdentityKind, Trust, TrustKind, Use, UseKind
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

ISSUER = "token.actions.githubusercontent.com"
PLACE = FileLocation(path="a.yml", line=3, column=1, end_line=3, end_column=9)


def told(
    rules: RuleSet, said: str, subject: str | list[str], *more: Trust, operator: str = "StringLike"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What follows for the use and for the trust."""
    conditions = {
        "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
        **({operator: {f"{ISSUER}:sub": subject}} if operator != "StringEquals" else {}),
    }
    if operator == "StringEquals":
        conditions["StringEquals"] = {**conditions["StringEquals"], f"{ISSUER}:sub": subject}  # type: ignore[dict-item]
    records = [
        Identity(
            id="role", kind=IdentityKind.ROLE, provider="aws", name="ci", location=PLACE,
            aliases=("aws:role/ci",),
        ),
        Identity(
            id="job", kind=IdentityKind.WORKFLOW_JOB, provider="github", name="deploy", location=PLACE,
            tags={"subjects": said},
        ),
        Use(id="use", subject="aws:role/ci", by="job", kind=UseKind.WORKFLOW, location=PLACE),
        Trust(
            id="trust", identity="role", principal=f"arn:aws:iam::1:oidc-provider/{ISSUER}",
            kind=TrustKind.FEDERATION, provider="aws", location=PLACE,
            actions=("sts:AssumeRoleWithWebIdentity",), conditions=conditions,
        ),
        *more,
    ]  # fmt: skip
    found = facts(build(records), Settings(), rules)
    return found["use"], found["trust"]


@pytest.mark.parametrize(
    ("said", "subject", "login"),
    [
        ("branch:main", "repo:acme/app:ref:refs/heads/main", "accepted"),
        ("branch:release/*", "repo:acme/app:ref:refs/heads/release/1", "accepted"),
        ("branch:release/*", "repo:acme/app:ref:refs/heads/release/1/2", "refused"),
        ("branch:release/**", "repo:acme/app:ref:refs/heads/release/1/2", "accepted"),
        ("branch:v[0-9]+", "repo:acme/app:ref:refs/heads/v12", "accepted"),
        ("branch:dev?", "repo:acme/app:ref:refs/heads/de", "accepted"),
        ("tag:v1", "repo:acme/app:ref:refs/heads/v1", "refused"),
        ("environment:live", "repo:acme/app:environment:*", "accepted"),
        ("environment:live", "repo:acme/app:environment:Test", "refused"),
        ("environment:live", "repo:acme/app:*", "accepted"),
        ("pull_request", "repo:acme/app:pull_request", "accepted"),
        ("pull_request", "repo:acme/app:ref:refs/heads/main", "refused"),
        ("?", "repo:acme/app:ref:refs/heads/main", "unknown"),
        ("environment:live", "repo:${var.repo}:environment:live", "accepted"),
        ("environment:live", "repo:${var.repo}:ref:refs/heads/main", "refused"),
        ("environment:live", "${var.subject}", "accepted"),
    ],
)
def test_a_job_gets_in_or_never_does(rules: RuleSet, said: str, subject: str, login: str) -> None:
    use, _ = told(rules, said, subject)
    assert use["login"] == login


def test_another_trust_that_accepts_is_enough(rules: RuleSet) -> None:
    other = Trust(
        id="other", identity="role", principal=f"arn:aws:iam::1:oidc-provider/{ISSUER}",
        kind=TrustKind.FEDERATION, provider="aws", location=PLACE,
        actions=("sts:AssumeRoleWithWebIdentity",),
        conditions={"StringEquals": {f"{ISSUER}:sub": "repo:acme/app:environment:live"}},
    )  # fmt: skip
    use, _ = told(rules, "environment:live", "repo:acme/app:ref:refs/heads/main", other)
    assert use["login"] == "accepted"


@pytest.mark.parametrize(
    ("said", "subject", "beyond"),
    [
        ("branch:main", "repo:acme/app:ref:refs/heads/main", ""),
        (
            "branch:main\nbranch:x",
            "repo:acme/app:ref:refs/heads/*",
            "repo:acme/app:ref:refs/heads/",
        ),
        ("branch:**", "repo:acme/app:ref:refs/heads/*", ""),
        ("branch:rel*", "repo:acme/app:ref:refs/heads/release", ""),
        ("environment:live", "repo:acme/app:environment:*", "repo:acme/app:environment:"),
        ("environment:live", "repo:acme/*:environment:live", ""),
        ("?", "repo:acme/app:ref:refs/heads/*", ""),
    ],
)
def test_a_trust_is_wider_than_what_its_workflows_say(
    rules: RuleSet, said: str, subject: str, beyond: str
) -> None:
    _, trust = told(rules, said, subject)
    example = trust.get("beyond_workflows", "")
    assert example.startswith(beyond) if beyond else example == ""
    assert not beyond or example not in ("repo:acme/app:ref:refs/heads/main", subject)


@pytest.mark.parametrize(
    ("said", "subject", "answer"),
    [
        ("pull_request", "repo:acme/app:*", "yes"),
        ("perhaps pull_request", "repo:acme/app:*", "no"),
        ("branch:main\npull_request", "repo:acme/app:ref:refs/heads/*", "no"),
    ],
)
def test_pull_requests_get_in_where_their_subject_does(
    rules: RuleSet, said: str, subject: str, answer: str
) -> None:
    use, _ = told(rules, said, subject)
    assert use["pull_requests"] == answer


def test_who_needs_it_is_told(rules: RuleSet) -> None:
    _, trust = told(rules, "branch:main", "repo:acme/app:ref:refs/heads/*")
    assert (trust["needed"], trust["needed_by"]) == ("branch main", "deploy (a.yml:3)")
