"""What surfaces of Google Workspace ask through."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar
from urllib.parse import quote

from keymuster.collect.asking.calls import RestScope, Route
from keymuster.collect.asking.rest import NoAnswer
from keymuster.collect.asking.several import each
from keymuster.collect.google_workspace.access import Access
from keymuster.collect.google_workspace.batches import MOST, Part, asking
from keymuster.collect.google_workspace.calls import CALLS, USERS, route
from keymuster.collect.google_workspace.objects import SERVICE

_THREADS = 2
_ATTEMPTS = 9
_MOST_PAUSE_SECONDS = 30.0
"""Quotas are of a minute: what is over them is asked for again for longer than that."""

_NO_PART = Part(status=0, code="NoPart", body=None)
_GONE = 404
_LATER = frozenset({429, 500, 502, 503, 504})
_LATER_CODES = frozenset(
    {"RESOURCE_EXHAUSTED", "quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded"}
)


class Scope(RestScope):
    part: ClassVar[str] = SERVICE
    session: Access

    def route(self, call: str) -> Route:
        return route(call)

    def needed(self, call: str) -> str:
        return CALLS[call].scope

    def users(self) -> Iterator[dict[str, Any]]:
        """Everybody, with what matters here."""
        yield from self.pages(
            USERS, "users", customer=self.session.asked.customer, maxResults=500,
            projection="basic", fields=_OF_USERS,
        )  # fmt: skip

    def of_users(self, call: str, users: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """What a call tells of each user, many in one request; None where it was refused, or where the
        user is gone since."""
        self.may_call(call)
        answers = each(self, _chunks(users), lambda some: self._batch(call, some), _THREADS)
        for some, found in answers:
            yield from zip(some, found, strict=True)

    def _batch(self, call: str, users: Sequence[str]) -> list[Any]:
        found: dict[str, Any] = {}
        waiting = list(users)
        for attempt in range(1, _ATTEMPTS + 1):
            waiting = self._asked(call, waiting, found)
            if not waiting:
                break
            if attempt == _ATTEMPTS or self.stop.wait(_pause(attempt)):
                for _ in waiting:
                    self._is_absent(call, NoAnswer(429, "RESOURCE_EXHAUSTED"), ())
                break
        return [found.get(user) for user in users]

    def _asked(self, call: str, users: list[str], found: dict[str, Any]) -> list[str]:
        """Ask once; those that are to be asked about later."""
        one = CALLS[call]
        paths = [one.path.format(userKey=quote(user, safe="")) for user in users]
        try:
            parts = self.session.batches(one.scope).ask(asking(paths)).body
        except NoAnswer as error:
            for _ in users:
                self._is_absent(call, error, ())
            return []
        later = []
        for number, user in enumerate(users):
            part = parts.get(number, _NO_PART) if isinstance(parts, dict) else _NO_PART
            if not part.code:
                found[user] = part.body
            elif part.status in _LATER or part.code in _LATER_CODES:
                later.append(user)
            elif part.status != _GONE:
                self._is_absent(call, NoAnswer(part.status, part.code), ())
        return later


_OF_USERS = "nextPageToken,users(id,primaryEmail,isAdmin,isDelegatedAdmin,suspended,archived,isEnrolledIn2Sv)"


def _chunks(users: Iterable[str]) -> Iterator[Sequence[str]]:
    coming = iter(users)
    while some := tuple(islice(coming, MOST)):
        yield some


def _pause(attempt: int) -> float:
    return min(_MOST_PAUSE_SECONDS, 2.0 ** (attempt - 2)) * random.uniform(0.5, 1)
