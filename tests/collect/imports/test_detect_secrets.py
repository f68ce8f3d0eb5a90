"""Baselines of detect-secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from imports.rows import rows, told
from keymuster.collect.imports.base import Unread, Verdict
from other_scanners import detect_secrets, detect_secrets_row

Token = Callable[..., str]


def test_a_secret_is_known_by_its_hash(token: Token) -> None:
    secret = token("slack-bot-token")
    [one] = rows(
        "detect-secrets", detect_secrets({"type": "Slack Token", "secret": secret, "line": 3})
    )
    assert (one.rule, one.path, one.line) == ("Slack Token", "a.env", 3)
    assert one.digests == (f"sha1:{hashlib.sha1(secret.encode()).hexdigest()}",)


@pytest.mark.parametrize(
    ("said", "verdict", "accepted"),
    [
        ({"is_secret": False}, Verdict.NO_SECRET, True),
        ({"is_secret": True}, Verdict.SECRET, False),
        ({"verified": True}, Verdict.LIVE, False),
        ({}, Verdict.NONE, False),
    ],
)
def test_what_somebody_marked_is_a_verdict(
    token: Token, said: dict[str, bool], verdict: Verdict, accepted: bool
) -> None:
    made = {"type": "Slack Token", "secret": token("slack-bot-token"), **said}
    [one] = rows("detect-secrets", detect_secrets(made))
    assert (one.verdict, one.accepted is not None) == (verdict, accepted)


@pytest.mark.parametrize(
    ("type", "hashed"), [("GitHub Token", "ghp"), ("Private Key", "BEGIN RSA PRIVATE KEY")]
)
def test_the_hash_of_a_part_is_no_hash_of_a_secret(type: str, hashed: str) -> None:
    [one] = rows("detect-secrets", detect_secrets({"type": type, "secret": hashed}))
    assert one.digests == ()


def test_a_row_without_a_hash_is_told(token: Token) -> None:
    good = detect_secrets_row("Slack Token", token("slack-bot-token"))
    broken = {**good, "hashed_secret": "none"}
    report = {"plugins_used": [], "results": {"a.env": [good, broken, {"type": "x"}]}}
    found = told("detect-secrets", json.dumps(report))
    assert [isinstance(one, Unread) for one in found] == [False, True, True]
