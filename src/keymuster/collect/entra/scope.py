"""What a surface asks Microsoft through: pages, batches, queries of Resource Graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

from keymuster.collect.asking.calls import RestScope, Route
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Answer, Asking, Follow, NoAnswer, by_address
from keymuster.collect.asking.scope import Interrupted
from keymuster.collect.asking.surface import Surface
from keymuster.collect.entra.access import Access
from keymuster.collect.entra.addresses import FILTER, about, address, picking
from keymuster.collect.entra.clouds import PUBLIC_ONLY
from keymuster.collect.entra.permissions import QUERY, SUBSCRIPTIONS, is_azure, words
from keymuster.collect.entra.refusals import refused
from keymuster.collect.entra.shapes import Listed
from keymuster.collect.entra.tracking import Objects

PAGE = 999
REQUESTS_IN_BATCH = 20
IDS_IN_FILTER = 15
_ATTEMPTS = 6
_LATER = frozenset({429, 500, 502, 503, 504})
_OK = range(200, 300)
_ABSENT = 404
_FOR_ALL = frozenset({400, 401, 403, 501})
"""Refusals that will be the same for any other object."""

_PATIENCE_SECONDS = 300.0
_ROWS = 1000


class Scope(RestScope):
    """One tenant, asked by one surface. Calls are named by what is sent and where: of Graph
    `GET /v1.0/applications/{id}/owners`, of Azure `GET /subscriptions`."""

    part: ClassVar[str] = "entra"
    session: Access

    def __init__(self, session: Access, surface: Surface) -> None:
        super().__init__(session, surface, session.stop)
        self._denied: set[str] = set()
        self._tracked: dict[str, Objects | None] = {}

    def route(self, call: str) -> Route:
        method, _, path = call.partition(" /")
        if is_azure(call):
            follow: Follow = _next_rows if call == QUERY else by_address("nextLink")
            whole = "/{+id}" if path.startswith("{id}") else "{id}"
            return Route(
                path=path.replace("{id}", whole.lstrip("/")),
                method=method,
                base="azure",
                follow=follow,
            )
        return Route(path=path, method=method, base="graph", follow=by_address("@odata.nextLink"))

    def asking(self, call: str, parameters: dict[str, Any], body: Any = None) -> Asking:
        if is_azure(call):
            return super().asking(call, parameters, body)
        options = {name: one for name, one in parameters.items() if name != "id"}
        url = about(address(call, **options), parameters.get("id", ""))
        return Asking(url=url, method=call.partition(" ")[0], body=body)

    def needed(self, call: str) -> str:
        return words(call)

    def refused(self, call: str, error: NoAnswer) -> Refused:
        return refused(call, error, self.part)

    def refuse(self, found: Refused) -> None:
        if self.stop.is_set():  # it was not refused, but given up
            raise Interrupted
        super().refuse(found)

    def rows(self, call: str, id: str = "", **query: Any) -> Iterator[dict[str, Any]]:
        """The items of every page of Graph. What is `select` here is `$select` there; a page
        that fails is the last."""
        if call in PUBLIC_ONLY and self.session.cloud.name != "public":
            self.unseen(f"{call} is answered in the public cloud only", "It cannot be had here.")
            return
        yield from self.pages(call, "value", id=id, **{"top": PAGE, **query})

    def listed(self, listed: Listed, select: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The items of a list; those that are known from an earlier look are not asked for, if they have not changed."""
        if (found := self.tracked(listed)) is None:
            yield from self.rows(listed.call, select=select)
        else:
            yield from found.only(select)

    def tracked(self, listed: Listed) -> Objects | None:
        """A list that all surfaces share; None if each is to ask for itself. What failed once, failed for all."""
        if (tracking := self.session.tracking) is None:
            return None
        if listed.call not in self._tracked:
            self._tracked[listed.call] = found = tracking.objects(self, listed)
            if found is not None:
                self.rests_on(found.as_of)
                for one in found.problems:
                    self.refuse(one)
        return self._tracked[listed.call]

    def apart(self) -> Scope:
        """The same, whose refusals are none of this one's."""
        return type(self)(self.session, self.surface)

    def refusals(self) -> tuple[Refused, ...]:
        return tuple(self._refused.values())

    def share(self, refusals: Iterable[Refused]) -> None:
        """Note calls that were made for several surfaces, and may have been noted before."""
        with self._lock:
            self._refused.update({(one.call, one.code): one for one in refusals})

    def known(self, call: str, fields: Sequence[str]) -> Sequence[str]:
        """These fields, if Graph knows them: in other clouds than the public one it learns later, and refuses
        to list anything with a field that it does not know."""
        if (
            not fields
            or self.session.cloud.name == "public"
            or self.answer(call, "400", top=1, select=fields)
        ):
            return fields
        return ()

    def one(self, call: str, *absent: str, id: str = "", **query: Any) -> dict[str, Any] | None:
        """One answer of Graph; None if there is none."""
        found = self.answer(call, *absent, id=id, **query)
        return found if isinstance(found, dict) else None

    def azure(self, call: str, version: str, id: str = "") -> Iterator[dict[str, Any]]:
        """The items of every page of a list of Azure."""
        about = {"id": id.strip("/")} if id else {}
        yield from self.pages(call, "value", **about, **{"api-version": version})

    def resources(self, query: str) -> Iterator[dict[str, Any]]:
        """The rows of a query of Resource Graph, over the subscriptions and what is above them."""
        subscriptions = self.subscriptions()
        if not subscriptions:
            return
        body: dict[str, Any] = {
            "query": query,
            "options": {
                "resultFormat": "objectArray", "$top": _ROWS, "authorizationScopeFilter": "AtScopeAboveAndBelow",
            },
        }  # fmt: skip
        if self.session.subscriptions:
            body["subscriptions"] = subscriptions
        yield from self.pages(QUERY, "data", body=body, **{"api-version": "2022-10-01"})

    def subscriptions(self) -> list[str]:
        """Those to look at, of those that are seen."""
        with self.session.seeing:  # one asks for all
            if self.session.seen is None:
                before = self.failures
                rows = list(self.azure(SUBSCRIPTIONS, "2022-12-01"))
                if self.failures != before:
                    return []
                self.session.seen = [one["subscriptionId"].lower() for one in rows]
        seen = self.session.seen
        wanted = self.session.subscriptions or seen
        if not wanted:
            self.unseen("no subscription of Azure is seen", _SHOW)
        for one in wanted:
            if one.lower() not in seen:
                self.unseen(f"the subscription {one} is not seen", _SHOW)
        return [one.lower() for one in wanted if one.lower() in seen]

    def each(
        self, call: str, ids: Iterable[str], **query: Any
    ) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """The answer to a call of Graph about each of many objects, twenty at a time; None where it was
        refused. Of an object that is no more it is empty. A call that has no place for an id lists, and what
        is given instead of ids are filters. When all of twenty were refused, no more is asked."""
        coming = iter(ids)
        while batch := list(islice(coming, REQUESTS_IN_BATCH)):
            found = {} if call in self._denied else self._batch(call, batch, query)
            for one in batch:
                yield one, found.get(one)

    def lists(
        self, call: str, ids: Iterable[str], **query: Any
    ) -> Iterator[tuple[str, list[Any] | None]]:
        """The same of calls that list: the items of all pages of each; None if they are not all there."""
        for id, found in self.each(call, ids, **{"top": PAGE, **query}):
            if found is None:
                yield id, None
                continue
            items = list(found.get("value") or ())
            before = self.failures
            items += self._rest_of(call, found)
            yield id, items if self.failures == before else None

    def _rest_of(self, call: str, page: dict[str, Any]) -> Iterator[Any]:
        """The items of the pages after one that was in a batch."""
        next = self.route(call).follow
        asking = next(Asking(url=""), Answer(page, {})) if next else None
        try:
            if asking is not None and next is not None:
                for body in self.session.rest("graph").pages(asking, next):
                    yield from body.get("value") or ()
                    self.go_on()
        except NoAnswer as error:
            self._failed(call, error)

    def _batch(
        self, call: str, ids: Sequence[str], options: dict[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """Graph answers each request of a batch for itself, in any order, and may refuse or put off some."""
        self.may_call(call)
        version = call.removeprefix("GET /").partition("/")[0]
        urls = _within(call, ids, options)
        left, answers, refused = list(ids), dict[str, dict[str, Any]](), 0
        for attempt in range(1, _ATTEMPTS + 1):
            requests = [
                {"id": str(n), "method": "GET", "url": urls[one]} for n, one in enumerate(left)
            ]
            asking = Asking(url=f"{version}/$batch", method="POST", body={"requests": requests})
            try:
                said = self.session.rest("graph").ask(asking).body
            except NoAnswer as error:
                self._failed(call, error)
                return answers
            later, pause, open_ = list[str](), 0.0, set(left)
            for one in said["responses"]:
                id, status, body = left[int(one["id"])], int(one["status"]), one.get("body")
                open_.discard(id)
                if status in _OK and isinstance(body, dict):
                    answers[id] = body
                elif status in _OK:
                    self.refuse(self.refused(call, NoAnswer(status, "NotJson")))
                elif status == _ABSENT and "{id}" in call:
                    answers[id] = {}
                elif status in _LATER and attempt < _ATTEMPTS:
                    later.append(id)
                    pause = max(pause, _pause(one.get("headers"), attempt))
                else:
                    refused += status in _FOR_ALL
                    self.refuse(self.refused(call, NoAnswer(status, _code(body) or str(status))))
            if open_:
                self.refuse(self.refused(call, NoAnswer(200, "NoResponseInBatch")))
            if not later:
                if refused == len(ids):
                    self._denied.add(call)
                return answers
            if pause > _PATIENCE_SECONDS:
                self._failed(call, NoAnswer(429, "TooManyRequests"))
                return answers
            if self.stop.wait(pause):
                raise Interrupted
            left = later
        return answers

    def _failed(self, call: str, error: NoAnswer) -> None:
        if error.status in _FOR_ALL:
            self._denied.add(call)
        self.refuse(self.refused(call, error))


def _within(call: str, ids: Sequence[str], options: dict[str, Any]) -> dict[str, str]:
    """The addresses of the requests of a batch, which are relative to the version."""
    if "{id}" in call:
        whole = address(call, **options)
        found = {one: about(whole, one) for one in ids}
    else:
        whole = address(call, **options, filter=FILTER)
        found = {one: picking(whole, one) for one in ids}
    return {one: f"/{url.partition('/')[2]}" for one, url in found.items()}


_SHOW = "Assign a role that reads there; `keymuster services permissions entra`."


def filters(ids: Iterable[str]) -> Iterator[str]:
    """Filters that name some ids each: as many as Graph takes in one."""
    coming = iter(ids)
    while lot := list(islice(coming, IDS_IN_FILTER)):
        yield "id in (" + ",".join(f"'{one}'" for one in lot) + ")"


def _next_rows(asking: Asking, answer: Answer) -> Asking | None:
    """Resource Graph gives a token for the rows after these, which is an option of the next query."""
    token = answer.body.get("$skipToken") if isinstance(answer.body, dict) else None
    if not isinstance(token, str) or not token:
        return None
    body = {**asking.body, "options": {**asking.body["options"], "$skipToken": token}}
    return Asking(url=asking.url, method="POST", params=asking.params, body=body)


def _pause(headers: Any, attempt: int) -> float:
    told = (
        {str(key).lower(): str(one) for key, one in headers.items()}
        if isinstance(headers, dict)
        else {}
    )
    said = told.get("retry-after", "")
    return float(said) if said.isdecimal() else 2.0 ** (attempt - 1)


def _code(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""
