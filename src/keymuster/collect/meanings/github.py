"""What objects of GitHub mean, declared or told of by its API: keys and tokens that open organizations and
repositories, apps that others made, secrets that workflows get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Node
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

_PROVIDER = "github"


def _key(name: str) -> Callable[[Declared], Iterator[Observation]]:
    """An SSH key. Its public half is told, whose fingerprint makes one of what is the same key elsewhere."""

    def meaning(one: Declared) -> Iterator[Observation]:
        yield Credential(
            id=one.id if one.account else f"{one.id}#credential",
            kind=CredentialKind.PRIVATE_KEY,
            name=f"{name} {one.name}" if one.account else name,
            vendor=_PROVIDER if one.account else "",
            location=one.location,
            identity=one.text("user") or None,
            created_at=one.time("created_at"),
            last_used_at=one.time("last_used"),
            never_used=_never_used(one, "last_used"),
            status=_enabled(one),
            tags={**_type(one), **_public_half(one)},
        )

    return meaning


def _public_half(one: Declared) -> dict[str, str]:
    """The fingerprint of a key; code declares the key itself."""
    known = one.known("fingerprint_sha256") or ssh_keys.fingerprint(one.known("key"))
    return {"ssh_fingerprint": known} if known else {}


def _enabled(one: Declared) -> CredentialStatus:
    disabled = one.text("enabled") == "false"
    return CredentialStatus.DISABLED if disabled else CredentialStatus.ACTIVE


def _type(one: Declared) -> dict[str, str]:
    return {"type" if one.account else "declared_as": one.type}


def _never_used(one: Declared, key: str) -> bool | None:
    """GitHub says when a thing was used last, or nothing if it never was."""
    return one.get(key) is None if one.account else None


def _tags(one: Declared, names: dict[str, str]) -> dict[str, str]:
    return {tag: text for key, tag in names.items() if (text := one.known(key))}


def installation(one: Declared) -> Iterator[Observation]:
    """A third party, and what it may do. One that is suspended may do it again when somebody says so."""
    yield Identity(
        id=one.text("app") or one.id,
        kind=IdentityKind.APPLICATION,
        provider=_PROVIDER,
        name=one.known("app_name") or one.name,
        location=one.location,
        aliases=(f"{one.text('app').rpartition('app/')[0]}{one.text('app_slug')}[bot]",),
        account=one.account,
        status="suspended" if one.get("suspended_at") else "",
        tags=_tags(
            one,
            {
                "app_id": "app_id", "app_slug": "app_slug", "client_id": "client_id",
                "publisher": "publisher", "homepage": "homepage",
            },
        ),
    )  # fmt: skip
    yield _grant(
        one, GrantKind.APP_INSTALLATION, one.text("app") or one.id, one.time("created_at"),
        tuple(f"{name}:{node.text()}" for name, node in _entries(one.get("permissions"))),
    )  # fmt: skip


def personal_token(one: Declared) -> Iterator[Observation]:
    """A fine-grained token. When it was made is not told, but when the organization let it in."""
    expired = one.text("token_expired") == "true"
    yield from _user(one, one.text("owner"))
    yield Credential(
        id=one.id,
        kind=CredentialKind.PERSONAL_ACCESS_TOKEN,
        name=f"fine-grained {one.name}",
        vendor=_PROVIDER,
        location=one.location,
        identity=one.text("user"),
        created_at=one.time("access_granted_at"),
        expires_at=one.time("token_expires_at"),
        last_used_at=one.time("token_last_used_at"),
        never_used=_never_used(one, "token_last_used_at"),
        status=CredentialStatus.EXPIRED if expired else CredentialStatus.ACTIVE,
        tags={"type": one.type, **_tags(one, {"token_id": "token_id"})},
    )
    permissions = one.get("permissions")
    yield _grant(
        one, GrantKind.TOKEN_SCOPE, one.text("user"), one.time("access_granted_at"),
        tuple(
            f"{name}:{node.text()}"
            for part in ("organization", "repository", "other")
            for name, node in _entries(permissions.get(part) if permissions else None)
        ),
        one.time("token_last_used_at"),
    )  # fmt: skip


def authorization(one: Declared) -> Iterator[Observation]:
    """A classic token, a key or an app that somebody authorized for single sign-on."""
    sort = one.text("credential_type")
    yield from _user(one, one.text("login"))
    yield Credential(
        id=one.id,
        kind=_AUTHORIZED.get(sort, CredentialKind.ACCESS_TOKEN),
        name=f"{sort} {one.name}" if not one.name.startswith(sort) else one.name,
        vendor=_PROVIDER,
        location=one.location,
        identity=one.text("user"),
        created_at=one.time("credential_authorized_at"),
        expires_at=one.time("authorized_credential_expires_at"),
        last_used_at=one.time("credential_accessed_at"),
        never_used=_never_used(one, "credential_accessed_at"),
        status=CredentialStatus.ACTIVE,
        tags={"type": one.type, **_tags(one, {"fingerprint": "ssh_fingerprint"})},
    )
    if scopes := tuple(one.texts("scopes")):
        yield _grant(
            one, GrantKind.TOKEN_SCOPE, one.text("user"), one.time("credential_authorized_at"), scopes,
            one.time("credential_accessed_at"),
        )  # fmt: skip


_AUTHORIZED = {
    "personal access token": CredentialKind.PERSONAL_ACCESS_TOKEN,
    "SSH key": CredentialKind.PRIVATE_KEY,
}


def member(one: Declared) -> Iterator[Observation]:
    """Somebody whose name is that of a machine."""
    if one.account and one.text("machine_name") == "true":
        yield from _user(one, one.text("username"))


def _user(one: Declared, login: str) -> Iterator[Identity]:
    """Nobody if the answer does not say who."""
    id = one.text("user")
    if not id:
        return
    yield Identity(
        id=id, kind=IdentityKind.USER, provider=_PROVIDER, name=login, location=one.location,
        aliases=(f"{id.rpartition('user/')[0]}{login}",), account=one.account,
        status="left" if one.text("owner_role") == "none" else "",
    )  # fmt: skip


def _grant(
    one: Declared, kind: GrantKind, identity: str, since: datetime | None, actions: tuple[str, ...],
    used: datetime | None = None,
) -> Grant:  # fmt: skip
    """Of which repositories it holds, is told only if it is all of them."""
    chosen = one.text("repository_selection") or "all"
    suspended = one.text("suspended_at")
    return Grant(
        id=f"{one.id}#grant",
        identity=identity,
        kind=kind,
        provider=_PROVIDER,
        location=one.location,
        actions=actions,
        resources=(_RESOURCES.get(chosen, "{}/${{selected}}").format(one.account),),
        conditions={"suspended_at": suspended} if suspended else {},
        granted_at=since,
        last_used_at=used,
    )


_RESOURCES = {"all": "{}/*", "none": "{}"}
"""What of an organization is meant by the repositories that somebody chose."""


def _entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None:
        yield from node.entries()


def secret(one: Declared) -> Iterator[Observation]:
    """Something that workflows get, of which nobody is told what it is. It is as old as its last change."""
    if one.account:
        yield Credential(
            id=one.id,
            kind=CredentialKind.PASSWORD,
            name=f"secret {one.name}",
            vendor=_PROVIDER,
            location=one.location,
            created_at=one.time("updated_at"),
            storage=Storage.CI_VARIABLE,
            tags={"type": one.type, "setting": one.known("secret_name")},
        )


_SECRETS = (
    "github_actions_secret", "github_actions_environment_secret", "github_actions_organization_secret",
    "github_codespaces_secret", "github_codespaces_organization_secret", "github_dependabot_secret",
    "github_dependabot_organization_secret",
)  # fmt: skip

TYPES: dict[str, Callable[[Declared], Iterator[Observation]]] = {
    "github_repository_deploy_key": _key("deploy key"),
    "github_user_ssh_key": _key("SSH key"),
    "github_membership": member,
    "GitHub::AppInstallation": installation,
    "GitHub::PersonalAccessToken": personal_token,
    "GitHub::CredentialAuthorization": authorization,
    **dict.fromkeys(_SECRETS, secret),
}

SUBJECTS = {
    "github_repository_deploy_key": ("credential",),
    "github_user_ssh_key": ("credential",),
    "github_membership": ("identity",),
    "GitHub::AppInstallation": ("grant", "identity"),
    "GitHub::PersonalAccessToken": ("credential", "grant", "identity"),
    "GitHub::CredentialAuthorization": ("credential", "grant", "identity"),
    **dict.fromkeys(_SECRETS, ("credential",)),
}
