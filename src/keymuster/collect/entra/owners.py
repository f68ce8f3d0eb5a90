"""Objects of a list, with those who own or sponsor them, or with what else hangs on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from keymuster.collect.entra.people import People
from keymuster.collect.entra.scope import IDS_IN_FILTER, REQUESTS_IN_BATCH, Scope, filters
from keymuster.collect.entra.shapes import Listed

PAGE = 100
"""Graph gives no more objects a page where it is asked for what hangs on them, too."""

_LOT = IDS_IN_FILTER * REQUESTS_IN_BATCH
"""But so many in a batch of lists that are picked by their ids, where these are known."""

_MOST_EXPANDED = 20
"""Nor more of what hangs on one, and it does not say that there are more."""

_WHO = ["id", "displayName"]
_OWNERS = f"owners($select={','.join(_WHO)})"


def owned(
    ask: Scope, people: People, listed: Listed, select: Sequence[str], newer: Sequence[str] = ()
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The objects of a list, each with the settings that say who owns it. The `newer` fields are not known in all
    clouds."""
    known = ask.tracked(listed)
    owners = None if known is None else related(ask, listed, _OWNERS, known.ids())
    if known is None or owners is None:
        fields = [*select, *ask.known(listed.call, newer)]
        rows = ask.rows(listed.call, select=fields, expand=_OWNERS, top=PAGE)
        while page := list(islice(rows, PAGE)):
            yield from _told(ask, people, listed, page, {one["id"]: one.get("owners") or [] for one in page})  # fmt: skip
    else:
        yield from _told(ask, people, listed, known.only([*select, *newer]), owners)


def _told(
    ask: Scope, people: People, listed: Listed, rows: Iterable[dict[str, Any]],
    owners: dict[str, list[Any] | None],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:  # fmt: skip
    whole = f"{listed.call}/{{id}}/owners"
    more = [id for id, found in owners.items() if found is not None and len(found) >= _MOST_EXPANDED]  # fmt: skip
    owners.update(ask.lists(whole, more, select=_WHO))
    people.meet(one for found in owners.values() for one in found or ())
    for one in rows:
        yield one, people.told("owners", owners[one["id"]], whole)


def related(
    ask: Scope, listed: Listed, expand: str, ids: Iterable[str]
) -> dict[str, list[Any] | None] | None:
    """What hangs on objects of a list that are known by their ids; None for one of which it was refused, and None for
    all if it cannot be asked so. What is not found by its id any more is asked for by itself: nothing is not said of
    what may only be late."""
    word = expand.partition("(")[0]
    every = [*ids]
    found: dict[str, list[Any] | None] = {}
    for at in range(0, len(every), _LOT):
        lot = every[at : at + _LOT]
        asker = ask if found else ask.apart()
        picked = [rows for _, rows in asker.lists(listed.call, filters(lot), select=["id"], expand=expand, top=PAGE)]  # fmt: skip
        if asker is not ask:
            if all(rows is None for rows in picked):
                return None
            for one in asker.refusals():
                ask.refuse(one)
        for number, rows in enumerate(picked):
            if rows is None:
                first = number * IDS_IN_FILTER
                found.update(dict.fromkeys(lot[first : first + IDS_IN_FILTER]))
            found.update((row["id"], row.get(word) or []) for row in rows or ())
        late = [id for id in lot if id not in found]
        found.update(ask.lists(f"{listed.call}/{{id}}/{word}", late, top=0))
    return found


def named(
    ask: Scope, people: People, word: str, call: str, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The settings that say who the owners or sponsors of each of these are."""
    found = dict(ask.lists(call, ids, select=_WHO))
    people.meet(one for listed in found.values() for one in listed or ())
    return {id: people.told(word, listed, call) for id, listed in found.items()}
