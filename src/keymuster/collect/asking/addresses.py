"""Addresses of services that users name."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from keymuster.errors import CollectError

_HERE = ("127.0.0.1", "::1", "localhost")


def checked(address: str, option: str) -> SplitResult:
    """The parts of an address to which a token may be sent; CollectError if it is none."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise CollectError(f"no address of an API: {shown(address)}", f"See --{option}.")
    if parts.scheme == "http" and host not in _HERE:
        raise CollectError(f"{shown(address)} would get the token in plain text", "Use https://.")
    return parts


def shown(address: str) -> str:
    """An address as it may be told: without the name and the password that may stand in it."""
    scheme, mark, rest = address.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else address.rpartition("@")[2]
