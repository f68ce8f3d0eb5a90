"""JSON over HTTP, for services that are asked without an SDK: retries, limits of rate, pages.

What stands in a body is no part of any error: it may hold what was sent, or secrets.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from keymuster.collect.asking.shape import OddAnswer, Shape, shaped
from keymuster.collect.asking.unchanged import Given, Held, same

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

    SessionT = TypeVar("SessionT", bound=Session)

CONNECTIONS = 16
_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.5
_MOST_PAUSE_SECONDS = 60.0

_OK = range(200, 300)
_LATER = frozenset({429, 500, 502, 503, 504})
_FORBIDDEN = 403
_NOT_MODIFIED = 304


class NoAnswer(Exception):
    """A request without an answer. `status` is that of HTTP, 0 if there was none at all; `code` is what the
    service calls it, or the name of what failed."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class Answer(Struct, frozen=True):
    """What a service said: a JSON value, and the headers beside it. One that it gave `as_of` an earlier scan is, as
    it says, still the same."""

    body: Any
    headers: Mapping[str, str]
    as_of: datetime | None = None


class Asking(Struct, frozen=True, kw_only=True):
    """One request. `url` may be relative to the service's; a body of bytes is sent as it is. All that is looked at of
    the answer is its `shape`, if it has one: only then may it be kept."""

    url: str
    method: str = "GET"
    params: Mapping[str, Any] = {}
    body: Any = None
    headers: Mapping[str, str] = {}
    shape: Shape = None


Follow: TypeAlias = Callable[[Asking, Answer], Asking | None]
"""The request for the page after an answer; None if there is none."""

CodeOf: TypeAlias = Callable[[Any], str]
"""What a service calls its refusal, from the body of an answer; empty if it is none."""


class Rest:
    """A service at one address. `session` signs the requests. What is to be tried later is tried again, as
    the service says when, but not if that is more than `patience` seconds away. Waiting ends when `stop`
    is set. What was `given` before is told again only if it has changed. Redirects and pages elsewhere are
    not followed: what signs in here is nobody else's."""

    def __init__(
        self,
        base: str,
        session: Session,
        *,
        stop: Event | None = None,
        patience: float = 300,
        code_of: CodeOf | None = None,
        attempts: int = _ATTEMPTS,
        given: Given | None = None,
    ) -> None:
        self.base = base.rstrip("/") + "/"
        self._session = session
        self._stop = stop or Event()
        self._patience = patience
        self._code_of = code_of or code_of_body
        self._attempts = attempts
        self._given = given

    def ask(self, asking: Asking) -> Answer:
        """NoAnswer if there is none."""
        from requests import RequestException

        url = self._address(asking.url)
        held = self._given.held(asking, url) if self._given else None
        for attempt in range(1, self._attempts + 1):
            try:
                response = self._asked(asking, url, held)
            except RequestException as error:
                refusal = NoAnswer(0, type(error).__name__)
                pause: float | None = pause_before(attempt)
            else:
                if held is not None and response.status_code == _NOT_MODIFIED:
                    if same(held.tag, response.headers.get("ETag", held.tag)):
                        link = response.headers.get("Link", held.link)
                        return Answer(held.said(), {**response.headers, "Link": link}, held.first)
                    held, refusal, pause = None, NoAnswer(_NOT_MODIFIED, "AnotherTag"), 0.0
                else:
                    found = self._read(response)
                    if isinstance(found, Answer):
                        return self._looked_at(asking, url, found)
                    refusal, pause = found, _wait(response, attempt, found.code)
            if pause is None or pause > self._patience or attempt == self._attempts:
                raise refusal
            if self._stop.wait(pause):
                raise refusal
        raise AssertionError("an attempt is the last")

    def _asked(self, asking: Asking, url: str, held: Held | None) -> Response:
        is_made = isinstance(asking.body, bytes)
        unless = {} if held is None else {"If-None-Match": held.tag}
        return self._session.request(
            asking.method, url, params=dict(asking.params) or None,
            data=asking.body if is_made else None, json=None if is_made else asking.body,
            headers={"Accept": "application/json", **asking.headers, **unless},
            timeout=(_CONNECT_SECONDS, _READ_SECONDS), allow_redirects=False,
        )  # fmt: skip

    def _looked_at(self, asking: Asking, url: str, found: Answer) -> Answer:
        """The answer in its shape. One of another form is left as it is, for who looks at it to stumble."""
        try:
            body = shaped(asking.shape, found.body)
        except OddAnswer:
            return found
        if self._given is not None:
            self._given.note(asking, url, body, found.headers)
        return Answer(body, found.headers)

    def pages(self, asking: Asking, follow: Follow) -> Iterator[Any]:
        """The body of every page; NoAnswer where one fails."""
        return (one.body for one in self.answers(asking, follow))

    def answers(self, asking: Asking, follow: Follow) -> Iterator[Answer]:
        """The same, with what is beside each body."""
        next: Asking | None = asking
        seen: set[tuple[str, str]] = set()
        while next is not None:
            answer = self.ask(next)
            if self._given is not None:
                self._given.page(next, self._address(next.url), answer.body, answer.headers)
            yield answer
            next = follow(next, answer)
            if next is not None:
                key = (next.url, repr(sorted(next.params.items())) + repr(next.body))
                if key in seen:
                    raise NoAnswer(200, "PagesInACircle")
                seen.add(key)

    def _address(self, url: str) -> str:
        try:
            full = urljoin(self.base, url)
            is_here = urlsplit(full)[:2] == urlsplit(self.base)[:2]
        except ValueError:  # no address at all
            is_here = False
        if not is_here:
            raise NoAnswer(0, "PageElsewhere")
        return full

    def _read(self, response: Response) -> Answer | NoAnswer:
        """An answer that says in its body that it is none counts as none."""
        try:
            body = self._decode(response) if response.content else None
        except (ValueError, RecursionError):  # too deep to be meant
            if response.status_code in _OK:
                return NoAnswer(response.status_code, "NotJson")
            body = None
        code = self._code_of(body)
        if response.status_code in _OK and not code:
            return Answer(body, response.headers)
        return NoAnswer(response.status_code, code or str(response.status_code))

    def _decode(self, response: Response) -> Any:
        """What a body says; ValueError if it cannot be read."""
        return response.json()


