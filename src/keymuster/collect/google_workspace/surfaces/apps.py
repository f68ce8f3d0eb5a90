"""Third parties' apps that users let in: what each user agreed to, and each app with all of that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, field

from keymuster.collect.asking.several import each
from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.declared import Declared
from keymuster.collect.google_workspace.calls import ACTIVITIES, TOKENS, USERS
from keymuster.collect.google_workspace.objects import told
from keymuster.collect.google_workspace.scope import Scope

MOST_ASKED = 200
"""Apps whose last use is asked for, one by one, without the option for it."""

_LOG_DAYS = 180
"""How long Google keeps its log of tokens."""


class _App(Struct, kw_only=True):
    """An app with what is told of it by the tokens of all users."""

    told: dict[str, Any]
    scopes: dict[str, None] = field(default_factory=dict)
    holders: int = 0
    administrators: list[dict[str, Any]] = field(default_factory=list)
    suspended: list[str] = field(default_factory=list)

    def add(self, user: dict[str, Any], token: dict[str, Any]) -> None:
        self.holders += 1
        self.scopes.update(dict.fromkeys(token.get("scopes") or ()))
        email = user.get("primaryEmail", "")
        if user.get("isAdmin"):
            self.administrators.append({"user": email, "scopes": list(token.get("scopes") or ())})
        if _is_gone(user):
            self.suspended.append(email)


def _is_gone(user: dict[str, Any]) -> bool:
    return bool(user.get("suspended") or user.get("archived"))


def look(ask: Scope) -> Iterator[Told]:
    users = {one["id"]: one for one in ask.users()}
    apps: dict[str, _App] = {}
    for id, answer in ask.of_users(TOKENS, users):
        for token in (answer or {}).get("items") or ():
            client = token["clientId"]
            apps.setdefault(client, _App(told=token)).add(users[id], token)
            yield _token(ask, users[id], token)
    asks_use = len(apps) <= MOST_ASKED or ask.session.asked.last_used
    if not asks_use:
        ask.unseen(
            f"when each of {len(apps)} apps was last used was not asked for, which is a call for each",
            "Give --last-used to ask.",
        )
    for client, used in each(ask, apps, lambda one: _used(ask, one) if asks_use else {}):
        yield _app(ask, apps[client], used)


def _token(ask: Scope, user: dict[str, Any], token: dict[str, Any]) -> Declared:
    client = token["clientId"]
    return told(
        "admin.googleapis.com/Token", ask.account, f"user/{user['id']}/token/{client}",
        {
            "clientId": client, "displayText": token.get("displayText"),
            "scopes": token.get("scopes"), "userKey": user["id"],
            "user": {"primaryEmail": user.get("primaryEmail", ""), "suspended": _is_gone(user)},
        },
        token.get("displayText") or client,
    )  # fmt: skip


def _app(ask: Scope, app: _App, used: dict[str, str]) -> Declared:
    client = app.told["clientId"]
    return told(
        "admin.googleapis.com/App", ask.account, f"client/{client}",
        {
            "clientId": client, "displayText": app.told.get("displayText"),
            "anonymous": app.told.get("anonymous"), "nativeApp": app.told.get("nativeApp"),
            "scopes": list(app.scopes), "holders": app.holders, "superAdmins": app.administrators,
            "suspended": app.suspended, **used,
        },
        app.told.get("displayText") or client,
    )  # fmt: skip


def _used(ask: Scope, client: str) -> dict[str, str]:
    """When an app last did something with a token, or since when it did nothing."""
    since = (datetime.now(UTC) - timedelta(days=_LOG_DAYS)).isoformat(timespec="seconds")
    found = ask.answer(
        ACTIVITIES, userKey="all", applicationName="token", eventName="activity", maxResults=1,
        filters=f"client_id=={client}", startTime=since,
    )  # fmt: skip
    if not isinstance(found, dict):
        return {}
    times = [(one.get("id") or {}).get("time") for one in found.get("items") or ()]
    return {"lastActivity": times[0]} if times and times[0] else {"noActivitySince": since}


SURFACES = [
    Surface(
        name="apps",
        calls=(USERS, TOKENS, ACTIVITIES),
        types=("admin.googleapis.com/App", "admin.googleapis.com/Token"),
        look=look,
    )
]
