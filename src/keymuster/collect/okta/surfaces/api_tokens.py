"""Tokens of the API, and what their owners may do: a token may do the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.several import each
from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.okta.calls import API_TOKENS, USER, USER_ROLES
from keymuster.collect.okta.objects import refused_value, told
from keymuster.collect.okta.scope import NOT_FOUND, Scope


def look(ask: Scope) -> Iterator[Told]:
    tokens = list(ask.pages(API_TOKENS, ""))
    users = dict.fromkeys(one["userId"] for one in tokens if one.get("userId"))
    owners = dict(each(ask, users, lambda user: _owner(ask, user)))
    for one in tokens:
        yield told(
            "okta_api_token", ask.account, f"api-tokens/{one['id']}",
            {
                "name": one.get("name"), "client_name": one.get("clientName"),
                "user_id": one.get("userId"), "network": one.get("network"),
                "created": one.get("created"), "expiresAt": one.get("expiresAt"),
                "lastUpdated": one.get("lastUpdated"), "tokenWindow": one.get("tokenWindow"),
                "owner": owners.get(one.get("userId")),
            },
            one.get("name") or one["id"],
        )  # fmt: skip


def _owner(ask: Scope, user: str) -> dict[str, Any]:
    """Whose a token is: with the roles that come by a group, which this call tells, too."""
    found = ask.answer_or_empty(USER, NOT_FOUND, id=user)
    if found == {}:
        return {"status": "DELETED"}
    roles = ask.whole(USER_ROLES, "", NOT_FOUND, userId=user)
    return {
        "status": refused_value("users") if found is None else found.get("status", ""),
        "login": (found or {}).get("profile", {}).get("login", ""),
        "roles": refused_value("roles") if roles is None else [_role(one) for one in roles],
    }


def _role(one: dict[str, Any]) -> dict[str, Any]:
    words = ("type", "label", "assignmentType")
    return {word: one[word] for word in words if one.get(word)}


SURFACES = [
    Surface(
        name="api-tokens",
        calls=(API_TOKENS, USER, USER_ROLES),
        types=("okta_api_token",),
        look=look,
    )
]