def code_of_body(body: Any) -> str:
    """The code of a refusal as Google (`error.status`, or the reason in its details), Microsoft
    (`error.code`) and Okta (`errorCode`) write it."""
    error = body.get("error") if isinstance(body, dict) else None
    match error:
        case {"details": [*details], "status": str(status)}:
            reasons = [one.get("reason") for one in details if isinstance(one, dict)]
            return next((one for one in reasons if isinstance(one, str) and one), status)
        case {"status": str(code)} | {"code": str(code)}:
            return code
        case {"errors": [{"reason": str(reason)}, *_]}:
            return reason
        case str() if error and isinstance(body.get("error_description"), str):
            return error
    found = body.get("errorCode") if isinstance(body, dict) else None
    return found if isinstance(found, str) else ""


def _wait(response: Response, attempt: int, code: str) -> float | None:
    """Seconds to wait before the request is worth repeating; None if it never is."""
    headers = response.headers
    limited = response.status_code == _FORBIDDEN and (
        "Retry-After" in headers or headers.get("X-RateLimit-Remaining") == "0"
    )
    if response.status_code not in _LATER and not limited and code not in _LATER_CODES:
        return None
    said = told_wait(headers)
    return pause_before(attempt) if said is None else said


_LATER_CODES = {
    "ratelimited",
    "rate_limited",
    "RATE_LIMIT_EXCEEDED",
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "RESOURCE_EXHAUSTED",
    "TooManyRequests",
}


def told_wait(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds or as a date; the moment of the next period, as GitHub, Okta and GitLab
    tell it, in seconds since 1970."""
    text = headers.get("Retry-After", "").strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    if text:
        try:
            return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (TypeError, ValueError):
            return None
    for name in ("X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset"):
        if _NUMBER.fullmatch(moment := headers.get(name, "").strip()):
            return max(0.0, float(moment) - time.time()) + 1
    return None


_NUMBER = re.compile(r"[0-9]+(?:[.][0-9]*)?")


def pause_before(attempt: int) -> float:
    """Twice as long each time, and never the same for two."""
    longest = min(_MOST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1)


def by_token(token: str = "nextPageToken", parameter: str = "pageToken") -> Follow:
    """Pages of which each names the next by a token in its body. Either may be a path: `meta.cursor`."""

    def follow(asking: Asking, answer: Answer) -> Asking | None:
        found = at(answer.body, token)
        if not isinstance(found, str) or not found:
            return None
        if asking.method == "POST" and isinstance(asking.body, dict):
            return replace(asking, body={**asking.body, parameter: found})
        return replace(asking, params={**asking.params, parameter: found})

    return follow


def by_address(key: str) -> Follow:
    """Pages of which each has the address of the next in its body: `@odata.nextLink`, `nextLink`."""

    def follow(asking: Asking, answer: Answer) -> Asking | None:
        found = answer.body.get(key) if isinstance(answer.body, dict) else None
        return replace(asking, url=found, params={}) if isinstance(found, str) and found else None

    return follow


def by_link(asking: Asking, answer: Answer) -> Asking | None:
    """Pages of which each has the address of the next in its `Link` header (RFC 8288)."""
    from requests.utils import parse_header_links

    for link in parse_header_links(answer.headers.get("Link", "")):
        if link.get("rel") == "next":
            return replace(asking, url=link["url"], params={})
    return None


def by_number(page: str, pages: str, parameter: str = "page") -> Follow:
    """Pages that have numbers: each says its own and how many there are, under the paths `page` and
    `pages`."""

    def follow(asking: Asking, answer: Answer) -> Asking | None:
        number, last = at(answer.body, page), at(answer.body, pages)
        if not isinstance(number, int) or not isinstance(last, int) or number >= last:
            return None
        return replace(asking, params={**asking.params, parameter: number + 1})

    return follow


def at(body: Any, path: str) -> Any:
    """What a body holds under a path of names: `response_metadata.next_cursor`; None if nothing."""
    found = body
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def session(sign: Callable[[PreparedRequest], PreparedRequest]) -> Session:
    """A session for many threads, of which every request is signed. Proxies and certificates are those
    of the environment; the password of a netrc file, which `requests` would prefer to what is signed, is
    not looked for."""
    from requests import Session

    return shared(Session(), sign)


def shared(
    made: SessionT, sign: Callable[[PreparedRequest], PreparedRequest] = lambda request: request
) -> SessionT:
    """The same, of a session that an SDK has made, which may sign by itself."""
    from requests.adapters import HTTPAdapter

    from keymuster import __version__

    for scheme in ("https://", "http://"):
        made.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS))
    made.headers["User-Agent"] = f"keymuster/{__version__}"
    made.auth = sign
    return made
