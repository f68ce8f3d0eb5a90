"""OAuth clients of the organisation: how they sign in, since when their secrets and keys are the same, and
what they may do to the organisation itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from keymuster.collect.asking.several import each
from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.declared import Declared
from keymuster.collect.okta.calls import (
    APP_GRANTS,
    APP_KEYS,
    APP_SECRETS,
    APPS,
    CLIENT_ROLES,
    LOGS,
)
from keymuster.collect.okta.objects import told
from keymuster.collect.okta.scope import NOT_FOUND, Scope

MOST_ASKED = 200
"""Apps whose last use is asked for, one by one, without the option for it."""

_LOG_DAYS = 90
"""How long Okta keeps its log."""


class _App(Struct, frozen=True, kw_only=True):
    """An app with what other calls tell of it."""

    found: dict[str, Any]
    secrets: list[Any] = []
    keys: list[Any] = []
    grants: list[Any] = []
    roles: list[Any] = []
    used: dict[str, str] = {}

    @property
    def id(self) -> str:
        return str(self.found["id"])

    @property
    def label(self) -> str:
        return str(self.found.get("label") or self.id)

    @property
    def client(self) -> dict[str, Any]:
        found = (self.found.get("credentials") or {}).get("oauthClient") or {}
        return found if isinstance(found, dict) else {}

    @property
    def settings(self) -> dict[str, Any]:
        found = (self.found.get("settings") or {}).get("oauthClient") or {}
        return found if isinstance(found, dict) else {}

    @property
    def client_id(self) -> str:
        return str(self.client.get("client_id") or self.id)

    @property
    def method(self) -> str:
        return str(self.client.get("token_endpoint_auth_method") or "client_secret_basic")

    @property
    def is_service(self) -> bool:
        """Only what signs in for itself can have roles."""
        return self.settings.get("application_type") == "service"


def look(ask: Scope) -> Iterator[Told]:
    clients = [one for one in ask.pages(APPS, "", limit=200) if is_client(one)]
    active = len([one for one in clients if one.get("status") == "ACTIVE"])
    asks_use = active <= MOST_ASKED or "last_used" in ask.session.wants
    if not asks_use:
        ask.unseen(
            f"when each of {active} apps was last used was not asked for, which is a call for each",
            "Give --last-used to ask.",
        )
    hashes: dict[str, list[str]] = {}
    secrets: list[tuple[_App, dict[str, Any]]] = []
    for _, app in each(ask, clients, lambda one: _asked(ask, one, asks_use)):
        yield _app(ask, app)
        yield from _keys(ask, app)
        yield from _grants(ask, app)
        yield from _roles(ask, app)
        for secret in app.secrets:
            secrets.append((app, secret))
            if hash := secret.get("secret_hash"):
                hashes.setdefault(hash, []).append(app.label)
    for app, secret in secrets:
        same = hashes.get(secret.get("secret_hash", ""), [])
        yield _secret(ask, app, secret, [one for one in same if one != app.label])


def is_client(one: dict[str, Any]) -> bool:
    """Other apps are pages that people sign in to by SAML, a password, or a link."""
    return one.get("signOnMode") == "OPENID_CONNECT"


def _asked(ask: Scope, found: dict[str, Any], asks_use: bool) -> _App:
    one = _App(found=found)
    by_secret = one.method.startswith("client_secret")
    by_key = one.method == "private_key_jwt"
    roles = one.is_service and ask.pages(CLIENT_ROLES, "", NOT_FOUND, clientId=one.client_id)
    return _App(
        found=found,
        secrets=_without_text(ask.pages(APP_SECRETS, "", NOT_FOUND, appId=one.id)) if by_secret else [],
        keys=list(ask.pages(APP_KEYS, "", NOT_FOUND, appId=one.id)) if by_key else [],
        grants=list(ask.pages(APP_GRANTS, "", NOT_FOUND, appId=one.id)),
        roles=list(roles or ()),
        used=_used(ask, one) if asks_use and found.get("status") == "ACTIVE" else {},
    )  # fmt: skip


def _without_text(secrets: Iterator[Any]) -> list[Any]:
    """The answer holds the secret itself, which nobody here needs."""
    return [{key: one[key] for key in _OF_SECRET if key in one} for one in secrets]


_OF_SECRET = ("id", "created", "lastUpdated", "status", "secret_hash")


def _used(ask: Scope, app: _App) -> dict[str, str]:
    """When somebody last signed in with it or it got a token, or since when nobody did."""
    since = datetime.now(UTC) - timedelta(days=_LOG_DAYS)
    found = ask.answer(
        LOGS, since=since.isoformat(timespec="seconds"), limit=1, sortOrder="DESCENDING",
        filter=f'(eventType eq "user.authentication.sso" or eventType sw "app.oauth2") '
        f'and (target.id eq "{app.id}" or actor.id eq "{app.client_id}")',
    )  # fmt: skip
    if not isinstance(found, list):
        return {}
    if found and found[0].get("published"):
        return {"lastEvent": found[0]["published"]}
    made = str(app.found.get("created") or "")
    return {"noEventSince": max(made, since.isoformat(timespec="seconds"))}


def _app(ask: Scope, app: _App) -> Declared:
    client, settings = app.client, app.settings
    return told(
        "okta_app_oauth", ask.account, f"apps/{app.id}",
        {
            "label": app.label, "type": settings.get("application_type"), "client_id": app.client_id,
            "token_endpoint_auth_method": app.method,
            "pkce_required": client.get("pkce_required"),
            "auto_key_rotation": client.get("autoKeyRotation"),
            "grant_types": settings.get("grant_types"),
            "response_types": settings.get("response_types"),
            "redirect_uris": settings.get("redirect_uris"),
            "consent_method": settings.get("consent_method"),
            "client_uri": settings.get("client_uri"),
            "dpop_bound_access_tokens": settings.get("dpop_bound_access_tokens"),
            "status": app.found.get("status"), "created": app.found.get("created"),
            "lastUpdated": app.found.get("lastUpdated"), **app.used,
        },
        app.label,
    )  # fmt: skip


def _secret(ask: Scope, app: _App, secret: dict[str, Any], same: list[str]) -> Declared:
    return told(
        "okta:OAuth2ClientSecret", ask.account, f"apps/{app.id}/credentials/secrets/{secret.get('id')}",
        {
            "app": app.client_id, "label": app.label, "status": secret.get("status"),
            "created": secret.get("created"), "lastUpdated": secret.get("lastUpdated"),
            "sameSecretAs": same or None,
        },
        f"client secret of {app.label}",
    )  # fmt: skip


def _keys(ask: Scope, app: _App) -> Iterator[Declared]:
    for one in app.keys:
        if one.get("use") != "enc":
            yield told(
                "okta:OAuth2ClientJsonWebKey", ask.account,
                f"apps/{app.id}/credentials/jwks/{one.get('id') or one.get('kid')}",
                {
                    "app": app.client_id, "label": app.label, "status": one.get("status"),
                    "created": one.get("created"), "lastUpdated": one.get("lastUpdated"),
                    "kid": one.get("kid"),
                },
                f"signing key of {app.label}",
            )  # fmt: skip


def _grants(ask: Scope, app: _App) -> Iterator[Declared]:
    """The scopes that an app has of the organisation's own API, of whoever granted them together."""
    several: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in app.grants:
        if one.get("status", "ACTIVE") == "ACTIVE":
            by = (one.get("createdBy") or {}).get("id") or one.get("userId") or ""
            several.setdefault((one.get("issuer", ""), one.get("source", ""), by), []).append(one)
    for (issuer, source, by), grants in several.items():
        yield told(
            "okta_app_oauth_api_scope", ask.account, f"apps/{app.id}/grants/{grants[0].get('id')}",
            {
                "app_id": app.id, "client_id": app.client_id, "issuer": issuer,
                "scopes": [one["scopeId"] for one in grants if one.get("scopeId")],
                "grants": [{"id": one.get("id"), "scopeId": one.get("scopeId")} for one in grants],
                "source": source, "createdBy": {"id": by} if by else None,
                "created": min((one["created"] for one in grants if one.get("created")), default=""),
            },
            app.label,
        )  # fmt: skip


def _roles(ask: Scope, app: _App) -> Iterator[Declared]:
    for one in app.roles:
        yield told(
            "okta_app_oauth_role_assignment", ask.account, f"apps/{app.id}/roles/{one.get('id')}",
            {
                "client_id": app.client_id, "type": one.get("type"), "label": one.get("label"),
                "role": one.get("role"), "resource_set": one.get("resource-set"),
                "status": one.get("status"), "created": one.get("created"),
            },
            f"role {one.get('type')} of {app.label}",
        )  # fmt: skip


SURFACES = [
    Surface(
        name="apps",
        calls=(APPS, APP_SECRETS, APP_KEYS, APP_GRANTS, CLIENT_ROLES, LOGS),
        types=(
            "okta_app_oauth",
            "okta_app_oauth_api_scope",
            "okta_app_oauth_role_assignment",
            "okta:OAuth2ClientJsonWebKey",
            "okta:OAuth2ClientSecret",
        ),
        look=look,
    )
]
