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
        raise CollectError(f"no address of an API: {address}", f"See --{option}.")
    if parts.scheme == "http" and host not in _HERE:
        raise CollectError(f"{address} would get the token in plain text", "Use https://.")
    return parts
