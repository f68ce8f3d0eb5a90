"""Results of TruffleHog."""

from __future__ import annotations

import json
from collections.abc import Callable

from imports.rows import rows, text, told
from keymuster.collect.imports.base import Unread, Verdict
from other_scanners import COMMIT, trufflehog_line

Token = Callable[..., str]


def test_a_result_has_its_detector_place_secret_and_verdict(token: Token) -> None:
    secret = token("github-pat")
    [one] = rows("trufflehog", trufflehog_line("Github", secret, line=3, verified=True))
    assert (one.rule, one.path, one.line, text(one)) == ("Github", "a.env", 3, secret)
    assert one.commit is not None
    assert (one.commit.id, one.commit.author) == (COMMIT, "Ann <ann@acme.example>")
    assert one.verdict is Verdict.LIVE


def test_who_did_not_try_says_nothing(token: Token) -> None:
    [one] = rows("trufflehog", trufflehog_line("Github", token("github-pat")))
    assert one.verdict is Verdict.NONE


def test_an_id_and_its_secret_are_two_halves(token: Token) -> None:
    id, key = token("aws-access-key-id"), token("github-pat")
    [one] = rows("trufflehog", trufflehog_line("AWS", id, both=f"{id}:{key}"))
    assert one.also is not None
    assert (text(one), one.also.reveal().decode()) == (id, key)


def test_what_stands_in_no_file_has_the_address_of_its_source(token: Token) -> None:
    made = json.loads(trufflehog_line("Slack", token("slack-bot-token")))
    link = "https://acme.example/archives/C1/p2"
    made["SourceMetadata"] = {
        "Data": {"Slack": {"channel_name": "ops", "link": link, "file": "dump.txt"}}
    }
    [one] = rows("trufflehog", json.dumps(made))
    assert one.service is not None
    assert (one.service.service, one.service.resource) == ("slack", link)


def test_its_log_may_stand_between_and_an_error_in_it_is_told(token: Token) -> None:
    line = trufflehog_line("Github", token("github-pat"))
    log = '{"level":"info-0","ts":"x","logger":"trufflehog","msg":"running source"}'
    error = '{"level":"error","ts":"x","logger":"trufflehog","msg":"cannot clone"}'
    found = told("trufflehog", f"{log}\n{line}\n{error}\n{line[:80]}\n")
    assert [one.row for one in found if isinstance(one, Unread)] == ["line 3", "line 4"]
    assert len(found) == 3


def test_an_array_says_the_same(token: Token) -> None:
    line = trufflehog_line("Github", token("github-pat"))
    assert len(rows("trufflehog", f"[{line},\n{line}]")) == 2
