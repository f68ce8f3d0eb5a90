"""Slack: apps that a workspace or organisation lets in, and webhooks that post to it. Terraform has no
words for them, so those of the Web API are used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

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

_LIVE = ("approved", "installed")
"""Of apps that are restricted or asked for, nobody knows whether they are in."""


def app(one: Declared) -> Iterator[Observation]:
    installer = one.text("installer", "name") or one.text("installer", "user_id")
    homepage = one.text("app_homepage_url")
    yield Identity(
        id=one.id,
        kind=IdentityKind.OAUTH_CLIENT,
        provider="slack",
        name=one.text("name") or one.name,
        location=one.location,
        aliases=(f"slack:app/{one.text('id')}",) if one.text("id") else (),
        account=one.account,
        status=one.text("status"),
        created_at=one.time("installer", "date"),
        owner_hints=_installer(one, installer),
        tags={
            key: value
            for key, value in {
                "client_id": one.text("id"),
                "app_slug": one.text("app_directory_url").rpartition("/")[2],
                "homepage": homepage,
                "verified": one.text("is_app_directory_approved"),
                "publisher_domain": _host(homepage),
                "internal": one.text("is_internal"),
            }.items()
            if value
        },
        purpose=one.text("description"),
    )
    yield from _leaver(one)
    if one.text("status") in _LIVE:
        yield from _grants(one)


def _installer(one: Declared, name: str) -> tuple[OwnerHint, ...]:
    if not name:
        return ()
    deleted = {"true": False, "false": True}.get(one.text("installer", "deleted"))
    return (
        OwnerHint(name=name, source="slack", at=one.time("installer", "date"), active=deleted),
    )  # fmt: skip


def _host(address: str) -> str:
    """Where a vendor is at home: Slack looks at that before it lists an app in its marketplace."""
    return address.partition("://")[2].partition("/")[0].removeprefix("www.").lower()


def _leaver(one: Declared) -> Iterator[Identity]:
    """Whoever installed it, if they are gone: of others nothing is told here."""
    user = one.text("installer", "user_id")
    if user and one.text("installer", "deleted") == "true":
        yield Identity(
            id=f"slack:{one.account}:user/{user}",
            kind=IdentityKind.USER,
            provider="slack",
            name=one.text("installer", "name") or user,
            location=one.location,
            aliases=(f"slack:{user}",),
            account=one.account,
            status="deactivated",
        )


def _grants(one: Declared) -> Iterator[Grant]:
    """One for each sort of token: what a bot may, and what a user who agrees lets it do as them."""
    scopes = one.get("scopes")
    by_token: dict[str, list[str]] = {}
    for scope in scopes.items() if scopes else ():
        name, token = (
            node.text() if node else "" for node in map(scope.get, ("name", "token_type"))
        )
        if name:
            by_token.setdefault(token or "app", []).append(name)
    for token, names in by_token.items():
        yield Grant(
            id=f"{one.id}#{token}",
            identity=one.id,
            kind=GrantKind.APP_INSTALLATION,
            provider="slack",
            location=one.location,
            actions=tuple(dict.fromkeys(names)),
            resources=(one.account,),
            conditions={"token_type": token},
            granted_by=_granted_by(one),
            granted_at=_granted_at(one),
        )


def _granted_by(one: Declared) -> str | None:
    return (
        one.text("last_resolved_by", "actor_id")
        or one.text("installer", "name")
        or one.text("installer", "user_id")
        or None
    )


def _granted_at(one: Declared) -> datetime | None:
    return one.time("date_updated") or one.time("installer", "date")


def integration(one: Declared) -> Iterator[Observation]:
    """What Slack had before there were apps: whoever knows its address or token may use it."""
    is_webhook = "incoming-webhook" in one.text("scope").split(",")
    name = one.text("service_type") or one.name
    yield Credential(
        id=f"{one.id}#credential",
        kind=CredentialKind.WEBHOOK if is_webhook else CredentialKind.SERVICE_TOKEN,
        name=f"{name} ({one.text('installer', 'name') or 'nobody'})",
        vendor="slack",
        location=one.location,
        status=CredentialStatus.DISABLED if one.text("change_type") == "disabled" else CredentialStatus.ACTIVE,
        storage=Storage.OTHER,
        created_at=one.time("installer", "date"),
        tags={"type": one.type},
    )  # fmt: skip


TYPES = {"slack:App": app, "slack:Integration": integration}

SUBJECTS = {"slack:App": ("grant", "identity"), "slack:Integration": ("credential",)}
