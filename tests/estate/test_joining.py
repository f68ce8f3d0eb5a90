"""What only all targets together tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from keymuster import gathering, pipeline
from keymuster.collect.base import Context, Selection
from keymuster.estate.joining import Joined, Seen, joined
from keymuster.estate.keys import keys
from keymuster.evaluate.choice import Choice
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Finding,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Secret,
    ServiceLocation,
    Severity,
)
from keymuster.model.secret import PUBLIC_KEY
from keymuster.redaction import Redactor
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ARN = "arn:aws:iam::111122223333:user/ci"

ROLE = """
resource "aws_iam_policy" "all" {
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}
"""

ALLOW = "# keymuster: " + "allow[aws-access-key-id] until=2026-05-01 reason=rotated in April"

Look = tuple[list[Observation], list[Finding]]


@pytest.fixture
def looked(rules: RuleSet, tmp_path: Path) -> Callable[..., Look]:
    """What a target tells by itself, and what it finds."""

    def look(name: str, **files: str) -> Look:
        root = tmp_path / name
        for path, text in files.items():
            file = root / path.replace("__", "/").replace("_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        context = Context(selection=Selection(root=str(root), paths=(str(root),)), rules=rules)
        seen = gathering.gather(context, "worktree", now=NOW)
        report = pipeline.judged(seen, context, "worktree", choice=Choice(), now=NOW)
        kept = list(Redactor(rules, PUBLIC_KEY).observations(seen.observations))
        return kept, list(report.findings)

    return look


def together(rules: RuleSet, **looks: Look) -> Joined:
    def read(wanted: Collection[str]) -> Iterable[Seen]:
        return [Seen(name, f"acme/{name}", looks[name][0]) for name in sorted(wanted)]

    return joined(
        {name: keys(observed) for name, (observed, _) in sorted(looks.items())}, read,
        lambda name: {one.id: one for one in looks[name][1]},
        rules=rules, choice=Choice(), configured=Settings(), now=NOW,
    )  # fmt: skip


def administrator(key: str, **changed: Any) -> Look:
    """An account in which this key is that of an administrator."""
    place = ServiceLocation(service="aws", account="111122223333", resource=ARN)
    records = [
        Identity(id=ARN, kind=IdentityKind.USER, provider="aws", name="ci", location=place,
            account="111122223333"),
        Credential(
            id=f"{ARN}/access-key-1", kind=CredentialKind.ACCESS_KEY, name="key of ci", location=place,
            format="aws-access-key-id", vendor="aws", identity=ARN, fingerprint=Secret(key.encode()).fingerprint(),
            status=CredentialStatus.ACTIVE, created_at=NOW - timedelta(days=30), last_used_at=NOW,
        ),
        Grant(id=f"{ARN}#all", identity=ARN, kind=GrantKind.POLICY, provider="aws", location=place,
            actions=("*",), resources=("*",)),
    ]  # fmt: skip
    return records, []


def test_a_secret_is_as_grave_as_what_another_target_says_of_it(
    rules: RuleSet, looked: Callable[..., Look], token: Callable[..., str]
) -> None:
    key = token("aws-access-key-id", "ci")
    code = looked("app", app_env=f"AWS_ACCESS_KEY_ID={key}\n")
    [alone] = [one for one in code[1] if one.subject.startswith("secret:")]
    made = together(rules, app=code, aws=administrator(key))
    [found] = [one for one in made.verdict.findings if one.subject == alone.subject]
    assert (alone.severity, found.severity) == (Severity.HIGH, Severity.CRITICAL)
    assert str(found.location) == "acme/app/app.env:1"
    assert made.stands_for[found.id] == (("app", alone.id),)
    assert {one.id for one in made.verdict.rules} >= {found.rule}


def test_what_a_target_tells_by_itself_is_not_told_again(
    rules: RuleSet, looked: Callable[..., Look], token: Callable[..., str]
) -> None:
    code = looked("app", main_tf=ROLE, app_env=f"GITHUB_TOKEN={token('github-pat', 'one')}\n")
    assert len(code[1]) > 1
    made = together(rules, app=code, aws=administrator(token("aws-access-key-id", "ci")))
    assert {one.subject for one in made.verdict.findings}.isdisjoint(one.subject for one in code[1])
    assert not any("acme/app" in str(one.places) for one in made.verdict.findings)
    assert made.stands_for == {}


def test_what_was_accepted_stays_so_unless_it_is_graver_than_they_could_see(
    rules: RuleSet, looked: Callable[..., Look], token: Callable[..., str]
) -> None:
    key, other = token("aws-access-key-id", "ci"), token("aws-access-key-id", "other")
    allow = f"{ALLOW}\n"
    code = looked("app", app_py=f'KEY = "{key}"  {allow}OLD = "{other}"  {allow}')
    accepted = {one.subject: one for one in code[1] if one.is_accepted}
    assert len(accepted) == 2
    live, dead = administrator(key), administrator(other)
    off = [
        replace(one, status=CredentialStatus.DISABLED) if isinstance(one, Credential) else one
        for one in dead[0]
    ]
    graver = together(rules, app=code, aws=live).verdict.findings
    milder = together(rules, app=code, aws=(off, [])).verdict.findings
    [opened] = [one for one in graver if one.subject in accepted]
    assert not opened.is_accepted
    [still] = [one for one in milder if one.subject in accepted]
    assert still.severity.rank < accepted[still.subject].severity.rank
    assert still.is_accepted


def test_an_acceptance_holds_in_its_own_target(
    rules: RuleSet, looked: Callable[..., Look], token: Callable[..., str]
) -> None:
    key = token("aws-access-key-id", "ci")
    first = looked("first", app_py=f'KEY = "{key}"  {ALLOW}\n')
    second = looked("second", app_py=f'KEY = "{key}"\n')
    made = together(rules, first=first, second=second, aws=administrator(key))
    [found] = [one for one in made.verdict.findings if one.subject == first[1][0].subject]
    assert not found.is_accepted
    assert {target for target, _ in made.stands_for[found.id]} == {"first", "second"}
