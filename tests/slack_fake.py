"""A workspace of Slack, or an organisation of several: with apps, some of which are from before there were any."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from faking import Fake, Reply, Request

SCOPES = {
    "auth.test": "",
    "admin.teams.list": "admin.teams:read",
    "admin.apps.approved.list": "admin.apps:read",
    "admin.apps.restricted.list": "admin.apps:read",
    "admin.apps.requests.list": "admin.apps:read",
    "team.integrationLogs": "admin",
    "users.info": "users:read",
    "users.list": "users:read",
}
_PLACE = {"team_id", "enterprise_id"}
QUERIES = {
    "auth.test": set[str](),
    "admin.teams.list": {"limit", "cursor"},
    "admin.apps.approved.list": {"limit", "cursor", *_PLACE},
    "admin.apps.restricted.list": {"limit", "cursor", *_PLACE},
    "admin.apps.requests.list": {"limit", "cursor", "team_id"},
    "team.integrationLogs": {"count", "page", "team_id"},
    "users.info": {"user"},
    "users.list": {"limit", "cursor", "team_id"},
}
TEAM, GRID = "T0ACME", "E0ACME"


def member(id: str, name: str, *, deleted: bool = False) -> dict[str, Any]:
    return {
        "id": id, "name": name, "deleted": deleted, "is_bot": False, "is_app_user": False,
        "updated": 1700000000, "team_id": TEAM,
    }  # fmt: skip


def listed(
    id: str, name: str, *scopes: tuple[str, bool, str], internal: bool = False
) -> dict[str, Any]:
    """An app as the lists of administrators tell it."""
    return {
        "app": {
            "id": id, "name": name, "description": f"{name} for Slack", "app_homepage_url": "https://vendor.example",
            "app_directory_url": f"https://acme.slack.com/apps/{id}-x", "is_app_directory_approved": not internal,
            "is_internal": internal, "additional_info": "",
        },
        "scopes": [
            {"name": one, "description": one, "is_sensitive": sensitive, "token_type": kind}
            for one, sensitive, kind in scopes
        ],
        "date_updated": 1700000000,
        "last_resolved_by": {"actor_id": "U01", "actor_type": "user"},
    }  # fmt: skip


def log(change: str, user: str, scope: str, **more: Any) -> dict[str, Any]:
    return {
        "user_id": user, "user_name": user.lower(), "date": "1700000000", "change_type": change,
        "scope": scope, **more,
    }  # fmt: skip


SEEDED: dict[str, Any] = {
    "teams": [{"id": TEAM, "name": "Acme"}],
    "users": [member("U01", "root"), member("U02", "jo", deleted=True), member("U03", "kim")],
    "approved": [
        listed("A01", "Notes", ("channels:history", True, "bot"), ("chat:write", False, "bot")),
        listed("A02", "Finder", ("search:read", True, "user")),
        listed("A03", "Deploys", ("channels:history", True, "bot"), internal=True),
    ],
    "restricted": [listed("A04", "Shady", ("admin", True, "user"))],
    "requests": [
        {
            "id": "Ar01", "app": listed("A05", "Wanted")["app"], "date_created": 1700000000,
            "user": {"id": "U03", "name": "kim", "email": "kim@acme.example"}, "scopes": [],
        }
    ],
    "logs": [
        log("expanded", "U03", "channels:history,chat:write", app_id="A01", app_type="Notes"),
        log("added", "U02", "chat:write", app_id="A01", app_type="Notes"),
        log("added", "U03", "groups:history", app_id="A06", app_type="Archive"),
        log("removed", "U03", "chat:write", app_id="A07", app_type="Gone"),
        log("added", "U03", "chat:write", app_id="A07", app_type="Gone"),
        log("added", "U02", "incoming-webhook", service_id="1001", service_type="Incoming WebHooks"),
        log("added", "U03", "bot", service_id="1002", service_type="Bots"),
        log("disabled", "U03", "incoming-webhook", service_id="1003", service_type="Airbrake"),
    ],
}  # fmt: skip


class Slack(Fake):
    calls = tuple(f"GET /api/{one}" for one in SCOPES)

    def __init__(self, *, grid: bool = False, page: int = 1000) -> None:
        super().__init__()
        self.tenant: dict[str, Any] = deepcopy(SEEDED)
        self.grid = grid
        self.page = page
        self.scopes = set(SCOPES.values())
        self.token = "xoxp"

    def unknown(self) -> Reply:
        return refusal("unknown_method")

    def answer(self, call: str, parts: dict[str, str], request: Request) -> Reply:
        name = call.rpartition("/")[2]
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return refusal("invalid_auth")
        if SCOPES[name] not in self.scopes:
            return refusal("missing_scope")
        if strange := set(request.query) - QUERIES[name]:
            return refusal(f"invalid_arguments {strange}")
        if self.grid and "team_id" in QUERIES[name] and not set(request.query) & _PLACE:
            return refusal("team_not_found")
        if not self.grid and set(request.query) & _PLACE:
            return refusal("not_an_enterprise")
        return Reply({"ok": True, **self.state(name, request.query)})

    def state(self, name: str, query: dict[str, str]) -> dict[str, Any]:
        all = self.tenant
        if name == "auth.test":
            found = {
                "url": "https://acme.slack.com/",
                "team": "Acme",
                "user": "root",
                "user_id": "U01",
                "team_id": TEAM,
            }
            grid = {"enterprise_id": GRID, "is_enterprise_install": True} if self.grid else {}
            return {**found, **grid}
        if name == "team.integrationLogs":
            return self._numbered(all["logs"], query)
        if name == "users.info":
            return {"user": next(one for one in all["users"] if one["id"] == query["user"])}
        key, what = {
            "admin.teams.list": ("teams", "teams"),
            "admin.apps.approved.list": ("approved_apps", "approved"),
            "admin.apps.restricted.list": ("restricted_apps", "restricted"),
            "admin.apps.requests.list": ("app_requests", "requests"),
            "users.list": ("members", "users"),
        }[name]
        found = [] if "enterprise_id" in query and what != "restricted" else all[what]
        size, start = min(self.page, int(query.get("limit", 100))), int(query.get("cursor") or 0)
        more = str(start + size) if start + size < len(found) else ""
        return {key: found[start : start + size], "response_metadata": {"next_cursor": more}}

    def _numbered(self, found: list[Any], query: dict[str, str]) -> dict[str, Any]:
        size, page = min(self.page, int(query.get("count", 100))), int(query.get("page", 1))
        pages = max(1, -(-len(found) // size))
        return {
            "logs": found[(page - 1) * size : page * size],
            "paging": {"count": size, "total": len(found), "page": page, "pages": pages},
        }


def refusal(error: str) -> Reply:
    return Reply({"ok": False, "error": error})
