"""Accounts of other services whose passwords Okta keeps (Okta Privileged Access)."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.okta.calls import SERVICE_ACCOUNTS
from keymuster.collect.okta.objects import told
from keymuster.collect.okta.scope import Scope


def look(ask: Scope) -> Iterator[Told]:
    for one in ask.pages(SERVICE_ACCOUNTS, "", limit=200):
        yield told(
            "okta:AppServiceAccount", ask.account, f"service-accounts/{one['id']}",
            {word: one.get(word) for word in _WORDS}, one.get("name") or one["id"],
        )  # fmt: skip


_WORDS = (
    "name", "username", "description", "containerOrn", "containerGlobalName",
    "containerInstanceName", "ownerUserIds", "ownerGroupIds", "status", "statusDetail", "created",
    "lastUpdated",
)  # fmt: skip

SURFACES = [
    Surface(
        name="service-accounts",
        calls=(SERVICE_ACCOUNTS,),
        types=("okta:AppServiceAccount",),
        look=look,
    )
]
