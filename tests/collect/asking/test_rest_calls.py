"""Surfaces that ask by HTTP, of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("requests")

import http_server
from http_server import Reply, Server
from keymuster.collect.asking import calls, rest
from keymuster.collect.asking.calls import RestScope, Route
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.asking.work import look

ROUTES = {
    "robots.list": Route(path="orgs/{org}/robots", follow=rest.by_token()),
    "robots.get": Route(path="{+name}/keys"),
}


class Session:
    account = "acme"

    def __init__(self, url: str) -> None:
        self.ended: Refused | None = None
        self._rest = rest.Rest(url, rest.session(lambda request: request), attempts=1)

    def rest(self, base: str) -> rest.Rest:
        return self._rest


class Scope(RestScope):
    part = "robots"

    def route(self, call: str) -> Route:
        return ROUTES[call]

    def needed(self, call: str) -> str:
        return "robots.read"


@pytest.fixture
def server(loopback: None) -> Iterator[Server]:
    with http_server.serving() as found:
        yield found


def nothing(_: Scope) -> Iterator[Told]:
    return iter(())


@pytest.fixture
def ask(server: Server) -> Scope:
    surface = Surface(name="robots", calls=tuple(ROUTES), types=(), look=nothing)
    return Scope(Session(server.url), surface)


def test_parts_of_a_path_are_quoted(server: Server, ask: Scope) -> None:
    server.says(Reply({}), Reply({}))
    ask.answer("robots.list", org="a/b?c", size=3, page=None)
    ask.answer("robots.get", name="orgs/acme/robots/r 1")
    assert [one.path for one in server.asked] == [
        "/orgs/a%2Fb%3Fc/robots?size=3", "/orgs/acme/robots/r%201/keys",
    ]  # fmt: skip


def test_items_of_all_pages(server: Server, ask: Scope) -> None:
    server.says(Reply({"robots": [1, 2], "nextPageToken": "t"}), Reply({"robots": [3]}))
    assert list(ask.pages("robots.list", "robots", org="acme")) == [1, 2, 3]
    assert ask.troubles() == ()


@pytest.mark.parametrize("body", [{}, {"robots": None}, {"robots": "strange"}, [], None])
def test_a_page_without_items_has_none(server: Server, ask: Scope, body: Any) -> None:
    server.says(Reply(body))
    assert list(ask.pages("robots.list", "robots", org="acme")) == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=403), "robots: robots.get was denied (403); what"),
        (Reply({"error": {"code": "Gone"}}, status=404), "has no answer here (Gone)"),
        (Reply(status=429), "was throttled until it was given up (429)"),
        (Reply(status=503), "was not answered (503)"),
        (Reply(status=0), "was not answered (ConnectionError)"),
        (Reply(status=418), "failed (418)"),
    ],
)
def test_a_refusal_is_a_trouble(server: Server, ask: Scope, reply: Reply, words: str) -> None:
    server.says(reply)
    assert ask.answer("robots.get", name="r") is None
    (trouble,) = ask.troubles()
    assert words in trouble.message
    assert (trouble.part, trouble.scope) == ("robots", "acme")


def test_what_is_absent_is_no_trouble(server: Server, ask: Scope) -> None:
    server.says(Reply({"error": {"code": "NotFound"}}, status=404), Reply(status=404))
    assert ask.answer("robots.get", "NotFound", name="r") is None
    assert ask.answer("robots.get", "404", name="r") is None
    assert ask.troubles() == ()


def test_what_is_absent_is_told_from_what_was_refused(server: Server, ask: Scope) -> None:
    server.says(Reply(status=404), Reply(status=403), Reply(status=404), Reply(status=403))
    assert ask.answer_or_empty("robots.get", "404", name="r") == {}
    assert ask.answer_or_empty("robots.get", "404", name="r") is None
    assert ask.whole("robots.list", "robots", "404", org="acme") == []
    assert ask.whole("robots.list", "robots", "404", org="acme") is None


def test_a_list_is_whole_when_every_page_is_there(server: Server, ask: Scope) -> None:
    server.says(Reply({"robots": [1], "nextPageToken": "t"}), Reply({"robots": [2]}))
    assert ask.whole("robots.list", "robots", org="acme") == [1, 2]
    server.says(Reply({"robots": [1], "nextPageToken": "t"}), Reply(status=403))
    assert ask.whole("robots.list", "robots", org="acme") is None


def test_an_empty_answer_is_an_answer(server: Server, ask: Scope) -> None:
    server.says(Reply({}))
    assert ask.answer("robots.get", name="r") == {}


def test_a_sign_in_that_ended_is_said_once_and_nothing_is_asked_after(
    server: Server, ask: Scope
) -> None:
    server.says(Reply(status=401))
    ask.answer("robots.get", name="r")
    unit = look(ask)
    assert unit.troubles == ()
    assert "the sign-in is not valid" in unit.looked.problem
    assert len(server.asked) == 1


def test_a_call_that_is_not_named_is_a_mistake(ask: Scope) -> None:
    with pytest.raises(AssertionError, match="does not say that it calls"):
        ask.answer("robots.delete")
    assert calls.refused("c", rest.NoAnswer(403, "x"), "s", "").advice.startswith("`keymuster")
