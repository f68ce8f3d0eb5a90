"""Passwords for single programs, which open an account without a second factor."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.google_workspace.calls import APP_PASSWORDS, USERS
from keymuster.collect.google_workspace.objects import moment, told
from keymuster.collect.google_workspace.scope import Scope


def look(ask: Scope) -> Iterator[Told]:
    """Only who has a second factor can have one."""
    users = {one["id"]: one for one in ask.users() if one.get("isEnrolledIn2Sv", True)}
    for id, answer in ask.of_users(APP_PASSWORDS, users):
        for one in (answer or {}).get("items") or ():
            email = users[id].get("primaryEmail", "")
            name = one.get("name") or str(one["codeId"])
            yield told(
                "admin.googleapis.com/Asp", ask.account, f"user/{id}/asp/{one['codeId']}",
                {
                    "codeId": one["codeId"], "name": name,
                    "creationTime": moment(one.get("creationTime")),
                    "lastTimeUsed": moment(one.get("lastTimeUsed")),
                    "user": {
                        "primaryEmail": email, "suspended": users[id].get("suspended"),
                        "isAdmin": users[id].get("isAdmin"),
                    },
                },
                f"{name} of {email}",
            )  # fmt: skip


SURFACES = [
    Surface(
        name="app-passwords",
        calls=(USERS, APP_PASSWORDS),
        types=("admin.googleapis.com/Asp",),
        look=look,
    )
]
