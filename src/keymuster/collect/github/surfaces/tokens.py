"""Tokens of people that open the organization: fine-grained ones that it approved, and classic tokens, keys and
apps that their owners authorized for its single sign-on."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.github import people
from keymuster.collect.github.machines import looks_like_machine
from keymuster.collect.github.objects import picked, told
from keymuster.collect.github.scope import Scope

_FINE_GRAINED = "GET /orgs/{org}/personal-access-tokens"
_AUTHORIZED = "GET /orgs/{org}/credential-authorizations"

_GRANTED = (
    "repository_selection", "permissions", "access_granted_at", "token_id", "token_name", "token_expired",
    "token_expires_at", "token_last_used_at",
)  # fmt: skip
_SAID = (
    "login", "credential_id", "credential_type", "credential_authorized_at", "credential_accessed_at", "scopes",
    "fingerprint", "authorized_credential_title", "authorized_credential_note", "authorized_credential_expires_at",
)  # fmt: skip
"""Not the last letters of a token: they are of its text."""


def fine_grained(ask: Scope) -> Iterator[Told]:
    role = people.role_of(ask)
    for one in ask.pages(_FINE_GRAINED, ""):
        login = str((one.get("owner") or {}).get("login", ""))
        settings = {
            **picked(one, *_GRANTED), "owner": login, "owner_role": role(login),
            "machine_name": looks_like_machine(login), "organization": ask.organization,
            "user": f"{ask.home}:user/{login}",
        }  # fmt: skip
        name = f"token {one.get('token_name') or one['token_id']} of {login}"
        yield told(
            "GitHub::PersonalAccessToken", ask.id("personal-access-tokens", one["id"]), ask.organization,
            settings, name,
        )  # fmt: skip


def authorized(ask: Scope) -> Iterator[Told]:
    role = people.role_of(ask)
    for one in ask.pages(_AUTHORIZED, ""):
        login = str(one["login"])
        settings = {
            **picked(one, *_SAID), "owner_role": role(login), "organization": ask.organization,
            "machine_name": looks_like_machine(login), "user": f"{ask.home}:user/{login}",
        }  # fmt: skip
        title = one.get("authorized_credential_note") or one.get("authorized_credential_title")
        name = f"{title or one['credential_type']} of {login}"
        yield told(
            "GitHub::CredentialAuthorization", ask.id("credential-authorizations", one["credential_id"]),
            ask.organization, settings, name,
        )  # fmt: skip


SURFACES = (
    Surface(
        name="fine-grained-tokens", calls=(_FINE_GRAINED, *people.CALLS),
        types=("GitHub::PersonalAccessToken",), look=fine_grained,
    ),
    Surface(
        name="authorized-credentials", calls=(_AUTHORIZED, *people.CALLS),
        types=("GitHub::CredentialAuthorization",), look=authorized,
    ),
)  # fmt: skip
