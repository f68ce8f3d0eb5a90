"""Messages over HTTP: to an address that is a secret itself, never elsewhere, with retries.

Neither the address nor what is answered is part of any error: Slack's and Teams' addresses let in whoever has them.
"""

from __future__ import annotations

import ipaddress
import time
from threading import Event as Flag
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keymuster.collect.asking.rest import pause_before, told_wait
from keymuster.errors import SettingsError
from keymuster.estate.channels._secrets import resolved
from keymuster.estate.channels.base import Undelivered
from keymuster.estate.credentials import Reference

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

_ATTEMPTS = 4
_TIMEOUTS = (10, 20)  # to connect, and between two bytes
_ANSWER_SECONDS = 30
_ANSWER_BYTES = 4096
_PATIENCE_SECONDS = 60

_HEADERS = {
    "Content-Type": "application/json", "User-Agent": "keymuster", "Accept-Encoding": "identity",
}  # fmt: skip

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_OF_CONTENT = frozenset({400, 413, 422})


class Address:
    """Where to send something. It has no `repr` that tells, and cannot be told by mistake."""

    def __init__(self, reference: Reference, what: str) -> None:
        """SettingsError if there is none, or if it would go over the network in the open."""
        self.name = str(reference)
        self._url = resolved(reference, what)
        try:
            parts = urlsplit(self._url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in ("https", "http") or not self._url.isprintable():
            raise SettingsError(f"{what}: {self.name} leads to what is no https address")
        if parts.scheme == "http" and not is_loopback(host):
            raise SettingsError(
                f"{what}: {self.name} leads to an http address: whoever sits between reads along",
                "Use https. http is allowed to this machine only.",
            )
        self.is_here = is_loopback(host)

    def __repr__(self) -> str:
        return f"Address({self.name})"

    def reveal(self) -> str:
        """For the request alone."""
        return self._url


def is_loopback(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Post:
    """Sends JSON to one address. Redirects are not followed. What is to be tried later is, as the receiver says when, but
    not for longer than `patience` seconds in all."""

    def __init__(self, address: Address, stop: Flag, patience: float = _PATIENCE_SECONDS) -> None:
        from requests import Session

        self._address = address
        self._stop = stop
        self._patience = patience
        self._session = Session()
        self._session.trust_env = not address.is_here  # proxies and certificates of the environment

    def send(self, body: bytes, headers: dict[str, str], method: str = "POST") -> str:
        """The beginning of what was answered; Undelivered if it was not taken."""
        from requests import RequestException

        waited = 0.0
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._session.request(
                    method, self._address.reveal(), data=body, timeout=_TIMEOUTS, stream=True,
                    allow_redirects=False, auth=_as_it_is,
                    headers={**_HEADERS, **headers},
                ) as response:  # fmt: skip
                    answer = _beginning(response)
                    status, said = response.status_code, told_wait(response.headers)
            except (RequestException, OSError, ValueError) as error:
                problem, pause = Undelivered(_unreachable(error)), pause_before(attempt)
            else:
                if 200 <= status < 300:
                    return answer
                problem = _refusal(status)
                if status not in _LATER:
                    raise problem
                pause = pause_before(attempt) if said is None else said
            waited += pause
            if attempt == _ATTEMPTS or waited > self._patience or self._stop.wait(pause):
                raise problem from None
        raise AssertionError("an attempt is the last")


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """Signs nothing: without this, passwords from ~/.netrc would go along."""
    return request


def _beginning(response: Response) -> str:
    """At most so many bytes, and no longer than so many seconds: nobody needs more of an answer."""
    ends = time.monotonic() + _ANSWER_SECONDS
    found = b""
    for chunk in response.iter_content(1024):
        found += chunk
        if len(found) >= _ANSWER_BYTES or time.monotonic() > ends:
            break
    return found[:_ANSWER_BYTES].decode("utf-8", "replace")


def _unreachable(error: Exception) -> str:
    """The kind of it only: its words quote the address."""
    from requests import exceptions

    match error:
        case exceptions.SSLError():
            return "its certificate is not trusted"
        case exceptions.ProxyError():
            return "the proxy does not let it through"
        case exceptions.Timeout():
            return "it does not answer in time"
        case exceptions.ConnectionError():
            return "it cannot be reached"
    return f"it cannot be sent ({type(error).__name__})"


def _refusal(status: int) -> Undelivered:
    if 300 <= status < 400:
        return Undelivered(
            f"it answers {status}, which leads elsewhere", "Name the final address; redirects are not followed."
        )  # fmt: skip
    if status in (401, 403, 404, 410):
        advice = (
            "See that the address is still the right one, and make a new one if it was revoked."
        )
        return Undelivered(f"it answers {status}", advice)
    return Undelivered(f"it answers {status}", refused=status in _OF_CONTENT)
