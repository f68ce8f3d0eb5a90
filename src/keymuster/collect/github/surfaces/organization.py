"""The organization itself, and those of its people who may be machines, or sign in with a password alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.github import people
from keymuster.collect.github.machines import looks_like_machine
from keymuster.collect.github.objects import picked, told
from keymuster.collect.github.repositories import LIST, repositories
from keymuster.collect.github.scope import Scope

_ORGANIZATION = "GET /orgs/{org}"
_AUDIT = "GET /orgs/{org}/audit-log"

_SETTINGS = (
    "default_repository_permission", "members_can_create_public_repositories", "members_can_fork_private_repositories",
    "two_factor_requirement_enabled", "created_at", "is_verified",
)  # fmt: skip


def organization(ask: Scope) -> Iterator[Told]:
    found = ask.answer(_ORGANIZATION)
    if found is None:
        return
    if "two_factor_requirement_enabled" not in found:
        ask.unseen(
            "its settings were not told: only owners see them",
            "Sign in as an owner, or as an app with organization_administration: read.",
        )
    settings = {**picked(found, *_SETTINGS), "login": ask.organization}
    yield told(
        "github_organization_settings", ask.id(), ask.organization, settings, ask.organization
    )


def members(ask: Scope) -> Iterator[Told]:
    """Members whose names are those of machines, and members without a second factor."""
    role = people.role_of(ask)
    everybody = people.everybody(ask, role="member") or []
    everybody = everybody + (people.everybody(ask, role="admin") or [])
    weak = {one["login"] for one in ask.pages(people.MEMBERS, "", filter="2fa_disabled")}
    for one in everybody:
        login = one["login"]
        if login in weak or looks_like_machine(login):
            settings: dict[str, Any] = {
                "username": login, "role": role(login), "machine_name": looks_like_machine(login),
                "two_factor_disabled": login in weak, "user": f"{ask.home}:user/{login}",
            }  # fmt: skip
            yield told(
                "github_membership", ask.id("member", login), ask.organization, settings, login
            )


def all_repositories(ask: Scope) -> Iterator[Told]:
    """The names of all of them: what trusts or keys are for and is not among them is gone. Where the user
    wants some only, nothing is told of the others."""
    before = ask.failures
    if ask.session.asked.repositories:
        return
    found = repositories(ask)
    if found and ask.failures == before:
        settings = {
            "organization": ask.organization,
            "names": sorted(one["name"] for one in found),
            "archived": sorted(one["name"] for one in found if one.get("archived")),
        }
        yield told(
            "GitHub::Repositories", ask.id("repositories"), ask.organization, settings,
            f"repositories of {ask.organization}",
        )  # fmt: skip


def oauth_apps(ask: Scope) -> Iterator[Told]:
    """Whether people may let OAuth apps in by themselves. Only what was done to that setting is told."""
    latest: tuple[int, bool] | None = None
    before = ask.failures
    for action, restricted in _ACTIONS.items():
        for one in ask.answer(_AUDIT, phrase=f"action:{action}", per_page=1) or ():
            moment = one.get("@timestamp") or 0
            if one.get("action") == action and (latest is None or moment > latest[0]):
                latest = moment, restricted
    if latest is not None:
        yield told(
            "GitHub::OAuthAppPolicy", ask.id("oauth-app-policy"), ask.organization,
            {"restricted": latest[1]}, ask.organization,
        )  # fmt: skip
    elif ask.failures == before:
        ask.unseen(
            "whether OAuth apps need an owner's approval is not told: nobody changed it since the audit log "
            "begins",
            "See the organization's settings, under third-party access.",
        )


_ACTIONS = {
    "org.enable_oauth_app_restrictions": True,
    "org.disable_oauth_app_restrictions": False,
}

SURFACES = (
    Surface(
        name="organization", calls=(_ORGANIZATION,), types=("github_organization_settings",),
        look=organization, always=True,
    ),
    Surface(
        name="members", calls=people.CALLS, types=("github_membership",), look=members,
    ),
    Surface(
        name="repositories", calls=(LIST,), types=("GitHub::Repositories",), look=all_repositories,
    ),
    Surface(
        name="oauth-apps", calls=(_AUDIT,), types=("GitHub::OAuthAppPolicy",), look=oauth_apps,
    ),
)  # fmt: skip
