"""Reports of gitleaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from imports.rows import rows, text, told
from keymuster.collect.imports.base import Unread
from other_scanners import COMMIT, gitleaks, gitleaks_row

Token = Callable[..., str]


def test_a_finding_has_its_rule_place_and_secret(token: Token) -> None:
    secret = token("github-pat")
    [one] = rows("gitleaks", gitleaks({"rule": "github-pat", "secret": secret, "line": 3}))
    assert (one.tool, one.rule, one.path, one.line) == ("gitleaks", "github-pat", "a.env", 3)
    assert text(one) == secret
    assert one.commit is None


def test_a_finding_of_the_history_has_its_commit(token: Token) -> None:
    report = gitleaks({"rule": "github-pat", "secret": token("github-pat"), "commit": COMMIT})
    [one] = rows("gitleaks", report)
    assert one.commit is not None
    assert (one.commit.id, one.commit.author) == (COMMIT, "Ann <ann@acme.example>")
    assert one.commit.date == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("shown", ["REDACTED", "", "****"])
def test_what_was_taken_out_is_no_secret(shown: str) -> None:
    row = {**gitleaks_row("github-pat", "x"), "Secret": shown, "Match": shown}
    [one] = rows("gitleaks", json.dumps([row]))
    assert one.secret is None


def test_a_broken_row_costs_only_itself(token: Token) -> None:
    secret = token("github-pat")
    good = gitleaks_row("github-pat", secret)
    broken = {**good, "StartLine": secret}
    found = told("gitleaks", json.dumps([good, broken, {"RuleID": "x"}, good]))
    assert [isinstance(one, Unread) for one in found] == [False, True, True, False]
    assert [one.row for one in found if isinstance(one, Unread)] == ["row 2", "row 3"]
    assert secret not in str([one for one in found if isinstance(one, Unread)])
