"""git over HTTP on loopback: git's own CGI program behind a door that wants a password, or sends people elsewhere."""

from __future__ import annotations

import os
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Door:
    """`allowed` is what must be said in `Authorization`; `asked` is what was."""

    url: str = ""
    allowed: str = ""
    moved_to: str = ""
    broken: int = 0
    echoes: bool = False
    asked: list[str] = field(default_factory=list)

    def lets_in(self, user: str, password: str) -> None:
        self.allowed = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


@contextmanager
def serving(root: Path) -> Iterator[Door]:
    """Every repository below a folder."""
    door = Door()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            said = self.headers.get("Authorization", "")
            door.asked.append(said)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if door.broken:
                door.broken -= 1
                return self._end(503, b"later")
            if door.moved_to:
                self.send_response(301)
                self.send_header("Location", f"{door.moved_to}{self.path}")
                self.end_headers()
                return None
            if door.allowed and said != door.allowed:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return None
            if door.echoes:
                line = f"ERR no: {said} {door.allowed}".encode()
                packet = b"%04x%b" % (len(line) + 4, line)
                return self._end(
                    200, b"001e# service=git-upload-pack\n0000" + packet,
                    "application/x-git-upload-pack-advertisement",
                )  # fmt: skip
            path, _, query = self.path.partition("?")
            done = subprocess.run(
                ["git", "http-backend"], input=body, capture_output=True, check=False,
                env={
                    **os.environ, "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                    "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1",
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                },
            )  # fmt: skip
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            status = int(headers.pop("Status", "200 OK").split()[0])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            return None

        def _end(self, status: int, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
