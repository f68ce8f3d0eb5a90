"""Answers that a service says are still the same: what it may say, and what it may not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("requests")

import http_server
from http_server import Reply, Server
from keymuster.collect.asking import unchanged
from keymuster.collect.asking.rest import Asking, NoAnswer, Rest, by_link, session
from keymuster.collect.asking.shape import OddAnswer, fields, shaped
from keymuster.collect.asking.unchanged import Answers, same
from keymuster.collect.base import Context, Selection
from keymuster.model.secret import Secret
from keymuster.rules.schema import RuleSet

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SHAPE = fields("name")
THINGS = Asking(url="things", shape=SHAPE)
OLD = Reply([{"name": "one", "more": "x"}], headers={"ETag": 'W/"1"'})


@pytest.fixture
def server(loopback: None) -> Iterator[Server]:
    with http_server.serving() as found:
        yield found


@pytest.fixture
def answers(rules: RuleSet, tmp_path: Path) -> Callable[[datetime], Answers]:
    context = Context(selection=Selection(root="/"), rules=rules, memory=str(tmp_path / "kept"))
    return lambda now: Answers(context, now)


@pytest.fixture
def asked(server: Server, answers: Callable[[datetime], Answers]) -> Callable[..., Any]:
    """The answer to a request, after what the server is to say; then all is kept."""

    def ask(now: datetime, *replies: Reply, asking: Asking = THINGS) -> Any:
        server.says(*replies)
        every = answers(now)
        rest = Rest(
            server.url, session(lambda request: request), attempts=2,
            given=every.given("acme", server.url, Secret(b"made-up")),
        )  # fmt: skip
        try:
            return rest.ask(asking)
        finally:
            every.save()

    return ask


def tags(server: Server) -> list[str | None]:
    """What the server was asked to compare with."""
    return [one.headers.get("If-None-Match") for one in server.asked]


def test_what_is_unchanged_is_what_was_looked_at_before(
    server: Server, asked: Callable[..., Any]
) -> None:
    assert asked(NOW, OLD).body == [{"name": "one"}]
    again = asked(LATER, Reply(b"", status=304))
    assert (again.body, again.as_of) == ([{"name": "one"}], NOW)
    assert tags(server) == [None, 'W/"1"']


def test_an_answer_that_changed_is_as_new_as_it_is(
    server: Server, asked: Callable[..., Any]
) -> None:
    asked(NOW, OLD)
    new = asked(LATER, Reply([{"name": "two"}], headers={"ETag": '"2"'}))
    assert (new.body, new.as_of) == ([{"name": "two"}], None)
    again = asked(LATER, Reply(b"", status=304))
    assert (again.body, again.as_of) == ([{"name": "two"}], LATER)
    assert tags(server)[-1] == '"2"'


def test_who_says_that_another_answer_is_unchanged_is_asked_again(
    server: Server, asked: Callable[..., Any]
) -> None:
    asked(NOW, OLD)
    new = asked(LATER, Reply(b"", status=304, headers={"ETag": '"2"'}), OLD)
    assert (new.as_of, tags(server)) == (None, [None, 'W/"1"', None])


def test_who_was_not_asked_cannot_say_that_nothing_changed(asked: Callable[..., Any]) -> None:
    with pytest.raises(NoAnswer):
        asked(NOW, Reply(b"", status=304))


def test_a_refusal_is_no_answer_of_before(asked: Callable[..., Any]) -> None:
    asked(NOW, OLD)
    with pytest.raises(NoAnswer):
        asked(LATER, Reply({"message": "no"}, status=403))


@pytest.mark.parametrize(
    "asking",
    [
        Asking(url="things"),
        Asking(url="things", method="POST", body={}, shape=SHAPE),
    ],
)
def test_only_what_is_read_and_has_a_shape_is_kept(
    server: Server, asked: Callable[..., Any], asking: Asking
) -> None:
    for _ in range(2):
        asked(NOW, OLD, asking=asking)
    assert tags(server) == [None, None]


def test_other_words_of_a_request_are_another_request(
    server: Server, asked: Callable[..., Any]
) -> None:
    asked(NOW, OLD)
    for more in ({"params": {"page": 2}}, {"headers": {"Accept": "x/y"}}, {"url": "others"}):
        asked(LATER, OLD, asking=Asking(**{"url": "things", "shape": SHAPE, **more}))  # type: ignore[arg-type]
    assert tags(server) == [None] * 4


def test_an_answer_of_another_form_is_not_kept(server: Server, asked: Callable[..., Any]) -> None:
    odd = Reply([{"name": "one"}, "hush"], headers={"ETag": '"1"'})
    assert asked(NOW, odd).body == [{"name": "one"}, "hush"]
    asked(LATER, odd)
    assert tags(server) == [None, None]


def test_an_answer_without_a_tag_is_not_kept(server: Server, asked: Callable[..., Any]) -> None:
    """Nor by its time: that is the thing's, and not of all that an answer says of it."""
    plain = Reply([{"name": "one"}], headers={"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})
    for reply in (plain, plain, Reply(plain.body, headers={"ETag": "no quotes"}), plain):
        asked(NOW, reply)
    assert "If-Modified-Since" not in server.asked[-1].headers
    assert tags(server) == [None] * 4


def test_pages_are_followed_as_before(
    server: Server, answers: Callable[[datetime], Answers]
) -> None:
    """A 304 need not say again what comes next; if it does, that counts."""

    def names(now: datetime, *replies: Reply) -> list[str]:
        server.says(*replies)
        every = answers(now)
        given = every.given("acme", server.url, Secret(b"made-up"))
        rest = Rest(server.url, session(lambda request: request), given=given)
        found = [one["name"] for page in rest.pages(THINGS, by_link) for one in page]
        every.save()
        return found

    def page(name: str, number: int, next: str = "") -> Reply:
        link = {"Link": f'<{server.url}/things?page={next}>; rel="next"'} if next else {}
        return Reply([{"name": name}], headers={"ETag": f'"{number}"', **link})

    same_one = Reply(b"", status=304)
    assert names(NOW, page("a", 1, "2"), page("b", 2)) == ["a", "b"]
    assert names(LATER, same_one, same_one) == ["a", "b"]
    assert names(LATER, same_one, page("c", 3)) == ["a", "c"]
    moved = Reply(b"", status=304, headers=page("a", 1, "3").headers)
    assert names(LATER, moved, page("d", 4)) == ["a", "d"]


def test_too_much_is_not_kept(
    server: Server, asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "MOST_BYTES", 10)
    asked(NOW, OLD)
    asked(LATER, OLD)
    assert tags(server) == [None, None]


def test_a_folder_that_cannot_be_written_costs_nothing(
    asked: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "kept").write_text("a file")
    assert asked(NOW, OLD).body == asked(LATER, OLD).body


def test_what_is_too_old_is_deleted(asked: Callable[..., Any], tmp_path: Path) -> None:
    asked(NOW, OLD)
    [file] = (tmp_path / "kept").iterdir()
    stale = file.with_name("answers-of-somebody-who-left.bin")
    file.rename(stale)
    other = file.with_name("something-else")
    other.write_text("")
    for one in (stale, other):
        os.utime(one, (1, 1))
    asked(NOW, OLD)
    assert {one.name for one in file.parent.iterdir()} == {file.name, other.name}


def test_tags_are_compared_weakly() -> None:
    assert same('W/"1"', '"1"')
    assert not same('"1"', '"2"')


def test_a_shape_takes_what_is_looked_at() -> None:
    shape = fields("id", owner=fields("login"), url=lambda url: "hidden")
    assert shaped(shape, [{"id": 1, "owner": {"login": "a", "mail": "b"}, "url": "u", "x": 1}]) == [
        {"id": 1, "owner": {"login": "a"}, "url": "hidden"}
    ]
    assert shaped(shape, {"owner": None}) == {"owner": None}
    with pytest.raises(OddAnswer):
        shaped(shape, {"owner": "a"})
