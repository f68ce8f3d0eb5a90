"""What a team has decided to live with, and when it is asked again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keymuster import pipeline
from keymuster.collect.base import Context, Selection
from keymuster.collect.exceptions import Covers, ExceptionFile, written
from keymuster.evaluate.bounds import outgrown
from keymuster.model import Confidence, Finding
from keymuster.rules.schema import RuleSet
from keymuster.settings import ExceptionSettings, Lifetimes, Settings

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TRUSTING = "aws-role-trusts-user"


@pytest.fixture
def scan(rules: RuleSet, tmp_path: Path) -> Callable[..., tuple[Finding, ...]]:
    def run(**more: Any) -> tuple[Finding, ...]:
        configured = Settings(**more)
        selection = Selection(root=str(tmp_path), paths=(str(tmp_path),))
        context = Context(selection=selection, rules=rules)
        found = pipeline.scan(context, "worktree", configured=configured, now=NOW)
        return found.findings

    return run


def of(found: tuple[Finding, ...], policy: str) -> list[Finding]:
    return [one for one in found if one.policy == policy]


def role(tmp_path: Path, *principals: str, condition: dict[str, Any] | None = None) -> None:
    trust: dict[str, Any] = {
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": list(principals)},
    }  # fmt: skip
    if condition:
        trust["Condition"] = condition
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    text = f'resource "aws_iam_role" "ci" {{\n  name = "ci"\n  assume_role_policy = <<EOT\n{document}\nEOT\n}}\n'
    (tmp_path / "main.tf").write_text(text)


def accept(tmp_path: Path, finding: Finding, **more: Any) -> Path:
    said = {
        "covers": Covers(finding=finding.id, fingerprint=finding.fingerprint),
        "bound_to": finding.bounds, "reason": "until the vendor has roles", "owner": "platform",
        "approver": "jane", "created": NOW.date(), "expires": NOW.date().replace(month=3), **more,
    }  # fmt: skip
    file = tmp_path / ".keymuster" / "exceptions" / "one.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written(ExceptionFile(**said)))
    return file


STRANGER = "arn:aws:iam::999988887777:root"
CONDITION = {"Bool": {"aws:SecureTransport": "true"}}


def first(found: tuple[Finding, ...]) -> Finding:
    """The finding about the trust of a stranger."""
    return next(one for one in found if "principal" in one.bounds)


def test_an_exception_accepts_what_it_covers(scan: Any, tmp_path: Path) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan()))
    again = first(scan())
    assert again.is_accepted
    assert again.suppression is not None
    assert (again.suppression.by, again.suppression.justification) == (
        "jane", "until the vendor has roles",
    )  # fmt: skip


def test_it_stops_when_the_trust_of_the_role_widens(scan: Any, tmp_path: Path) -> None:
    role(tmp_path, STRANGER, condition=CONDITION)
    accept(tmp_path, first(scan()))
    assert first(scan()).is_accepted
    role(tmp_path, STRANGER)
    found = scan()
    again = first(found)
    assert not again.is_accepted
    assert again.suppression is not None
    assert again.suppression.status == "rejected"
    (outgrown_,) = of(found, "exception-outgrown")
    assert "conditions" in outgrown_.message


def test_it_still_holds_when_the_trust_narrows(scan: Any, tmp_path: Path) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan()))
    role(tmp_path, STRANGER, condition=CONDITION)
    assert first(scan()).is_accepted


def test_it_still_holds_when_the_file_has_moved(scan: Any, tmp_path: Path) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan()))
    (tmp_path / "infra").mkdir()
    (tmp_path / "main.tf").rename(tmp_path / "infra" / "roles.tf")
    assert first(scan()).is_accepted


def test_a_copy_is_not_accepted(scan: Any, tmp_path: Path) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan()))
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "main.tf").write_text((tmp_path / "main.tf").read_text())
    trusts = [one for one in scan() if "principal" in one.bounds]
    assert sorted(one.is_accepted for one in trusts) == [False, True]


def test_it_holds_for_a_part_of_the_project(scan: Any, tmp_path: Path, rules: RuleSet) -> None:
    (tmp_path / "infra").mkdir()
    role(tmp_path / "infra", STRANGER)
    accept(tmp_path, first(scan()))
    part = str(tmp_path / "infra")
    context = Context(selection=Selection(root=part, paths=(part,)), rules=rules)
    assert first(pipeline.scan(context, "worktree", now=NOW).findings).is_accepted


@pytest.mark.parametrize(
    ("more", "policy", "accepted"),
    [
        ({"expires": NOW.date().replace(year=2025, month=12), "created": NOW.date().replace(year=2025)},
         "exception-expired", False),
        ({"owner": "jane"}, "exception-self-approved", True),
        ({"expires": NOW.date().replace(year=2029)}, "exception-too-long", True),
        ({"reason": ""}, "exception-invalid", False),
        ({"bound_to": {"principal": ("arn:aws:iam::1:root",)}}, "exception-outgrown", False),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_a_finding(
    scan: Any, tmp_path: Path, more: dict[str, Any], policy: str, accepted: bool
) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan()), **more)
    found = scan()
    assert len(of(found, policy)) == 1
    assert first(found).is_accepted is accepted


def test_no_exception_holds_longer_than_settings_allow(scan: Any, tmp_path: Path) -> None:
    role(tmp_path, STRANGER)
    long = {"created": NOW.date().replace(year=2025), "expires": NOW.date().replace(year=2027)}
    accept(tmp_path, first(scan()), **long)
    assert not first(scan()).is_accepted
    assert first(scan(limits=Lifetimes(exception_days=400))).is_accepted


def test_one_that_covers_nothing_is_told_where_all_was_looked_at(
    scan: Any, tmp_path: Path, rules: RuleSet
) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan()))
    (tmp_path / "main.tf").write_text("")
    assert len(of(scan(), "exception-unused")) == 1
    assert not of(scan(confidence=Confidence.LOW), "exception-unused")  # the scan asks for less
    (tmp_path / "broken.tf.json").write_text('{"resource": ')
    assert not of(scan(), "exception-unused")  # it may be about what could not be read
    (tmp_path / "src").mkdir()
    part = str(tmp_path / "src")
    context = Context(selection=Selection(root=part, paths=(part,)), rules=rules)
    assert pipeline.scan(context, "worktree", now=NOW).findings == ()


@pytest.mark.parametrize("beside", ["aws", "imports"])
def test_one_that_more_was_looked_at_for_is_not_unused_without_it(
    scan: Any, tmp_path: Path, beside: str
) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan()), seen_in=f"code, {beside}")
    (tmp_path / "main.tf").write_text("")
    assert not of(scan(), "exception-unused")


def test_who_may_approve_is_said_in_the_settings(scan: Any, tmp_path: Path) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan()))
    found = scan(exceptions=ExceptionSettings(approvers=("joe",)))
    assert not first(found).is_accepted
    assert "jane may not approve" in of(found, "exception-invalid")[0].message


def test_comments_may_be_forbidden(scan: Any, tmp_path: Path, token: Callable[..., str]) -> None:
    tool = "keymuster"
    comment = f"# {tool}: allow[secret-in-tree] until=2026-05-01 reason=a test"
    (tmp_path / "a.py").write_text(f"KEY = '{token('github-pat')}'  {comment}\n")
    assert [one.is_accepted for one in scan()] == [True]
    found = scan(exceptions=ExceptionSettings(inline=False))
    assert not any(one.is_accepted for one in found)
    assert "allow no comments" in of(found, "inline-allow-invalid")[0].message


@pytest.mark.parametrize(
    "content", ["", "- a list\n", "covers: {finding: [}\n", "covers: 3\n", "\x00"]
)
def test_a_file_that_is_wrong_accepts_nothing_and_says_so(
    scan: Any, tmp_path: Path, content: str
) -> None:
    role(tmp_path, STRANGER)
    accept(tmp_path, first(scan())).write_text(content)
    found = scan()
    assert not first(found).is_accepted
    assert len(of(found, "exception-invalid")) == 1


def test_exceptions_of_what_was_copied_from_elsewhere_accept_nothing(
    scan: Any, tmp_path: Path
) -> None:
    role(tmp_path, STRANGER)
    file = accept(tmp_path, first(scan()))
    there = tmp_path / "vendored" / ".keymuster" / "exceptions"
    there.mkdir(parents=True)
    file.rename(there / "one.yaml")
    assert not first(scan()).is_accepted


@pytest.mark.parametrize(
    ("accepted", "now", "what"),
    [
        ({"actions": ("a", "b")}, {"actions": ("a",)}, ""),
        ({"actions": ("a",)}, {"actions": ("a", "b")}, "actions"),
        ({"conditions": ("c",)}, {}, "conditions"),
        ({}, {"conditions": ("c",)}, ""),
        ({"not_resources": ("x", "y")}, {"not_resources": ("x",)}, "not_resources"),
        ({"privilege": ("read", "write")}, {"privilege": ("read",)}, ""),
        ({"privilege": ("read",)}, {"privilege": ("read", "write", "admin")}, "privilege"),
        ({"secret": ("1",)}, {"secret": ("2",)}, "secret"),
    ],
)
def test_more_rights_or_fewer_limits_outgrow(
    accepted: dict[str, tuple[str, ...]], now: dict[str, tuple[str, ...]], what: str
) -> None:
    assert outgrown(accepted, now) == what


def test_one_that_begins_in_the_future_accepts_nothing(
    scan: Callable[..., tuple[Finding, ...]], tmp_path: Path
) -> None:
    """It could hold longer than any may. Where it is tomorrow already, one is of today."""
    role(tmp_path, STRANGER)
    finding = first(scan())
    for created, is_accepted in (
        (NOW.date() + timedelta(days=1), True),
        (NOW.date().replace(year=2030), False),
    ):
        accept(tmp_path, finding, created=created, expires=created + timedelta(days=60))
        found = scan()
        assert first(found).is_accepted is is_accepted
        said = [one.message for one in of(found, "exception-invalid")]
        assert bool(said) is not is_accepted
    assert "it begins on 2030-01-01, which is to come" in said[0]
