"""Lists of the directory by what has changed in them since the last look of an estate: Graph's delta query.

A delta says which objects changed, and no more is taken from it: each of these is asked for anew, as a whole. So it does
not matter that a delta may tell of an object twice, in any order, in parts, or of a change that was told before; an
object that it tells of and that is not found any more is gone. Replicas of the directory may lag behind, so what
changed is asked for once more by the next look.

Source: learn.microsoft.com/graph, "Use delta query to track changes in Microsoft Graph data", and the pages of the
three functions (`application-delta`, `serviceprincipal-delta`, `oauth2permissiongrant-delta`), which want the same
permissions as the lists and are there in all clouds.

| what | since the last look |
| --- | --- |
| properties of applications and service principals, with the dates of their secrets; consents | by delta |
| owners, sponsors, federated credentials | asked again: a delta has no relationships, and so nothing of these |
| roles that were assigned to programs, members of groups | asked again, likewise (only direct members have a delta) |
| roles in the directory, policies, last sign-ins, risk, audits | asked again: there is no delta |
| who owns: accounts, second factors | asked again: most of a directory is people who own nothing |
| public certificates | kept with the object, as a key never changes; those of a changed object are read again |

A list is read as a whole when it was a week before, which is also how long Graph keeps what has changed; when Graph says
that it cannot tell (410, `syncStateNotFound`); when so much changed that it costs less; when somebody else signs in,
or the same with other permissions; when the fields, the rules or the program are others. A look that fails to learn
what changed reads all, and what was known stays. That a principal shows what an application in another tenant says of
itself (its publisher) may change without an entry here; then, too, it is a week. So it is where a replica did not show
yet, when all was read, what had changed in the moments before: what changes from then on is told, and no more.

Tenants of Azure AD B2C and external ones have no delta. That the version 1.0 of `application-delta` tells of blueprints
of agents is said on its beta page only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import json

from keymuster.collect.asking.kept import MOST_AGAIN, Kept, Known
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, NoAnswer, by_address
from keymuster.collect.asking.shape import OddAnswer, shaped
from keymuster.collect.asking.shared import Once
from keymuster.collect.entra.addresses import address

if TYPE_CHECKING:
    from keymuster.collect.asking.unchanged import Answers
    from keymuster.collect.entra.scope import Scope
    from keymuster.collect.entra.shapes import Listed

MOST_BYTES = 128 * 1024 * 1024
"""Of the objects of a list, in memory. One that is longer is read by each surface for itself, page by page."""

_TYPE = "@odata.type"
_ODD = (OddAnswer, KeyError, TypeError, AttributeError, UnicodeError)
"""What an answer leads to that has a form which is not known, or half of a surrogate pair, which cannot be kept;
surfaces then list for themselves, and tell of it if they must."""

_IDS_WILL_DO = {"Prefer": "return=minimal"}


class Objects:
    """A list as several surfaces see it: in the order of ids. Some of it was told `as_of` an earlier look."""

    def __init__(
        self, rows: Mapping[str, bytes], kept: Kept, problems: Iterable[Refused] = (),
        as_of: datetime | None = None,
    ) -> None:  # fmt: skip
        self._rows = dict(sorted(rows.items()))
        self._kept = kept
        self.problems = tuple(problems)
        self.as_of = as_of

    def ids(self) -> list[str]:
        return [*self._rows]

    def only(self, select: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Each with the fields that one surface looks at."""
        wanted = (_TYPE, *select)
        for text in self._rows.values():
            row = json.decode(text)
            yield {name: row[name] for name in wanted if name in row}

    def learn(self, id: str, **more: Any) -> None:
        """What was read of one object by itself, and holds until that changes."""
        if id in self._rows:
            self._rows[id] = json.encode({**json.decode(self._rows[id]), **more})
            self._kept.learn(id, self._rows[id])


class Tracking:
    """What is known of a tenant, as it is shown to somebody. Each list is asked for once, whoever needs it first."""

    def __init__(self, answers: Answers, address: str, whom: str) -> None:
        self._answers = answers
        self._address = address
        self._whom = whom
        self._once = Once()

    def objects(self, ask: Scope, listed: Listed) -> Objects | None:
        """A list; None if it cannot be had as one."""
        ask.may_call(listed.changes)
        found: Objects | None = self._once(listed.call, lambda: self._found(ask, listed))
        return found

    def _found(self, ask: Scope, listed: Listed) -> Objects | None:
        fields = (*listed.fields, *ask.known(listed.call, listed.newer))
        kept = self._answers.kept("entra", self._address, self._whom, f"{listed.call} {fields}")
        known = kept.known()
        if known is not None and self._answers.is_recent(known.first):
            if not known.link:
                return None
            with suppress(*_ODD):
                if (found := _by_changes(ask.apart(), listed, fields, kept, known)) is not None:
                    return found
        try:
            return _whole(ask.apart(), listed, fields, kept, self._answers.now)
        except _ODD:
            return None


