"""Events to a syslog server, as RFC 5424 has them: over TLS (RFC 5425), TCP, or a socket of this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Iterator

from keymuster.estate.base import Event
from keymuster.estate.events.settings import Server
from keymuster.model import Severity

_SECONDS = 20
_FACILITY = 13  # log audit
_LEVELS = {
    Severity.CRITICAL: 2,
    Severity.HIGH: 3,
    Severity.MEDIUM: 4,
    Severity.LOW: 5,
    Severity.INFO: 6,
}


class Syslog:
    """A connection to a server, as long as it is open."""

    def __init__(self, server: Server, ca: str = "") -> None:
        self._server, self._ca = server, ca
        self._socket: socket.socket | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """OSError if nobody is there, or it is not who it should be."""
        with self._connected() as self._socket:
            yield
            if not self._server.path:
                self._say_farewell()

    def write(self, one: Event, line: str) -> None:
        assert self._socket is not None
        message = framed(one, line)
        if self._server.path:
            self._socket.send(message)
        else:  # each with its length before it (RFC 6587)
            self._socket.sendall(str(len(message)).encode() + b" " + message)

    def _connected(self) -> socket.socket:
        server = self._server
        if server.path:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                made.settimeout(_SECONDS)
                made.connect(server.path)
            except BaseException:
                made.close()
                raise
            return made
        plain = socket.create_connection((server.host, server.port), timeout=_SECONDS)
        if not server.tls:
            return plain
        try:
            trusted = ssl.create_default_context(cafile=self._ca or None)
            return trusted.wrap_socket(plain, server_hostname=server.host)
        except BaseException:
            plain.close()
            raise

    def _say_farewell(self) -> None:
        """Wait until the server has let go of the connection, too: what it had not taken by then is an error."""
        assert self._socket is not None
        if isinstance(self._socket, ssl.SSLSocket):
            with contextlib.suppress(ssl.SSLError, TimeoutError):
                self._socket.unwrap()
            return
        self._socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(TimeoutError):
            while self._socket.recv(4096):
                pass


def framed(one: Event, line: str) -> bytes:
    """One message. What is in the header is ours."""
    level = _FACILITY * 8 + _LEVELS[one.finding.severity]
    at = one.at.isoformat(timespec="milliseconds")
    head = f"<{level}>1 {at} {_host()} keymuster {os.getpid()} finding - "
    return head.encode() + line.encode("utf-8", "backslashreplace")


def _host() -> str:
    name = socket.gethostname()[:255]
    return name if name.isascii() and name.isprintable() and name and " " not in name else "-"
