"""Where events are written: the part `events` of estate.yaml."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from keymuster.errors import SettingsError
from keymuster.estate.channels._http import is_loopback
from keymuster.settings import size_in_bytes

Format = Literal["json", "ocsf"]


class EventLog(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log of its own `name`: what was written under it is not written again. It is a `file`, of which `keep` older ones stay
    when it has grown to a `size`, or the address of a `syslog` server: tls://HOST:6514, tcp://localhost:601,
    unix:/dev/log. `ca` is a file with who vouches for that, if that is nobody known."""

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$", max_length=60)]
    format: Format = "ocsf"
    file: str = ""
    size: str | int = "100MB"
    keep: Annotated[int, Meta(ge=0, le=1000)] = 10
    syslog: str = ""
    ca: str = ""

    def __post_init__(self) -> None:
        if bool(self.file) == bool(self.syslog):
            raise ValueError("a log is either a `file` or `syslog`")
        try:
            size_in_bytes(self.size, "size")
        except SettingsError as error:
            raise ValueError("size is not a size: 500KB, 100MB, 2GB") from error
        if self.syslog:
            server(self.syslog)

    @property
    def bytes(self) -> int:
        return size_in_bytes(self.size, "size")


class Server(Struct, frozen=True, kw_only=True):
    """A syslog server: by TLS or TCP, or at a `path` of this machine."""

    host: str = ""
    port: int = 0
    tls: bool = False
    path: str = ""


def server(text: str) -> Server:
    """ValueError for what is none, and for one elsewhere that would be told in the open."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("syslog is no address") from None
    if parts.scheme == "unix" and parts.path.startswith("/") and not host:
        return Server(path=parts.path)
    if parts.scheme not in ("tls", "tcp") or not host or parts.path or parts.username:
        raise ValueError(
            "syslog is an address as tls://HOST:6514, tcp://localhost:601 or unix:/dev/log"
        )
    if parts.scheme == "tcp" and not is_loopback(host):
        raise ValueError("syslog by tcp is for this machine only; elsewhere, it takes tls://")
    is_tls = parts.scheme == "tls"
    return Server(host=host, port=port or (6514 if is_tls else 601), tls=is_tls)
