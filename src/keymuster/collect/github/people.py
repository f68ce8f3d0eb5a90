"""Who is in an organization: what was made by somebody else, was made by somebody who left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keymuster.collect.github.scope import Scope

MEMBERS = "GET /orgs/{org}/members"
OUTSIDERS = "GET /orgs/{org}/outside_collaborators"
CALLS = (MEMBERS, OUTSIDERS)

GONE = "none"


def everybody(ask: Scope, call: str = MEMBERS, **params: str) -> list[dict[str, Any]] | None:
    """By their logins; None if they are not told."""
    return ask.shared(call, keep=("login",), **params)


def role_of(ask: Scope) -> Callable[[str | None], str | None]:
    """What somebody is by their login: `admin`, `member`, `outside_collaborator`, or `none`; None if it is not
    known."""
    roles: dict[str, str] = {}
    asked: tuple[tuple[str, str, dict[str, str]], ...] = (
        (OUTSIDERS, "outside_collaborator", {}),
        (MEMBERS, "member", {"role": "member"}),
        (MEMBERS, "admin", {"role": "admin"}),
    )
    known = True
    for call, name, params in asked:
        found = everybody(ask, call, **params)
        known = known and found is not None
        roles |= {one["login"].lower(): name for one in found or ()}

    def role(login: str | None) -> str | None:
        if not login:
            return None
        return roles.get(login.lower(), GONE if known else None)

    return role
