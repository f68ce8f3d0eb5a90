"""What objects of GitLab mean, declared or told of by its API: tokens of projects, groups and people, keys,
service accounts, variables of jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from keymuster.collect.declared import Declared
from keymuster.collect.literals.names import kind_of
from keymuster.collect.meanings.saas import who
from keymuster.detect import ssh_keys
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

_PROVIDER = "gitlab"


def _credential(
    kind: CredentialKind, name: str, holder: str = ""
) -> Callable[[Declared], Iterator[Observation]]:
    def meaning(one: Declared) -> Iterator[Observation]:
        exists = bool(one.account)
        identity = one.text("user") if exists else who(one, one.text(holder)) if holder else ""
        yield Credential(
            id=one.id if exists else f"{one.id}#credential",
            kind=kind,
            name=f"{name} {one.name}" if exists else name,
            vendor=_PROVIDER if exists else "",
            location=one.location,
            identity=identity or None,
            created_at=one.time("created_at"),
            expires_at=_end(one) if exists else None,
            last_used_at=one.time("last_used_at"),
            never_used=_never_used(one),
            status=CredentialStatus.ACTIVE,
            tags=_tags(one),
        )
        if exists and identity and (scopes := tuple(one.texts("scopes"))):
            yield Grant(
                id=f"{one.id}#grant", identity=identity, kind=GrantKind.TOKEN_SCOPE, provider=_PROVIDER,
                location=one.location, actions=scopes, resources=(f"{one.known('path') or one.account}/*",),
                granted_at=one.time("created_at"), last_used_at=one.time("last_used_at"),
            )  # fmt: skip

    return meaning


def _end(one: Declared) -> datetime | None:
    """A day, or a moment."""
    found = one.time("expires_at")
    return found.astimezone(UTC) if found else None


def _never_used(one: Declared) -> bool | None:
    """Where GitLab tells of the use of such things, it tells nothing of those that were never used."""
    if one.account and one.type in _TELL_USE:
        return one.get("last_used_at") is None
    return None


def _tags(one: Declared) -> dict[str, str]:
    tags = {"type" if one.account else "declared_as": one.type}
    known = one.known("fingerprint_sha256") or ssh_keys.fingerprint(one.known("key"))
    if known:
        tags["ssh_fingerprint"] = known
    return tags


def service_account(one: Declared) -> Iterator[Observation]:
    name = one.known("username") or one.known("name")
    yield Identity(
        id=one.id,
        kind=IdentityKind.SERVICE_ACCOUNT,
        provider=_PROVIDER,
        name=name or one.name,
        location=one.location,
        aliases=(f"{_PROVIDER}:{name}",) if name else (),
        account=one.account,
        purpose=one.known("description"),
    )


def application(one: Declared) -> Iterator[Observation]:
    """An app that an administrator let in: whoever signs in by it may hand it these scopes."""
    if not one.account:
        return
    yield Identity(
        id=one.id, kind=IdentityKind.OAUTH_CLIENT, provider=_PROVIDER, name=one.known("name") or one.name,
        location=one.location, account=one.account,
        tags={"client_id": one.known("application_id"), "homepage": one.known("redirect_url")},
    )  # fmt: skip
    if scopes := tuple(one.texts("scopes")):
        yield Grant(
            id=f"{one.id}#grant", identity=one.id, kind=GrantKind.OAUTH_CONSENT, provider=_PROVIDER,
            location=one.location, actions=scopes, resources=(f"{one.account}/*",),
        )  # fmt: skip


def variable(one: Declared) -> Iterator[Observation]:
    """What jobs get, where it is a secret by its name, or is hidden like one."""
    hidden = any(one.text(key) == "true" for key in ("masked", "hidden"))
    if one.account and (hidden or kind_of(one.text("key")) is not None):
        yield Credential(
            id=one.id, kind=CredentialKind.PASSWORD, name=f"variable {one.name}", vendor=_PROVIDER,
            location=one.location, storage=Storage.CI_VARIABLE,
            tags={"type": one.type, "setting": one.known("key")},
        )  # fmt: skip


_TOKEN = CredentialKind.SERVICE_TOKEN
_KEY = CredentialKind.PRIVATE_KEY

_TELL_USE = frozenset(
    (
        "gitlab_group_access_token", "gitlab_group_service_account_access_token", "gitlab_personal_access_token",
        "gitlab_project_access_token",
    )
)  # fmt: skip

TYPES: dict[str, Callable[[Declared], Iterator[Observation]]] = {
    "gitlab_deploy_key": _credential(_KEY, "deploy key"),
    "gitlab_deploy_token": _credential(_TOKEN, "deploy token"),
    "gitlab_group_access_token": _credential(_TOKEN, "group access token"),
    "gitlab_group_service_account_access_token": _credential(_TOKEN, "access token", "user_id"),
    "gitlab_personal_access_token": _credential(
        CredentialKind.PERSONAL_ACCESS_TOKEN, "personal access token", "user_id"
    ),
    "gitlab_pipeline_trigger": _credential(_TOKEN, "pipeline trigger token"),
    "gitlab_project_access_token": _credential(_TOKEN, "project access token"),
    "gitlab_group_service_account": service_account,
    "gitlab_application": application,
    "gitlab_project_variable": variable,
    "gitlab_group_variable": variable,
    "gitlab_instance_variable": variable,
}

SUBJECTS = {
    **dict.fromkeys(TYPES, ("credential", "grant")),
    "gitlab_group_service_account": ("identity",),
    "gitlab_application": ("grant", "identity"),
    **dict.fromkeys(
        ("gitlab_project_variable", "gitlab_group_variable", "gitlab_instance_variable"),
        ("credential",),
    ),
}
