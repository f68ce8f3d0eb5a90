from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse

import pytest

from keymuster.errors import SettingsError, Unreachable
from keymuster.estate import serving
from keymuster.estate.serving import Answer, Page, Server, address


@contextmanager
def running(answer: Answer, listen: str = "127.0.0.1:0", *names: str) -> Iterator[Server]:
    server = Server(address(listen), answer, names)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(
    server: Server, path: str = "/", method: str = "GET", headers: Mapping[str, str] = {}
) -> tuple[HTTPResponse, bytes]:
    client = HTTPConnection("127.0.0.1", server.at.port, timeout=5)
    try:
        client.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            client.putheader(name, value)
        client.endheaders()
        answer = client.getresponse()
        return answer, answer.read()
    finally:
        client.close()


def page(path: str, headers: Mapping[str, str]) -> Page | None:
    return Page(body=b"x" * 5000) if path == "/here" else None


def test_a_page_is_there_and_nothing_else(loopback: None) -> None:
    with running(page) as server:
        answer, body = ask(server, "/here?and=more")
        assert (answer.status, len(body)) == (200, 5000)
        assert ask(server, "/elsewhere")[0].status == 404
        answer, body = ask(server, "/here", "HEAD")
        assert (answer.status, answer.headers["Content-Length"], body) == (200, "5000", b"")


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"]
)
def test_nothing_can_be_written(method: str, loopback: None) -> None:
    with running(page) as server:
        answer, _ = ask(server, "/here", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_browsers_are_told_to_keep_and_pass_on_nothing(loopback: None) -> None:
    with running(page) as server:
        for path in ("/here", "/elsewhere"):
            headers = ask(server, path)[0].headers
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "Python" not in str(headers)


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:8000", True),
        ("localhost", True),
        ("[::1]:80", True),
        ("estate.acme.test:80", True),
        ("evil.test", False),
        ("evil.test:80@127.0.0.1.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("localhost.evil.test", False),
        ("", False),
        ("[", False),
    ],
)
def test_who_asks_for_somebody_else_gets_nothing(host: str, is_ours: bool, loopback: None) -> None:
    with running(page, "127.0.0.1:0", "estate.acme.test") as server:
        answer, body = ask(server, "/here", headers={"Host": host})
        assert (answer.status == 200) is is_ours
        assert (b"xxx" in body) is is_ours


def test_big_pages_are_packed_for_those_who_take_it(loopback: None) -> None:
    with running(page) as server:
        answer, body = ask(server, "/here", headers={"Accept-Encoding": "br, gzip;q=0.8"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(body) == b"x" * 5000
        answer, _ = ask(server, "/here", headers={"Accept-Encoding": "gzip;q=0, br"})
        assert answer.headers["Content-Encoding"] is None


def test_a_fault_is_told_without_its_words(loopback: None) -> None:
    def broken(path: str, headers: Mapping[str, str]) -> Page:
        if path == "/away":
            raise Unreachable("the store does not answer")
        raise ValueError("words of a finding")

    with running(broken) as server:
        assert ask(server, "/away")[1] == b"the store does not answer\n"
        answer, body = ask(server, "/x")
        assert (answer.status, body) == (500, b"internal error: ValueError\n")


def test_those_who_say_nothing_do_not_keep_others_out(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_MOST_AT_ONCE", 3)
    monkeypatch.setattr(serving._Handler, "timeout", 0.2)
    with running(page) as server:
        silent = [socket.create_connection(("127.0.0.1", server.at.port)) for _ in range(10)]
        for one in silent:
            one.settimeout(5)
            assert one.recv(1) == b""  # let go of, at once or after their time
            one.close()
        assert ask(server, "/here")[0].status == 200


def test_those_who_ask_letter_by_letter_are_let_go_of(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_ASKING_SECONDS", 0.2)
    with running(page) as server, socket.create_connection(("127.0.0.1", server.at.port)) as one:
        one.settimeout(0.02)
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            try:
                one.sendall(b"G")
                assert one.recv(1) == b""
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() < ends
        assert ask(server, "/here")[0].status == 200


def test_what_is_no_request_is_refused_without_being_repeated(loopback: None) -> None:
    with running(page) as server:
        with socket.create_connection(("127.0.0.1", server.at.port)) as one:
            one.sendall(b"GET /<script> HTTP/9.9 x\r\n\r\n")
            one.settimeout(5)
            said = b"".join(iter(lambda: one.recv(4096), b""))
        assert b"400" in said
        assert b"script" not in said


@pytest.mark.parametrize(
    ("text", "host", "port", "is_here"),
    [
        ("127.0.0.1:9750", "127.0.0.1", 9750, True),
        ("[::1]:1", "::1", 1, True),
        ("localhost:0", "localhost", 0, True),
        ("0.0.0.0:80", "0.0.0.0", 80, False),
        ("[::]:80", "::", 80, False),
        ("estate.acme.test:80", "estate.acme.test", 80, False),
    ],
)
def test_an_address_says_whether_others_get_there(
    text: str, host: str, port: int, is_here: bool
) -> None:
    found = address(text)
    assert (found.host, found.port, found.is_here) == (host, port, is_here)


@pytest.mark.parametrize(
    "text", ["", "9750", ":9750", "a:", "a:b", "a:70000", "::1:80", "a:-1", "a:٣"]
)
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="no address to listen on"):
        address(text)


def test_a_place_that_is_taken_is_told(loopback: None) -> None:
    with (
        running(page) as server,
        pytest.raises(SettingsError, match=r"cannot listen on 127\.0\.0\.1"),
    ):
        Server(server.at, page)
