"""Surfaces of services that are asked by HTTP: calls by name, and what comes of those that fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from msgspec import Struct

from keymuster.collect.asking import scope
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Answer, Asking, Follow, NoAnswer, Rest, at
from keymuster.collect.asking.shape import Shape


class Route(Struct, frozen=True, kw_only=True):
    """Where a call goes: a path with `{name}` for what is one part of it, and `{+name}` for what may have
    several; all other parameters are those of a query. `follow` leads from page to page. Of its answers only the
    `shape` is looked at, if there is one."""

    path: str
    method: str = "GET"
    base: str = ""
    follow: Follow | None = None
    headers: Mapping[str, str] = {}
    shape: Shape = None


class Session(scope.Session, Protocol):
    """Somebody who is signed in."""

    def rest(self, base: str) -> Rest:
        """The service at an address; at its own if that is empty."""
        ...


class RestScope(scope.Scope):
    """What a surface asks through. A service says where each call goes, and what a refusal means."""

    session: Session

    def route(self, call: str) -> Route:
        raise NotImplementedError

    def asking(self, call: str, parameters: dict[str, Any], body: Any = None) -> Asking:
        """The request that a call is."""
        return _asking(self.route(call), parameters, body)

    def needed(self, call: str) -> str:
        """The permission that a call needs, to be told to people."""
        raise NotImplementedError

    def refused(self, call: str, error: NoAnswer) -> Refused:
        return refused(call, error, self.part, self.needed(call))

    def answer(self, call: str, *absent: str, body: Any = None, **parameters: Any) -> Any:
        """One answer; None if there is none. The codes in `absent` mean that there is nothing to tell."""
        found = self.answer_or_empty(call, *absent, body=body, **parameters)
        return None if found is _NOTHING else found

    def answer_or_empty(self, call: str, *absent: str, body: Any = None, **parameters: Any) -> Any:
        """As `answer`, but an empty map if there is nothing to tell: None means that it was refused."""
        self.may_call(call)
        route = self.route(call)
        try:
            found = self.session.rest(route.base).ask(self.asking(call, parameters, body))
        except NoAnswer as error:
            return _NOTHING if self._is_absent(call, error, absent) else None
        return self._told(found)

    def pages(
        self, call: str, key: str, *absent: str, body: Any = None, **parameters: Any
    ) -> Iterator[Any]:
        """The items under `key` of every page; `key` may be a path, and is empty where a page is the list."""
        for page in self.whole_pages(call, *absent, body=body, **parameters):
            found = at(page, key) if key else page
            yield from found if isinstance(found, list) else ()

    def whole_pages(
        self, call: str, *absent: str, body: Any = None, **parameters: Any
    ) -> Iterator[Any]:
        """Every page of an answer; one that fails is the last."""
        try:
            yield from self._pages(call, parameters, body)
        except NoAnswer as error:
            self._is_absent(call, error, absent)

    def whole(
        self, call: str, key: str, *absent: str, body: Any = None, **parameters: Any
    ) -> list[Any] | None:
        """The items of all pages (see `pages`), if all could be had; None means that one was refused."""
        items: list[Any] = []
        try:
            for page in self._pages(call, parameters, body):
                found = at(page, key) if key else page
                items.extend(found if isinstance(found, list) else ())
        except NoAnswer as error:
            return items if self._is_absent(call, error, absent) else None
        return items

    def _pages(self, call: str, parameters: dict[str, Any], body: Any) -> Iterator[Any]:
        self.may_call(call)
        route = self.route(call)
        assert route.follow is not None, f"{call} has no pages"
        rest = self.session.rest(route.base)
        for page in rest.answers(self.asking(call, parameters, body), route.follow):
            yield self._told(page)
            self.go_on()

    def _told(self, answer: Answer) -> Any:
        """Its body; of one that was given before, it is noted when."""
        self.rests_on(answer.as_of)
        return answer.body

    def _is_absent(self, call: str, error: NoAnswer, absent: tuple[str, ...]) -> bool:
        """Whether a refusal means that there is nothing to tell; any other is noted."""
        if error.code in absent or str(error.status) in absent:
            return True
        self.refuse(self.refused(call, error))
        return False


_NOTHING: dict[str, Any] = {}
"""Stands for an answer that says that there is nothing; no answer is this very map."""

_PART = re.compile(r"\{(\+?)(\w+)\}")


def _asking(route: Route, parameters: dict[str, Any], body: Any) -> Asking:
    used = set()

    def part(found: re.Match[str]) -> str:
        used.add(found[2])
        return quote(str(parameters[found[2]]), safe="/" if found[1] else "")

    path = _PART.sub(part, route.path)
    params = {name: one for name, one in parameters.items() if name not in used and one is not None}
    return Asking(
        url=path, method=route.method, params=params, body=body, headers=route.headers, shape=route.shape,
    )  # fmt: skip


_SIGN_IN = 401


def refused(call: str, error: NoAnswer, service: str, needed: str) -> Refused:
    """The refusal in words, as most services mean it. `needed` is a permission, or nothing."""
    ask = f"`keymuster services permissions {service}` tells what is needed"
    allow = f"Allow {needed}; {ask}." if needed else f"{ask}."
    match error.status:
        case 401:
            why, advice = (
                "failed: the sign-in is not valid, or is not any more",
                "Sign in again, and scan again.",
            )
        case 403:
            why, advice = "was denied", allow
        case 404:
            why, advice = (
                "has no answer here",
                f"It may not be there, or be hidden from those who may not see it. {allow}",
            )
        case 429:
            why, advice = (
                "was throttled until it was given up",
                "Scan again later, or less at a time.",
            )
        case 0 | 200 | 500 | 502 | 503 | 504:
            why = "was not answered"
            advice = (
                f"Scan again; see that nothing between here and {service} answers in its place."
            )
        case _:
            why, advice = "failed", f"Scan again. {allow}"
    return Refused(
        call=call,
        code=error.code,
        why=f"{why} ({error.code})",
        advice=advice,
        ends_session=error.status == _SIGN_IN,
    )
