"""What users let apps do in their name, and whether those users are still there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.several import each
from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.declared import Declared
from keymuster.collect.okta.calls import APP_TOKENS, APPS, USER_GRANTS, USERS
from keymuster.collect.okta.objects import refused_value, told
from keymuster.collect.okta.scope import NOT_FOUND, Scope
from keymuster.collect.okta.surfaces.apps import is_client

MOST_ASKED = 200
"""Users who have left of whom each is asked for without the option for it."""

_GONE = 'status eq "DEPROVISIONED" or status eq "SUSPENDED"'


def look(ask: Scope) -> Iterator[Told]:
    gone = ask.whole(USERS, "", search=_GONE, fields="id,status,profile:(login)", limit=200)
    leavers = {one["id"]: one for one in gone or ()}
    yield from _tokens(ask, leavers, known=gone is not None)
    yield from _grants(ask, leavers)


def _tokens(ask: Scope, leavers: dict[str, Any], known: bool) -> Iterator[Declared]:
    """Refresh tokens, by app: that tells of all users at once."""
    clients = (one for one in ask.pages(APPS, "", limit=200) if _has_users(one))
    for app, tokens in each(
        ask, clients,
        lambda one: list(ask.pages(APP_TOKENS, "", NOT_FOUND, appId=one["id"], limit=200)),
    ):  # fmt: skip
        label = app.get("label") or app["id"]
        for one in tokens:
            yield told(
                "okta_app_token", ask.account, f"apps/{app['id']}/tokens/{one['id']}",
                {
                    "client_id": one.get("clientId") or app["id"], "user_id": one.get("userId"),
                    "status": one.get("status"), "scopes": one.get("scopes"),
                    "issuer": one.get("issuer"), "created": one.get("created"),
                    "expiresAt": one.get("expiresAt"),
                    "user": _user(leavers.get(one.get("userId")), known),
                },
                f"refresh token of {label}",
            )  # fmt: skip


def _has_users(one: dict[str, Any]) -> bool:
    """What signs in for itself has no refresh tokens."""
    settings = (one.get("settings") or {}).get("oauthClient") or {}
    return is_client(one) and settings.get("application_type") != "service"


def _user(leaver: dict[str, Any] | None, known: bool) -> dict[str, Any] | None:
    """Of others than leavers nothing need be known, if all leavers are."""
    if leaver is None:
        return None if known else {"status": refused_value("users")}
    login = (leaver.get("profile") or {}).get("login", "")
    return {"status": leaver.get("status", ""), "login": login}


def _grants(ask: Scope, leavers: dict[str, Any]) -> Iterator[Declared]:
    asked = list(leavers)
    if len(asked) > MOST_ASKED and "user_grants" not in ask.session.wants:
        ask.unseen(
            f"what {len(asked)} users who have left had agreed to was not asked for, which is a call for each",
            "Give --user-grants to ask.",
        )
        return
    for user, grants in each(
        ask, asked, lambda user: list(ask.pages(USER_GRANTS, "", NOT_FOUND, userId=user, limit=200))
    ):
        for one in grants:
            yield told(
                "okta:OAuth2ScopeConsentGrant", ask.account, f"users/{user}/grants/{one['id']}",
                {
                    "clientId": one.get("clientId"), "userId": user, "scopeId": one.get("scopeId"),
                    "issuer": one.get("issuer"), "source": one.get("source"),
                    "status": one.get("status"), "created": one.get("created"),
                    "user": _user(leavers[user], known=True),
                },
                f"consent to {one.get('scopeId')} for {one.get('clientId')}",
            )  # fmt: skip


SURFACES = [
    Surface(
        name="consents",
        calls=(USERS, APPS, APP_TOKENS, USER_GRANTS),
        types=("okta_app_token", "okta:OAuth2ScopeConsentGrant"),
        look=look,
    )
]
