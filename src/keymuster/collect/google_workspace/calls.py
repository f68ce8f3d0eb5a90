"""The calls of Google's APIs that are made, by their ids in its discovery documents, and the scope that each
needs."""

from __future__ import annotations

from msgspec import Struct

from keymuster.collect.asking.calls import Route
from keymuster.collect.asking.rest import by_token

USERS = "directory.users.list"
TOKENS = "directory.tokens.list"
APP_PASSWORDS = "directory.asps.list"
ACTIVITIES = "reports.activities.list"
POLICIES = "cloudidentity.policies.list"

_ADMIN = "https://admin.googleapis.com"
_IDENTITY = "https://cloudidentity.googleapis.com"
_SCOPES = "https://www.googleapis.com/auth/"


class Call(Struct, frozen=True, kw_only=True):
    """Where a call goes, and the least scope that lets it in. Of the tokens and passwords of users there
    is no scope that only reads."""

    service: str = _ADMIN
    path: str
    scope: str


CALLS = {
    USERS: Call(path="admin/directory/v1/users", scope=f"{_SCOPES}admin.directory.user.readonly"),
    TOKENS: Call(
        path="admin/directory/v1/users/{userKey}/tokens",
        scope=f"{_SCOPES}admin.directory.user.security",
    ),
    APP_PASSWORDS: Call(
        path="admin/directory/v1/users/{userKey}/asps",
        scope=f"{_SCOPES}admin.directory.user.security",
    ),
    ACTIVITIES: Call(
        path="admin/reports/v1/activity/users/{userKey}/applications/{applicationName}",
        scope=f"{_SCOPES}admin.reports.audit.readonly",
    ),
    POLICIES: Call(
        service=_IDENTITY,
        path="v1/policies",
        scope=f"{_SCOPES}cloud-identity.policies.readonly",
    ),
}


def route(call: str) -> Route:
    """What is behind a call is signed for with the scope of that call alone, so that a scope which nobody
    has granted costs its own calls only: the scope stands where others have an address."""
    one = CALLS[call]
    return Route(path=one.path, base=one.scope, follow=by_token())


SERVICES = {one.scope: one.service for one in CALLS.values()}
"""Scope -> the address of the service behind it."""
