from __future__ import annotations

import json
import re
from datetime import date
from threading import Event as Flag

import pytest
from msgspec.structs import replace
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, HeaderBlock

from http_server import Reply, serving
from keymuster.estate.channels.base import Became
from keymuster.estate.channels.slack import Slack, SlackOptions, document
from keymuster.estate.credentials import Reference
from keymuster.model import Severity, Suppression
from telling_made import HOSTILE, finding, message


def test_a_message_names_owner_place_and_gravity(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        server.says(Reply(b"ok"))
        monkeypatch.setenv("SLACK", f"{server.url}/services/x")
        Slack(SlackOptions(url=Reference(env="SLACK")), Flag()).send(
            message(finding(owner="team-a"), finding("f2", Severity.LOW))
        )
        [asked] = server.asked
    text = json.dumps(asked.body)
    assert asked.body["text"] == "keymuster: 2 new (1 high, 1 low)"
    assert "*team-a*" in text
    assert "repository:acme/api: a.py:3" in text
    assert "nobody is known to answer for it" in text


def test_who_is_told_that_something_is_accepted_is_told_by_whom_and_until_when() -> None:
    said = Suppression(justification=f"a test key {HOSTILE}", until=date(2026, 12, 1), by="jane@acme.test")  # fmt: skip
    one = replace(finding(owner="team-a"), suppression=said)
    text = json.dumps(document(message(one, became=Became.ACCEPTED, why="it is accepted")))
    assert "_it is accepted by jane@acme.test until 2026-12-01: a test key" in text
    assert "<!channel>" not in text


def test_the_words_of_others_are_no_mention_link_or_line() -> None:
    one = finding(owner=HOSTILE, message=HOSTILE, path=HOSTILE)
    made = document(message(one, target=HOSTILE, why=HOSTILE))
    texts = [
        block["text"]["text"]
        for block in made["blocks"]
        if block.get("text", {}).get("type") == "mrkdwn"
    ]
    assert texts
    for text in (made["text"], *texts):
        assert "<" not in text
        assert ">" not in text
        assert re.search(r"&(?!amp;|lt;|gt;)", text) is None
    assert all(
        block["text"]["verbatim"]
        for block in made["blocks"]
        if block.get("text", {}).get("type") == "mrkdwn"
    )
    code = [part for text in texts for part in text.splitlines() if part.startswith("`")]
    assert all(part.count("`") == 2 for part in code)


def test_many_findings_stay_within_the_limits_of_slack() -> None:
    several = [
        finding(f"f{at}", owner=f"team-{at}", message="x" * 5000, path="y" * 5000)
        for at in range(300)
    ]
    made = document(message(*several, limit=100))
    assert len(made["blocks"]) <= 50
    assert all(len(one["text"]["text"]) <= 3000 for one in made["blocks"] if "text" in one)
    assert len(made["blocks"][0]["text"]["text"]) <= 150


def test_what_is_left_out_is_counted_by_owner() -> None:
    several = [finding(f"f{at}", owner=f"team-{at % 3}") for at in range(20_000)]
    text = json.dumps(document(message(*several, became=Became.NEW, limit=5)))
    assert "20,000 new (20,000 high)" in text
    assert "and 19,995 more" in text
    assert "team-1: 6,667, the gravest high" in text


def test_slacks_own_sdk_knows_the_blocks() -> None:
    several = [finding(f"f{at}", owner=f"team-{at}", message=HOSTILE) for at in range(300)]
    made = document(message(*several, why=HOSTILE, limit=100))
    blocks = Block.parse_all(made["blocks"])
    assert [one.to_dict() for one in blocks] == made["blocks"]  # which checks what they hold
    with pytest.raises(SlackObjectFormationError):
        HeaderBlock(text="x" * 151).to_dict()
