"""The methods of Slack's Web API that are called, and the scope that each needs, as its manual says."""

from __future__ import annotations

from keymuster.collect.asking.calls import Route
from keymuster.collect.asking.rest import by_number, by_token

TEAMS = "admin.teams.list"
APPROVED = "admin.apps.approved.list"
RESTRICTED = "admin.apps.restricted.list"
REQUESTED = "admin.apps.requests.list"
LOGS = "team.integrationLogs"
USER = "users.info"
USERS = "users.list"

CALLS = {
    TEAMS: "admin.teams:read",
    APPROVED: "admin.apps:read",
    RESTRICTED: "admin.apps:read",
    REQUESTED: "admin.apps:read",
    LOGS: "admin",
    USER: "users:read",
    USERS: "users:read",
}
"""Method -> the scope of a user token that it needs."""

_BY_CURSOR = by_token("response_metadata.next_cursor", "cursor")
_BY_NUMBER = by_number("paging.page", "paging.pages")


def route(call: str) -> Route:
    return Route(path=call, follow=_BY_NUMBER if call == LOGS else _BY_CURSOR)