def _by_changes(
    ask: Scope, listed: Listed, fields: Sequence[str], kept: Kept, known: Known
) -> Objects | None:
    """What is known, with what has changed since; None if that could not be learned."""
    changes = _changes(ask, known.link)
    if changes is None:
        return None
    changed, link = changes
    asked = dict.fromkeys((*known.again, *changed))
    if len(asked) > MOST_AGAIN:
        return None
    fresh = {id: _text(row, listed) for id, row in _anew(ask, listed, fields, asked).items()}
    if ask.failures:
        return None
    old = {id: text for id, text in known.rows.items() if id not in asked}
    rows = old | fresh
    next = Known(link=link, first=known.first, rows=rows, again=tuple(changed))
    kept.keep(next, fresh)
    return Objects(rows, kept, as_of=known.first if old else None)


def _changes(ask: Scope, link: str) -> tuple[list[str], str] | None:
    """The ids of all that Graph tells of, and by what it tells next time; None if that is not to be had wholly."""
    ids: dict[str, None] = {}
    next: Any = None
    try:
        asking = Asking(url=link, headers=_IDS_WILL_DO)
        for page in ask.session.rest("graph").pages(asking, by_address("@odata.nextLink")):
            ids.update(dict.fromkeys(str(one["id"]) for one in page["value"]))
            next = page.get("@odata.deltaLink")
            ask.go_on()
            if len(ids) > MOST_AGAIN:
                return None
    except NoAnswer:
        ask.go_on()
        return None
    except _ODD:
        return None
    return ([*ids], next) if isinstance(next, str) and next else None


def _anew(
    ask: Scope, listed: Listed, fields: Sequence[str], ids: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Those of these objects that there are; what failed is noted."""
    from keymuster.collect.entra.scope import filters

    if listed.one:
        return {id: row for id, row in ask.each(listed.one, ids, select=fields) if row}
    lists = ask.lists(listed.call, filters(ids), select=fields)
    return {row["id"]: row for _, rows in lists for row in rows or ()}


def _whole(
    ask: Scope, listed: Listed, fields: Sequence[str], kept: Kept, now: datetime
) -> Objects | None:
    """All of a list. Where its changes begin is asked first, so that none falls between."""
    link = _from_now(ask, listed, fields)
    rows: dict[str, bytes] = {}
    size = 0
    for row in ask.rows(listed.call, select=fields):
        rows[row["id"]] = text = _text(row, listed)
        size += len(text)
        if size > MOST_BYTES:
            kept.keep(Known(link="", first=now, rows={}), ())
            return None
    problems = ask.refusals()
    if link and not problems:
        kept.keep(Known(link=link, first=now, rows=rows), rows)
    return Objects(rows, kept, problems)


def _from_now(ask: Scope, listed: Listed, fields: Sequence[str]) -> str:
    """By what Graph will tell what changes from now on; nothing if it does not tell that."""
    url = f"{address(listed.changes, select=fields)}&$deltatoken=latest"
    try:
        body = ask.session.rest("graph").ask(Asking(url=url)).body
    except NoAnswer:
        return ""
    link = body.get("@odata.deltaLink") if isinstance(body, dict) else None
    return link if isinstance(link, str) else ""


def _text(row: dict[str, Any], listed: Listed) -> bytes:
    return json.encode(shaped(listed.shape, row))


def whom(claims: Mapping[str, Any]) -> str:
    """Who is signed in, by which program and with which permissions, from what the token says; nothing if it does
    not say that."""
    who = [claims.get("tid"), claims.get("appid") or claims.get("azp"), claims.get("oid")]
    if not all(isinstance(one, str) and one for one in who):
        return ""
    scopes = str(claims.get("scp", "")).split()
    lists = [claims.get(name) for name in ("roles", "wids")]
    may = [sorted(map(str, one)) if isinstance(one, list) else [] for one in (*lists, scopes)]
    return json.encode([*who, *may]).decode()
