"""AWS that does not answer as it should: a server on loopback in front of moto's.

It speaks the two ways of AWS that the essential calls have, forms with XML and JSON.
"""

from __future__ import annotations

import http.client
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CODES = {
    "throttled": (400, "Throttling", "ThrottlingException"),
    "denied": (403, "AccessDenied", "AccessDeniedException"),
    "expired": (403, "ExpiredToken", "ExpiredTokenException"),
    "skewed": (403, "RequestTimeTooSkewed", "RequestTimeTooSkewed"),
    "forbidden": (403, "403", "403"),
    "off": (403, "OptInRequired", "OptInRequired"),
}
"""Fault -> status, and its code in XML and in JSON. `page` and `drop` are none that AWS makes."""


@dataclass
class Rule:
    """What becomes of calls of an operation: a fault, the first `times` times, or pages of a `size`."""

    operation: str
    fault: str = ""
    times: int = 1_000_000
    size: int = 0
    region: str = ""


@dataclass
class Faults:
    """The server's address; what is to go wrong; and what was called, with the status of the answer."""

    url: str
    rules: list[Rule] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)

    def count(self, operation: str) -> int:
        return len([one for one, _ in self.calls if one == operation])


@contextmanager
def before(upstream: str) -> Iterator[Faults]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    found = Faults(url=f"http://127.0.0.1:{server.server_address[1]}")
    server.faults = found  # type: ignore[attr-defined]
    server.upstream = upstream.removeprefix("http://")  # type: ignore[attr-defined]
    server.lock = threading.Lock()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "")
        form = {} if target else dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        operation = target.rpartition(".")[2] or form.get("Action", self.path)
        rule = self._rule(operation)
        if rule is not None and rule.size:
            body = _in_pages(body, form, rule.size)
        if rule is None or not rule.fault:
            status, content, kind = self._asked(body)
        elif rule.fault == "drop":
            self._note(operation, 0)
            self.close_connection = True
            return
        elif rule.fault == "page":
            page = b"<!doctype html><html lang=en><title>500</title><p>Sorry</html>"
            status, content, kind = 500, page, "text/html"
        else:
            status, content, kind = _refusal(rule.fault, is_json=bool(target))
        self._note(operation, status)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST

    def _rule(self, operation: str) -> Rule | None:
        scope = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")
        region = scope[2] if len(scope) > 2 else ""
        with self.server.lock:  # type: ignore[attr-defined]
            for one in self.server.faults.rules:  # type: ignore[attr-defined]
                fits = one.operation in ("*", operation) and one.region in ("", region)
                if fits and one.times > 0:
                    one.times -= 1
                    return one  # type: ignore[no-any-return]
        return None

    def _asked(self, body: bytes) -> tuple[int, bytes, str]:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)  # type: ignore[attr-defined]
        left_out = {"host", "content-length", "connection", "accept-encoding"}
        headers = {key: value for key, value in self.headers.items() if key.lower() not in left_out}
        try:
            upstream.request(self.command, self.path, body, headers)
            answer = upstream.getresponse()
            return answer.status, answer.read(), answer.getheader("Content-Type", "")
        finally:
            upstream.close()

    def _note(self, operation: str, status: int) -> None:
        with self.server.lock:  # type: ignore[attr-defined]
            self.server.faults.calls.append((operation, status))  # type: ignore[attr-defined]


def _in_pages(body: bytes, form: dict[str, str], size: int) -> bytes:
    if form:
        return urllib.parse.urlencode({**form, "MaxItems": str(size)}).encode()
    return json.dumps({**json.loads(body or b"{}"), "MaxResults": size}).encode()


def _refusal(fault: str, *, is_json: bool) -> tuple[int, bytes, str]:
    status, in_xml, in_json = CODES[fault]
    if is_json:
        said = json.dumps({"__type": in_json, "message": "as the test says"})
        return status, said.encode(), "application/x-amz-json-1.1"
    error = f"<Error><Code>{in_xml}</Code><Message>as the test says</Message></Error>"
    return status, f"<ErrorResponse>{error}</ErrorResponse>".encode(), "text/xml"
