"""Objects of a list, with those who own or sponsor them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from keymuster.collect.entra.people import People
from keymuster.collect.entra.scope import Scope

PAGE = 100
"""Graph gives no more objects a page where it is asked for what hangs on them, too."""

_MOST_EXPANDED = 20
"""Nor more of what hangs on one, and it does not say that there are more."""

_WHO = ["id", "displayName"]


def owned(
    ask: Scope, people: People, call: str, select: Sequence[str]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The objects of a list, each with the settings that say who owns it."""
    whole = f"{call}/{{id}}/owners"
    rows = ask.rows(call, select=[*select], expand=f"owners($select={','.join(_WHO)})", top=PAGE)
    while lot := list(islice(rows, PAGE)):
        owners: dict[str, list[Any] | None] = {one["id"]: one.get("owners") or [] for one in lot}
        more = [id for id, listed in owners.items() if len(listed or ()) >= _MOST_EXPANDED]
        owners.update(ask.lists(whole, more, select=_WHO))
        people.meet(one for listed in owners.values() for one in listed or ())
        for one in lot:
            yield one, people.told("owners", owners[one["id"]], whole)


def named(
    ask: Scope, people: People, word: str, call: str, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The settings that say who the owners or sponsors of each of these are."""
    found = dict(ask.lists(call, ids, select=_WHO))
    people.meet(one for listed in found.values() for one in listed or ())
    return {id: people.told(word, listed, call) for id, listed in found.items()}
