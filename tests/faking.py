"""A vendor's API on loopback, as far as tests need it: it has state, pages, throttles and refuses, and does
not answer what it does not know."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Reply:
    """A status of 0 drops the connection; a body of bytes is sent as it is."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """What becomes of the next `times` requests whose call matches."""

    call: str
    reply: Reply
    times: int = 1_000_000


class Fake:
    """The calls that it answers, by their names; the requests that came, with the status of each."""

    calls: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.url = ""
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, int]] = []
        self.strange: list[str] = []
        self._lock = threading.Lock()
        self._forms = [(one, _form(one)) for one in self.calls]

    def answer(self, call: str, parts: dict[str, str], request: Request) -> Reply:
        raise NotImplementedError

    def unknown(self) -> Reply:
        return Reply({"error": "not played"}, status=501)

    def named(self, request: Request) -> tuple[str, dict[str, str]]:
        """The call of a request, and the parts of its path; empty if it is none that is played."""
        for call, form in self._forms:
            if found := form.fullmatch(f"{request.method} {request.path}"):
                return call, {name: unquote(text) for name, text in found.groupdict().items()}
        return "", {}

    def reply(self, request: Request) -> Reply:
        call, parts = self.named(request)
        if not call:
            self.strange.append(f"{request.method} {request.path}")
            return self.unknown()
        found = self._fault(call) or self.answer(call, parts, request)
        with self._lock:
            self.asked.append((call, found.status))
        return found

    def counts(self) -> Counter[str]:
        """How often each call was made."""
        return Counter(call for call, _ in self.asked)

    def _fault(self, call: str) -> Reply | None:
        with self._lock:
            for one in self.faults:
                if one.times > 0 and re.search(one.call, call):
                    one.times -= 1
                    return one.reply
        return None


def _form(call: str) -> re.Pattern[str]:
    """`GET /users/{id}` as an expression; what stands in braces is one part of a path."""
    pieces = re.split(r"\{(\w+)\}", call)
    text = "".join(
        f"(?P<{piece}>[^/]+)" if number % 2 else re.escape(piece)
        for number, piece in enumerate(pieces)
    )
    return re.compile(text)


@contextmanager
def playing(fake: Fake) -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.fake = fake  # type: ignore[attr-defined]
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.title(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, query, headers, body)
        reply = self.server.fake.reply(request)  # type: ignore[attr-defined]
        if not reply.status:
            self.close_connection = True
            return
        sent = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        kind = {"Content-Type": "application/json", "Content-Length": str(len(sent))}
        for name, value in {**kind, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the fake remembers what it was asked."""
