"""Okta: apps that sign in by themselves or for users, what proves them, and what they may do. Declared in
the words of its Terraform provider, live with the facts of its API beside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from keymuster.collect.declared import Declared
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    OwnerHint,
    Storage,
)

_STATUS = {
    "ACTIVE": CredentialStatus.ACTIVE,
    "INACTIVE": CredentialStatus.DISABLED,
    "REVOKED": CredentialStatus.DISABLED,
}

_WITHOUT_SECRET = ("private_key_jwt", "none")


def app(one: Declared) -> Iterator[Observation]:
    """An OAuth client. Its secrets are told of themselves where it exists."""
    label, client = one.known("label"), one.known("client_id")
    yield Identity(
        id=one.id,
        kind=IdentityKind.OAUTH_CLIENT,
        provider="okta",
        name=label or one.name,
        location=one.location,
        aliases=_names(one, label, client),
        account=one.account,
        status=one.text("status").lower(),
        created_at=one.time("created"),
        last_used_at=one.time("lastEvent"),
        tags=_said(client_id=client, homepage=one.known("client_uri")),
    )
    if not one.key and one.text("token_endpoint_auth_method") not in _WITHOUT_SECRET:
        yield Credential(
            id=f"{one.id}#credential",
            kind=CredentialKind.CLIENT_SECRET,
            name="client secret",
            location=one.location,
            identity=one.id,
            status=CredentialStatus.ACTIVE,
            tags={"declared_as": one.type},
        )


def _names(one: Declared, label: str, client: str) -> tuple[str, ...]:
    """What other records call an app: one that exists is known by its id in its organisation."""
    if one.account:
        return (_client(one, client),) if client else ()
    return (f"okta:{label}",) if label else ()


def _client(one: Declared, client: str) -> str:
    return f"okta:{one.account}:client/{client}" if one.account else f"okta:{client}"


def _app(one: Declared, *settings: str) -> str:
    """The app that one of the settings names."""
    for setting in settings:
        if text := one.text(setting):
            return one.target(text) or _client(one, text)
    return ""


def secret(one: Declared) -> Iterator[Observation]:
    yield _credential(
        one, CredentialKind.CLIENT_SECRET, f"client secret of {one.text('label')}", _app(one, "app")
    )


def key(one: Declared) -> Iterator[Observation]:
    """Half of a pair: the app keeps the other, which signs."""
    yield _credential(
        one, CredentialKind.PRIVATE_KEY, f"signing key of {one.text('label')}", _app(one, "app")
    )


def api_token(one: Declared) -> Iterator[Observation]:
    """A token that may do all that its user may."""
    user = one.known("user_id")
    holder = f"okta:{one.account}:user/{user}" if user and one.account else ""
    if holder:
        login = one.known("owner", "login")
        yield Identity(
            id=holder,
            kind=IdentityKind.USER,
            provider="okta",
            name=login or user,
            location=one.location,
            account=one.account,
            status=one.known("owner", "status").lower(),
        )
        yield from _roles(one, holder)
    yield _credential(one, CredentialKind.API_KEY, f"API token {one.known('name')}", holder)


def _roles(one: Declared, holder: str) -> Iterator[Grant]:
    roles = one.get("owner", "roles")
    for role in roles.items() if roles else ():
        type, label = (node.text() if node else "" for node in map(role.get, ("type", "label")))
        if type:
            yield Grant(
                id=f"{holder}#role/{type}/{label}",
                identity=holder,
                kind=GrantKind.ROLE_BINDING,
                provider="okta",
                location=one.location,
                actions=(type,),
                resources=(one.account,),
            )


def role(one: Declared) -> Iterator[Observation]:
    if (type := one.known("type")) and (client := _app(one, "client_id")):
        yield Grant(
            id=one.id,
            identity=client,
            kind=GrantKind.ROLE_BINDING,
            provider="okta",
            location=one.location,
            actions=(type,),
            resources=(one.account,) if one.account else (),
            granted_at=one.time("created"),
        )


def scopes(one: Declared) -> Iterator[Observation]:
    """Scopes of the organisation's own API that an administrator let an app have. What exists is granted,
    and can be taken away, one by one."""
    client, issuer = _app(one, "client_id", "app_id"), one.known("issuer")
    grants = one.get("grants")
    for grant in grants.items() if grants else ():
        id, scope = (node.text() if node else "" for node in map(grant.get, ("id", "scopeId")))
        consent = _consent(one, client, (scope,), issuer)
        yield replace(consent, id=f"{one.id.rpartition('/')[0]}/{id}")
    if client and grants is None:
        yield _consent(one, client, tuple(one.texts("scopes")), issuer)


def consent(one: Declared) -> Iterator[Observation]:
    """What a user let an app have."""
    yield from _leaver(one)
    yield _consent(one, _app(one, "clientId"), tuple(one.texts("scopeId")), one.text("issuer"))


def refresh_token(one: Declared) -> Iterator[Observation]:
    """With it an app gets what the user agreed to, until it ends."""
    client = _app(one, "client_id")
    yield from _leaver(one)
    yield _credential(one, CredentialKind.REFRESH_TOKEN, f"refresh token {one.name}", client)
    if (said := one.texts("scopes")) and one.text("status") == "ACTIVE":
        yield _consent(one, client, tuple(said), one.text("issuer"))


def _leaver(one: Declared) -> Iterator[Identity]:
    """Whoever agreed, if the organisation says that they are gone: of others nothing is told here."""
    login, status = one.known("user", "login"), one.known("user", "status")
    user = one.text("userId") or one.text("user_id")
    if user and status:
        yield Identity(
            id=f"okta:{one.account}:user/{user}",
            kind=IdentityKind.USER,
            provider="okta",
            name=login or user,
            location=one.location,
            account=one.account,
            status=status.lower(),
        )


def integration(one: Declared) -> Iterator[Observation]:
    """A third party's service that Okta lets in by itself."""
    name, client = one.known("name") or one.known("type") or one.name, one.known("id")
    yield Identity(
        id=one.id,
        kind=IdentityKind.OAUTH_CLIENT,
        provider="okta",
        name=name,
        location=one.location,
        aliases=(_client(one, client),) if client and one.account else (),
        account=one.account,
        created_at=one.time("createdAt"),
        owner_hints=_hints("okta:created-by", one.known("createdBy")),
        tags=_said(
            client_id=client,
            app_slug=one.known("type"),
            homepage=one.known("configGuideUrl"),
            internal="false",
        ),
    )
    granted = one.get("granted_scopes")
    found = (node.get("scope") or node for node in (granted.items() if granted else ()))
    if texts := tuple(text for node in found if (text := node.text())):
        yield _consent(one, one.id, texts, one.account, "#scopes")


