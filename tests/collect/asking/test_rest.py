"""JSON over HTTP, of a real server."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest

pytest.importorskip("requests")

from requests import PreparedRequest

import http_server
from http_server import Reply, Server
from keymuster.collect.asking.rest import (
    Asking,
    Follow,
    NoAnswer,
    Rest,
    by_address,
    by_link,
    by_token,
    session,
)


@pytest.fixture
def server(loopback: None) -> Iterator[Server]:
    with http_server.serving() as found:
        yield found


def sign(request: PreparedRequest) -> PreparedRequest:
    request.headers["Authorization"] = "Bearer made-up"
    return request


@pytest.fixture
def rest(server: Server) -> Rest:
    return Rest(f"{server.url}/v1", session(sign), attempts=3)


def refusal(rest: Rest, **asking: Any) -> NoAnswer:
    with pytest.raises(NoAnswer) as raised:
        rest.ask(Asking(url="things", **asking))
    return raised.value


def test_an_answer_is_json_below_the_address(server: Server, rest: Rest) -> None:
    server.says(Reply({"name": "one"}))
    assert rest.ask(Asking(url="things", params={"size": 2})).body == {"name": "one"}
    (asked,) = server.asked
    assert asked.path == "/v1/things?size=2"
    assert asked.headers["Authorization"] == "Bearer made-up"
    assert asked.headers["User-Agent"].startswith("keymuster/")


def test_a_password_of_a_netrc_file_takes_no_precedence(
    server: Server, rest: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login somebody password other\n")
    monkeypatch.setenv("NETRC", str(file))
    server.says(Reply({}))
    rest.ask(Asking(url="things"))
    assert base64.b64encode(b"somebody:other").decode() not in str(server.asked[0].headers)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_is_to_be_tried_later_is(server: Server, rest: Rest, status: int) -> None:
    server.says(Reply(status=status, headers={"Retry-After": "0"}), Reply({"name": "one"}))
    assert rest.ask(Asking(url="things")).body == {"name": "one"}


def test_a_dropped_connection_is_tried_again(server: Server, rest: Rest) -> None:
    server.says(Reply(status=0), Reply({"name": "one"}))
    assert rest.ask(Asking(url="things")).body == {"name": "one"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "0.01"},
        {"Retry-After": formatdate(0, usegmt=True)},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) - 3)},
    ],
)
def test_a_limit_of_rate_is_none_of_rights(
    server: Server, rest: Rest, headers: dict[str, str]
) -> None:
    server.says(Reply(status=403, headers=headers), Reply({"name": "one"}))
    assert rest.ask(Asking(url="things")).body == {"name": "one"}


def test_nobody_waits_for_what_is_too_far_away(server: Server, rest: Rest) -> None:
    server.says(Reply(status=429, headers={"X-Rate-Limit-Reset": str(int(time.time()) + 4000)}))
    assert refusal(rest).status == 429


def test_an_interrupt_ends_waiting(server: Server) -> None:
    stop = Event()
    server.says(Reply(status=429, headers={"Retry-After": "200"}))
    Timer(0.05, stop.set).start()
    assert refusal(Rest(server.url, session(sign), stop=stop)).status == 429


def test_it_is_given_up_at_last(server: Server, rest: Rest) -> None:
    server.says(*[Reply(status=503, headers={"Retry-After": "0"})] * 3)
    assert (refusal(rest).status, len(server.asked)) == (503, 3)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "m"}}, "PERMISSION_DENIED"),
        (
            {"error": {"status": "PERMISSION_DENIED", "details": [{"reason": "SERVICE_DISABLED"}]}},
            "SERVICE_DISABLED",
        ),
        ({"error": {"code": "Authorization_RequestDenied"}}, "Authorization_RequestDenied"),
        ({"errorCode": "E0000006"}, "E0000006"),
        ({"message": "Must have admin rights"}, "403"),
        (["strange"], "403"),
        (b"<html>not from the service</html>", "403"),
    ],
)  # fmt: skip
def test_a_refusal_has_the_code_of_the_service(
    server: Server, rest: Rest, body: Any, code: str
) -> None:
    server.says(Reply(body, status=403))
    assert refusal(rest).code == code


def test_what_was_said_is_no_part_of_the_error(server: Server, rest: Rest) -> None:
    server.says(Reply({"message": "you sent hunter2"}, status=400))
    assert "hunter2" not in repr(refusal(rest)) + str(
        refusal(rest, method="GET") if server.replies else ""
    )


def test_a_page_in_html_is_no_answer(server: Server, rest: Rest) -> None:
    server.says(Reply(b"<html></html>"))
    assert refusal(rest).code == "NotJson"


def test_an_answer_that_is_too_deep_is_none(server: Server, rest: Rest) -> None:
    server.says(Reply(b"[" * 200_000 + b"]" * 200_000))
    assert refusal(rest).code == "NotJson"


def test_what_is_no_address_is_no_page(server: Server, rest: Rest) -> None:
    server.says(Reply({"value": [1], "next": "http://[::1"}))
    with pytest.raises(NoAnswer, match="PageElsewhere"):
        list(rest.pages(Asking(url="things"), by_address("next")))


@pytest.mark.parametrize("said", ["\u00b2", "soon", "-1", ""])
def test_a_limit_that_says_no_time_is_waited_for_as_any(
    server: Server, rest: Rest, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keymuster.collect.asking.rest._FIRST_PAUSE_SECONDS", 0.001)
    for name in ("Retry-After", "X-RateLimit-Reset"):
        server.says(Reply(status=429, headers={name: said}), Reply({"name": "one"}))
        assert rest.ask(Asking(url="things")).body == {"name": "one"}


def test_a_moment_that_is_never_is_too_far_away(server: Server, rest: Rest) -> None:
    server.says(Reply(status=429, headers={"X-RateLimit-Reset": "9" * 5000}))
    assert refusal(rest).status == 429


def test_nothing_is_followed_elsewhere(server: Server, rest: Rest) -> None:
    server.says(Reply({}, status=302, headers={"Location": "http://127.0.0.1:9/"}))
    assert refusal(rest).status == 302
    server.says(Reply({"value": [1], "next": "http://127.0.0.1:9/more"}))
    with pytest.raises(NoAnswer, match="PageElsewhere"):
        list(rest.pages(Asking(url="things"), by_address("next")))


def pages(server: Server) -> dict[str, tuple[Follow, list[Reply]]]:
    return {
        "token": (by_token(), [Reply({"items": [1], "nextPageToken": "t"}), Reply({"items": [2]})]),
        "address": (
            by_address("next"),
            [Reply({"items": [1], "next": f"{server.url}/v1/things?$skip=1"}), Reply({"items": [2]})],
        ),
        "link": (
            by_link,
            [
                Reply({"items": [1]}, headers={"Link": f'<{server.url}/v1/things?page=2>; rel="next"'}),
                Reply({"items": [2]}),
            ],
        ),
        "path": (
            by_token("meta.cursor", "cursor"),
            [Reply({"items": [1], "meta": {"cursor": "c"}}), Reply({"items": [2], "meta": {"cursor": ""}})],
        ),
    }  # fmt: skip


@pytest.mark.parametrize("way", ["token", "address", "link", "path"])
def test_every_page_is_asked_for(server: Server, rest: Rest, way: str) -> None:
    follow, replies = pages(server)[way]
    server.says(*replies)
    found = [item for page in rest.pages(Asking(url="things"), follow) for item in page["items"]]
    assert (found, len(server.asked)) == ([1, 2], 2)


def test_a_token_of_what_is_posted_stands_in_the_body(server: Server, rest: Rest) -> None:
    server.says(Reply({"nextPageToken": "t"}), Reply({}))
    list(rest.pages(Asking(url="things", method="POST", body={"filter": "all"}), by_token()))
    assert [one.body for one in server.asked] == [
        {"filter": "all"},
        {"filter": "all", "pageToken": "t"},
    ]


def test_pages_that_lead_in_a_circle_end(server: Server, rest: Rest) -> None:
    server.says(*[Reply({"nextPageToken": "same"})] * 3)
    with pytest.raises(NoAnswer, match="PagesInACircle"):
        list(rest.pages(Asking(url="things"), by_token()))
