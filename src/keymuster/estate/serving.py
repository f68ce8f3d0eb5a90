"""Pages over HTTP for those on this machine: read-only, and nothing for strangers.

What reaches us by another name than ours is refused: a page elsewhere can make a browser ask us by a name of its own
(DNS rebinding). What an address holds is never logged, as it may hold a token.
"""

from __future__ import annotations

import contextlib
import gzip
import ipaddress
import socket
from collections.abc import Callable, Collection, Mapping
from email.message import Message as Headers
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import BoundedSemaphore, Timer
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from keymuster.errors import KeymusterError, SettingsError

_SECONDS = 10.0
"""Within which somebody who asks has to go on asking."""

_ASKING_SECONDS = 20.0
"""Within which they have to have asked: a letter now and then would keep others out for ever."""

_MOST_AT_ONCE = 16
_WORTH_PACKING = 1024

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Address(Struct, frozen=True, kw_only=True):
    """Where to listen. Port 0 is any that is free."""

    host: str
    port: int

    @property
    def is_here(self) -> bool:
        """Whether only this machine gets there."""
        return self.host == "localhost" or (_ip(self.host) or _ELSEWHERE).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Page(Struct, frozen=True, kw_only=True):
    """What is answered. `packed` is the same body by gzip, if somebody has made that already."""

    body: bytes
    type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = {}
    packed: bytes | None = None


Answer = Callable[[str, Mapping[str, str]], Page | None]
"""The page for a path (without what follows a `?`) and the headers of who asks; None if there is none."""


def address(text: str) -> Address:
    """`127.0.0.1:9750`, `[::1]:9750`, `localhost:0`. SettingsError for anything else."""
    host, colon, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    is_host = bool(bare) and (":" not in bare or host.startswith("["))
    if not colon or not is_host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(
            f"{text!r} is no address to listen on", "Write HOST:PORT, as in 127.0.0.1:9750."
        )
    return Address(host=bare, port=int(port))


class Server(ThreadingHTTPServer):
    """Answers GET and HEAD. It listens as soon as it is made; `names` are further ones that it may be asked by."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 16
    is_asked_to_end = False

    def __init__(self, at: Address, answer: Answer, names: Collection[str] = ()) -> None:
        self.answer = answer
        self._places = BoundedSemaphore(_MOST_AT_ONCE)
        self._names = {"localhost", at.host.casefold(), *(one.casefold() for one in names)}
        self.address_family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
        try:
            super().__init__((at.host, at.port), _Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise SettingsError(
                f"cannot listen on {at}: {why}", "Choose another one: --listen."
            ) from None
        self.at = Address(host=at.host, port=self.server_address[1])

    def server_bind(self) -> None:
        """As the one of HTTPServer, without asking a name server who we are."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = (
            str(self.server_address[0]),
            int(self.server_address[1]),
        )

    def service_actions(self) -> None:
        """Between two who ask."""
        if self.is_asked_to_end:
            raise KeyboardInterrupt

    def is_ours(self, host: str | None) -> bool:
        """Whether a `Host` header names us: by number, or by a name that we know. A page elsewhere cannot make a browser do
        the former."""
        try:
            name = urlsplit(f"//{host}").hostname if host else None
        except ValueError:
            return False
        return name is not None and (name in self._names or _ip(name) is not None)

    def process_request(self, request: Any, client_address: Any) -> None:
        """No more threads than so many: whoever comes then has to come again."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone; the words of the error may quote what they asked."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _SECONDS
    server_version = "keymuster"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self._patience = Timer(_ASKING_SECONDS, self._shut)
        self._patience.daemon = True
        self._patience.start()

    def finish(self) -> None:
        self._patience.cancel()
        super().finish()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        self._patience.cancel()
        server = self.server
        assert isinstance(server, Server)
        if not server.is_ours(self.headers.get("Host")):
            return self._send(_said(421, "This is not who you asked for."))
        path = self.path.partition("?")[0].partition("#")[0]
        try:
            page = server.answer(path, dict(self.headers.items()))
        except KeymusterError as error:
            page = _said(503, error.message)
        except Exception as error:  # noqa: BLE001 - a fault of ours, whose words may quote what is stored
            page = _said(500, f"internal error: {type(error).__name__}")
        return self._send(page or _said(404, "There is nothing here."))

    do_HEAD = do_GET

    def _send(self, page: Page) -> None:
        body = page.body
        self.send_response(page.status)
        headers = {**_HEADERS, "Content-Type": page.type, "Vary": "Accept-Encoding", **page.headers}
        if len(body) > _WORTH_PACKING and _takes_gzip(self.headers.get("Accept-Encoding") or ""):
            body = page.packed if page.packed is not None else gzip.compress(body, 5)
            headers["Content-Encoding"] = "gzip"
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no request, or none of ours. Nothing of it is repeated."""
        page = _said(405, "405: this can only be read.") if code == 501 else _said(code, str(code))
        self.close_connection = True
        self.headers = self.headers if hasattr(self, "headers") else Headers()
        self._send(replace(page, headers={"Allow": "GET, HEAD"} if code == 501 else {}))

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses hold tokens."""


def _said(status: int, text: str) -> Page:
    return Page(body=f"{text}\n".encode("utf-8", "backslashreplace"), status=status)


def _takes_gzip(header: str) -> bool:
    for one in header.casefold().split(","):
        name, _, rest = one.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            quality = rest.strip().removeprefix("q=")
            return quality.strip("0.") != "" if rest else True
    return False


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


_ELSEWHERE = ipaddress.ip_address("0.0.0.0")
