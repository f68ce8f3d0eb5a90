"""Reports of betterleaks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from imports.rows import rows, text
from keymuster.collect.imports.base import Verdict
from keymuster.model import Confidence
from other_scanners import COMMIT, betterleaks, betterleaks_finding

Token = Callable[..., str]


def test_a_finding_has_its_rule_place_and_secret(token: Token) -> None:
    secret = token("github-pat")
    report = betterleaks({"rule": "github-pat", "secret": secret, "line": 3, "commit": COMMIT})
    [one] = rows("betterleaks", report)
    assert (one.tool, one.rule, one.path, one.line) == ("betterleaks", "github-pat", "a.env", 3)
    assert one.commit is not None
    assert (text(one), one.commit.id, one.confidence) == (secret, COMMIT, Confidence.HIGH)


def test_lines_say_the_same(token: Token) -> None:
    made = betterleaks_finding("github-pat", token("github-pat"))
    line = json.dumps({"schema_version": "1", "finding": made})
    assert [text(one) for one in rows("betterleaks", f"{line}\n{line}\n")] == 2 * [
        token("github-pat")
    ]


def test_a_secret_that_was_taken_out_is_known_by_its_hash(token: Token) -> None:
    secret = token("github-pat")
    [one] = rows("betterleaks", betterleaks({"rule": "x", "secret": secret, "redacted": True}))
    assert one.secret is None
    assert one.digests == (f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}",)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("valid", Verdict.LIVE),
        ("revoked", Verdict.DEAD),
        ("error", Verdict.NONE),
        ("", Verdict.NONE),
    ],
)
def test_the_answer_of_the_vendor_is_a_verdict(token: Token, status: str, verdict: Verdict) -> None:
    report = betterleaks({"rule": "x", "secret": token("github-pat"), "status": status})
    assert [one.verdict for one in rows("betterleaks", report)] == [verdict]