def service_account(one: Declared) -> Iterator[Observation]:
    """An account of another service that Okta keeps the password of."""
    yield Identity(
        id=one.id,
        kind=IdentityKind.SERVICE_ACCOUNT,
        provider="okta",
        name=one.text("name") or one.name,
        location=one.location,
        account=one.account,
        status=one.text("status").lower(),
        created_at=one.time("created"),
        owner_hints=_hints("okta", *one.texts("ownerUserIds"), *one.texts("ownerGroupIds")),
        purpose=one.text("description"),
    )


def _consent(
    one: Declared, client: str, scopes: tuple[str, ...], resource: str, part: str = ""
) -> Grant:
    return Grant(
        id=f"{one.id}{part}",
        identity=client,
        kind=GrantKind.OAUTH_CONSENT,
        provider="okta",
        location=one.location,
        actions=scopes,
        resources=(resource,) if resource else (),
        granted_by=_grantor(one),
        granted_at=one.time("created") or one.time("createdAt"),
    )


def _grantor(one: Declared) -> str | None:
    for path in (("user", "login"), ("userId",), ("user_id",), ("createdBy", "id"), ("createdBy",)):
        if name := one.known(*path):
            return name
    return None


def _credential(one: Declared, kind: CredentialKind, name: str, identity: str) -> Credential:
    return Credential(
        id=f"{one.id}#credential",
        kind=kind,
        name=name,
        vendor="okta",
        location=one.location,
        identity=identity or None,
        status=_STATUS.get(one.text("status"), CredentialStatus.ACTIVE),
        storage=Storage.OTHER,
        created_at=one.time("created"),
        expires_at=one.time("expiresAt"),
        last_used_at=_last_used(one),
        tags={"type": one.type},
    )


def _last_used(one: Declared) -> datetime | None:
    """An API token is renewed each time that it is used; of others Okta does not tell."""
    return one.time("lastUpdated") if one.type == "okta_api_token" else None


def _hints(source: str, *names: str) -> tuple[OwnerHint, ...]:
    return tuple(OwnerHint(name=name, source=source) for name in names if name)


def _said(**tags: str) -> dict[str, str]:
    return {name: value for name, value in tags.items() if value}


TYPES = {
    "okta:AppServiceAccount": service_account,
    "okta:OAuth2ClientJsonWebKey": key,
    "okta:OAuth2ClientSecret": secret,
    "okta:OAuth2ScopeConsentGrant": consent,
    "okta_api_service_integration": integration,
    "okta_api_token": api_token,
    "okta_app_oauth": app,
    "okta_app_oauth_api_scope": scopes,
    "okta_app_oauth_role_assignment": role,
    "okta_app_token": refresh_token,
}

SUBJECTS = {
    "okta:AppServiceAccount": ("identity",),
    "okta:OAuth2ClientJsonWebKey": ("credential", "identity"),
    "okta:OAuth2ClientSecret": ("credential", "identity"),
    "okta:OAuth2ScopeConsentGrant": ("grant", "identity"),
    "okta_api_service_integration": ("grant", "identity"),
    "okta_api_token": ("credential", "grant", "identity"),
    "okta_app_oauth": ("credential", "identity"),
    "okta_app_oauth_api_scope": ("grant",),
    "okta_app_oauth_role_assignment": ("grant",),
    "okta_app_token": ("credential", "grant", "identity"),
}
