"""Google Workspace: third parties that users let into their mail, files and calendars, passwords for
single programs, and service accounts that may act as anybody of the domain. There is no Terraform type
for these, so the words of the Admin SDK are used."""

from __future__ import annotations

from collections.abc import Iterator

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
    Storage,
)

_REGISTERED = {"false": "true", "true": "false"}
"""An anonymous client is one that nobody registered with Google."""


def app(one: Declared) -> Iterator[Observation]:
    """What users let in, once for all of them."""
    client = one.text("clientId")
    yield Identity(
        id=_client(one),
        kind=IdentityKind.OAUTH_CLIENT,
        provider="google-workspace",
        name=one.text("displayText") or client,
        location=one.location,
        account=one.account,
        last_used_at=one.time("lastActivity"),
        tags={
            key: value
            for key, value in {
                "client_id": client,
                "native": one.text("nativeApp"),
                "registered": _REGISTERED.get(one.text("anonymous"), ""),
            }.items()
            if value
        },
    )


def _client(one: Declared) -> str:
    return f"google-workspace:{one.account}:client/{one.text('clientId')}"


_STATUS = {"true": "suspended", "false": "active"}


def token(one: Declared) -> Iterator[Observation]:
    """What one user let an app do, and whether that user is still there."""
    suspended = one.text("user", "suspended")
    if suspended in _STATUS:
        yield Identity(
            id=f"google-workspace:{one.account}:user/{one.text('userKey')}",
            kind=IdentityKind.USER,
            provider="google-workspace",
            name=one.text("user", "primaryEmail"),
            location=one.location,
            account=one.account,
            status=_STATUS[suspended],
        )
    yield Grant(
        id=one.id,
        identity=_client(one),
        kind=GrantKind.OAUTH_CONSENT,
        provider="google-workspace",
        location=one.location,
        actions=tuple(one.texts("scopes")),
        resources=(one.text("user", "primaryEmail") or one.text("userKey"),),
        granted_by=one.text("user", "primaryEmail") or one.text("userKey") or None,
        granted_at=one.time("authorized"),
        last_used_at=one.time("lastActivity"),
    )


def app_password(one: Declared) -> Iterator[Observation]:
    """Sixteen letters that open the mailbox without a second factor."""
    user = one.text("user", "primaryEmail") or one.text("userKey")
    used = one.time("lastTimeUsed")
    yield Credential(
        id=f"{one.id}#credential",
        kind=CredentialKind.PASSWORD,
        name=f"app password {one.text('name')} of {user}",
        vendor="google-workspace",
        location=one.location,
        status=CredentialStatus.ACTIVE,
        storage=Storage.OTHER,
        created_at=one.time("creationTime"),
        last_used_at=used,
        never_used=True if one.get("lastTimeUsed") and not used else None,
        tags={"type": one.type, "user": user},
    )


def delegation(one: Declared) -> Iterator[Observation]:
    """A client that may act as any user. If it is a service account of ours, it is known by its number."""
    client = one.text("clientId")
    yield Identity(
        id=_client(one),
        kind=IdentityKind.OAUTH_CLIENT,
        provider="google-workspace",
        name=one.text("name") or client,
        location=one.location,
        account=one.account,
        tags={"client_id": client},
    )
    yield Grant(
        id=one.id,
        identity=_client(one),
        kind=GrantKind.OAUTH_CONSENT,
        provider="google-workspace",
        location=one.location,
        actions=tuple(one.texts("scopes")),
        resources=("*",),
        conditions={"delegation": "domain-wide"},
        granted_by=one.text("authorizedBy") or None,
        granted_at=one.time("authorized"),
    )


TYPES = {
    "admin.google.com/DomainWideDelegation": delegation,
    "admin.googleapis.com/App": app,
    "admin.googleapis.com/Asp": app_password,
    "admin.googleapis.com/Token": token,
}

SUBJECTS = {
    "admin.google.com/DomainWideDelegation": ("grant", "identity"),
    "admin.googleapis.com/App": ("identity",),
    "admin.googleapis.com/Asp": ("credential",),
    "admin.googleapis.com/Token": ("grant", "identity"),
}
