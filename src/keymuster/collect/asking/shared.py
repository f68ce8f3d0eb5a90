"""Lists that several surfaces need, asked for once: members, repositories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any, Protocol, TypeVar

from keymuster.collect.asking import calls
from keymuster.collect.asking.refusals import Refused

T = TypeVar("T")


class Once:
    """What was found once, for all who ask: who comes second waits for the first."""

    def __init__(self) -> None:
        self._found: dict[Any, Any] = {}
        self._locks: dict[Any, Lock] = {}
        self._lock = Lock()

    def __call__(self, what: Any, find: Callable[[], T]) -> T:
        with self._lock:
            lock = self._locks.setdefault(what, Lock())
        with lock:
            if what not in self._found:
                self._found[what] = find()
            found: T = self._found[what]
            return found


class Session(calls.Session, Protocol):
    """Somebody who is signed in, and remembers."""

    once: Once


class SharedScope(calls.RestScope):
    """Asks for pages of `per_page` items."""

    session: Session
    per_page = 100

    def whole_pages(self, call: str, *absent: str, body: Any = None, **parameters: Any) -> Any:
        parameters = {"per_page": self.per_page, **parameters}
        return super().whole_pages(call, *absent, body=body, **parameters)

    def shared(
        self, call: str, key: str = "", *, keep: tuple[str, ...] = (), **parameters: Any
    ) -> list[dict[str, Any]] | None:
        """All items of all pages; None if it is not all of them. What failed once, failed for all. Of each only
        the fields to `keep` are: they stay in memory as long as the session."""

        def find() -> tuple[list[dict[str, Any]], list[Refused], datetime | None]:
            asker = type(self)(self.session, self.surface, self.stop)
            items = [
                {name: one.get(name) for name in keep} if keep else one
                for one in asker.pages(call, key, **parameters)
            ]
            return items, [*asker._refused.values()], asker.as_of

        self.may_call(call)
        items, problems, as_of = self.session.once((call, repr(parameters)), find)
        self.rests_on(as_of)
        for one in problems:
            self.refuse(one)
        return None if problems else items
