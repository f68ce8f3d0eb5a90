"""A service on loopback that has things, gives them by pages, counts what it is asked, lets in only whoever
may, and fails as it is told."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

Handler: TypeAlias = Callable[..., Any]
"""What a call gives: a list, of which it gives a page; an object; None where there is nothing. It is given
what stands in the path, `query` and `body`."""


@dataclass
class Fault:
    """What to say to requests whose path matches, so many `times` after `skip`. A status of 0 drops the
    connection."""

    path: str
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    times: int = 1
    skip: int = 0


@dataclass
class Fake:
    """`handlers` are by call (`GET /orgs/{org}/hooks`). `may` says whether who asks may make a call. `lists`
    are the calls that have their items under a name. With `tags`, answers have entity tags as GitHub makes them, of
    the token and what is told: who has one is told with a 304 if it is still so. `conditional` are the requests with
    such a tag, `unchanged` those of them that were answered so; what leads to the next page is not said again."""

    handlers: dict[str, Handler]
    lists: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    largest: int = 100
    may: Callable[[str], bool] = lambda call: True
    refuses: int = 403
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: list[tuple[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    tags: bool = False
    conditional: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def forget(self) -> None:
        """What was asked."""
        for one in (self.asked, self.answers, self.conditional, self.unchanged):
            one.clear()

    @property
    def told(self) -> Counter[str]:
        """Calls that got a new answer."""
        return Counter(call for call, _ in self.answers) - Counter(self.unchanged)

    @property
    def counts(self) -> Counter[str]:
        return Counter(self.asked)

    def reply(
        self, method: str, target: str, body: Any, token: str
    ) -> tuple[int, Any, dict[str, str]]:
        parts = urlsplit(target)
        path = parts.path.removeprefix(self.prefix)
        with self.lock:
            call = template_of(f"{method} {path}", iter(self.handlers))
            self.asked.append(call or f"{method} {path}")
            for fault in self.faults:
                if re.search(fault.path, path) and fault.times:
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault.status, fault.body, fault.headers
        if self.tokens and token not in self.tokens:
            return 401, {"message": "Bad credentials"}, {}
        if not call:
            return 501, {"message": "this fake does not know that"}, {}
        if not self.may(call):
            return self.refuses, {"message": "not allowed"}, {}
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        found = self.handlers[call](**_named(call, f"{method} {path}"), query=query, body=body)
        if found is None:
            return 404, {"message": "Not Found"}, {}
        answer, headers = self._page(call, found, parts.path, query)
        with self.lock:
            self.answers.append((call, answer))
        return 200, answer, {**self.headers, **headers}

    def tag(self, request: str, answer: bytes, token: str, held: str) -> tuple[str, bool]:
        """The entity tag of an answer, and whether it is one of those that the client `held`."""
        made = f'W/"{sha256(token.encode() + answer).hexdigest()}"'
        same = made in [one.strip() for one in held.split(",")]
        call = template_of(request, iter(self.handlers))
        with self.lock:
            self.conditional += [call] if held else []
            self.unchanged += [call] if same else []
        return made, same

    def _page(
        self, call: str, found: Any, path: str, query: dict[str, str]
    ) -> tuple[Any, dict[str, str]]:
        if not isinstance(found, list):
            return found, {}
        size = min(int(query.get("per_page", 30)), self.largest)
        number = int(query.get("page", 1))
        start = (number - 1) * size
        page: Any = found[start : start + size]
        if key := self.lists.get(call):
            page = {"total_count": len(found), key: page}
        if start + size >= len(found):
            return page, {}
        next = urlencode({**query, "page": number + 1})
        return page, {"Link": f'<{self.url}{path}?{next}>; rel="next"'}


def _named(call: str, request: str) -> dict[str, str]:
    pattern = re.sub(r"\{([^}]+)\}", r"(?P<\1>[^/]+)", call)
    found = re.fullmatch(pattern, request)
    return {name: unquote(value) for name, value in found.groupdict().items()} if found else {}


def template_of(call: str, templates: Iterator[str]) -> str:
    """The call that a request is, `GET /orgs/acme/hooks`: the one with most words of its own."""
    fitting = [one for one in templates if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", one), call)]
    return min(fitting, key=lambda one: one.count("{"), default="")


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
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

    def do_GET(self) -> None:
        fake: Fake = self.server.fake  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        said = self.headers.get("Authorization", "") or self.headers.get("PRIVATE-TOKEN", "")
        status, answer, headers = fake.reply(self.command, self.path, body, said.split(" ")[-1])
        if not status:
            self.close_connection = True
            self.connection.close()
            return
        sent = json.dumps(answer).encode()
        if fake.tags and status == 200 and self.command == "GET":
            request = f"GET {urlsplit(self.path).path.removeprefix(fake.prefix)}"
            held = self.headers.get("If-None-Match", "")
            tag, same = fake.tag(request, sent, said, held)
            headers = {"ETag": tag} if same else {**headers, "ETag": tag}
            status, sent = (304, b"") if same else (status, sent)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(sent)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test knows what it asked."""
