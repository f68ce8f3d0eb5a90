from __future__ import annotations

from collections.abc import Iterator
from threading import Event as Flag
from typing import Any

import pytest
from msgspec.structs import replace

from http_server import Reply, Server, serving
from keymuster.errors import SettingsError
from keymuster.estate.channels.base import Became
from keymuster.estate.channels.tracker import Tracker, TrackerOptions, filled
from keymuster.estate.credentials import Reference
from telling_made import HOSTILE, finding, message


@pytest.fixture
def server(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as found:
        monkeypatch.setenv("TRACKER", found.url)
        yield found


def opened(**options: Any) -> Tracker:
    return Tracker(TrackerOptions(url=Reference(env="TRACKER"), **options), Flag())


def test_one_key_from_opening_to_closing(server: Server) -> None:
    server.says(*[Reply("ok")] * 4)
    tracker = opened()
    new = message(finding(), about="notify/t/abc")
    tracker.send(new)
    for became in (Became.CHANGED, Became.RESOLVED, Became.REOPENED):
        later = message(finding(), became=became, about="notify/t/abc")
        tracker.send(replace(later, told_before=True))
    assert [one.body["action"] for one in server.asked] == ["open", "update", "close", "open"]
    assert {one.body["key"] for one in server.asked} == {"keymuster-abc"}


def test_a_template_says_it_in_the_words_of_the_receiver(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROUTING", "a-key")
    server.says(Reply("ok"), Reply("ok"))
    tracker = opened(
        open={
            "routing_key": "{routing}",
            "event_action": "{action}",
            "dedup_key": "{key}",
            "payload": {"summary": "[{severity}] {title}", "custom": {"nhi": "{nhi}", "{x}": 3}},
        },
        close={"event_action": "{action}", "dedup_key": "{key}"},
        words={"open": "trigger", "close": "resolve"},
        secrets={"routing": Reference(env="ROUTING")},
    )
    tracker.send(message(finding(), about="notify/t/abc"))
    tracker.send(message(finding(), became=Became.RESOLVED, about="notify/t/abc"))
    assert server.asked[0].body == {
        "routing_key": "a-key",
        "event_action": "trigger",
        "dedup_key": "keymuster-abc",
        "payload": {"summary": "[high] A token", "custom": {"nhi": ["NHI2"], "{x}": 3}},
    }
    assert server.asked[1].body == {"event_action": "resolve", "dedup_key": "keymuster-abc"}


def test_fields_in_the_words_of_others_are_not_filled_in() -> None:
    template = {"a": "{title} and {key}"}
    assert filled(template, {"title": "{key} {routing}", "key": "k"}) == {
        "a": "{key} {routing} and k"
    }


def test_the_words_of_others_stay_values(server: Server) -> None:
    server.says(Reply("ok"))
    opened(open={"title": '{"x": "{title}"}'}).send(message(finding(message=HOSTILE)))
    assert [*server.asked[0].body] == ["title"]
    assert "\n" not in server.asked[0].body["title"]


def test_many_at_once_are_one_issue_of_counts(server: Server) -> None:
    server.says(Reply("ok"))
    many = message(*[finding(f"f{at}", owner="team-a") for at in range(1000)], limit=0)
    opened().send(many)
    [asked] = server.asked
    assert asked.body["action"] == "open"
    assert asked.body["title"] == "keymuster: 1,000 new (1,000 high) in the estate"
    assert "team-a: 1,000" in asked.body["description"]


def test_a_field_that_there_is_not_is_refused_with_the_nearest(
    server: Server,
) -> None:
    with pytest.raises(SettingsError, match=r"\{titel\}; did you mean `title`"):
        opened(open={"a": ["{titel}"]})
