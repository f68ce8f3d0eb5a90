"""Objects of the directory by their ids, and who is in groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.entra.objects import of_tenant, refused_value
from keymuster.collect.entra.scope import Scope, filters

GET_BY_IDS = "POST /v1.0/directoryObjects/getByIds"
GROUPS = "GET /v1.0/groups"
MEMBERS = "GET /v1.0/groups/{id}/transitiveMembers"
OWNERS = "GET /v1.0/groups/{id}/owners"

_MOST_IDS = 1000
_FIELDS = (
    "id", "displayName", "isAssignableToRole", "securityEnabled", "membershipRule", "createdDateTime",
)  # fmt: skip


def found_by_ids(ask: Scope, ids: Iterable[str], *types: str) -> dict[str, dict[str, Any]]:
    """Those of these that there are, by their ids."""
    found: dict[str, dict[str, Any]] = {}
    coming = iter(sorted(ids))
    while lot := list(islice(coming, _MOST_IDS)):
        body = {"ids": lot, **({"types": list(types)} if types else {})}
        answer = ask.answer(GET_BY_IDS, body=body)
        for one in (answer or {}).get("value") or ():
            found[one["id"]] = one
    return found


def groups(ask: Scope, ids: Iterable[str]) -> Iterator[Told]:
    """These groups, with all who are in them: also by way of others."""
    wanted = sorted(set(ids))
    rows = [
        row
        for _, listed in ask.lists(GROUPS, filters(wanted), select=_FIELDS)
        for row in listed or ()
    ]
    members = dict(ask.lists(MEMBERS, [row["id"] for row in rows], select=["id"]))
    owners = dict(ask.lists(OWNERS, [row["id"] for row in rows], select=["id"]))
    for row in rows:
        yield of_tenant(
            ask.account, "azuread_group", row["id"], row.get("displayName"),
            {
                "display_name": row.get("displayName"), "object_id": row["id"],
                "members": _ids(members[row["id"]], MEMBERS), "owners": _ids(owners[row["id"]], OWNERS),
                "assignable_to_role": row.get("isAssignableToRole"), "security_enabled": row.get("securityEnabled"),
                "membershipRule": row.get("membershipRule"), "createdDateTime": row.get("createdDateTime"),
            },
        )  # fmt: skip


CALLS = (GROUPS, MEMBERS, OWNERS)


def _ids(listed: list[Any] | None, call: str) -> Any:
    return refused_value(call) if listed is None else [one["id"] for one in listed]
