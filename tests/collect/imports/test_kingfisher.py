"""Reports and baselines of Kingfisher."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from imports.rows import rows, text, told
from keymuster.collect.imports.base import Unread, Verdict
from other_scanners import COMMIT, kingfisher, kingfisher_finding

Token = Callable[..., str]


def test_a_finding_has_its_rule_place_and_secret(token: Token) -> None:
    secret = token("github-pat")
    report = kingfisher(
        {"rule": "kingfisher.github.1", "secret": secret, "line": 3, "commit": COMMIT}
    )
    [one] = rows("kingfisher", report)
    assert (one.rule, one.path, one.line, text(one)) == (
        "kingfisher.github.1",
        "a.env",
        3,
        secret,
    )
    assert one.commit is not None
    assert one.commit.author == "Ann <ann@acme.example>"


def test_lines_say_the_same_and_end_with_what_is_no_finding(token: Token) -> None:
    line = json.dumps(kingfisher_finding("x", token("github-pat")), separators=(",", ":"))
    assert len(rows("kingfisher", f'{line}\n{line}\n{{"audit":{{"schema":"x"}}}}\n')) == 2


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        ("verified_active", Verdict.LIVE),
        ("verified_inactive", Verdict.DEAD),
        ("unavailable", Verdict.NONE),
        ("locally_derived", Verdict.NONE),
    ],
)
def test_the_outcome_is_a_verdict(token: Token, outcome: str, verdict: Verdict) -> None:
    report = kingfisher({"rule": "x", "secret": token("github-pat"), "outcome": outcome})
    assert [one.verdict for one in rows("kingfisher", report)] == [verdict]


def test_an_older_report_has_a_status_alone(token: Token) -> None:
    made = kingfisher_finding("x", token("github-pat"))
    made["finding"]["validation"] = {"status": "Active Credential", "response": ""}
    [one] = rows("kingfisher", json.dumps({"findings": [made]}))
    assert one.verdict is Verdict.LIVE


def test_what_a_baseline_has_is_accepted() -> None:
    now = (
        "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: local:///x\n  findings:\n"
        "  - {path: conf.py, fingerprint: '1', rule_id: betterleaks.github-pat, line: 2}\n  - {path: 3}\n"
    )
    found = told("kingfisher", now)
    assert [isinstance(one, Unread) for one in found] == [False, True]
    assert not isinstance(found[0], Unread)
    assert (found[0].path, found[0].line, bool(found[0].accepted)) == ("conf.py", 2, True)
    before = "ExactFindings:\n  matches:\n  - {filepath: a.env, fingerprint: '1', linenum: 4}\n"
    assert [(one.path, one.line) for one in rows("kingfisher", before)] == [("a.env", 4)]
