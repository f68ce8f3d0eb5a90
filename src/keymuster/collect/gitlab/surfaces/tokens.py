"""Tokens of projects, groups, service accounts and people, and deploy tokens. Only those that are valid are
asked for; servers that are older than the question tell of others, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gitlab import places
from keymuster.collect.gitlab.objects import LEVELS, picked, told
from keymuster.collect.gitlab.scope import Scope
from keymuster.collect.gitlab.surface import Surface

_OF_PROJECT = "GET /projects/{id}/access_tokens"
_OF_GROUP = "GET /groups/{id}/access_tokens"
_DEPLOY_OF_PROJECT = "GET /projects/{id}/deploy_tokens"
_DEPLOY_OF_GROUP = "GET /groups/{id}/deploy_tokens"
_ACCOUNTS = "GET /groups/{id}/service_accounts"
_OF_ACCOUNT = "GET /groups/{id}/service_accounts/{user_id}/personal_access_tokens"
_ACCOUNTS_OF_SERVER = "GET /service_accounts"
_PERSONAL = "GET /personal_access_tokens"

_FIELDS = ("name", "description", "scopes", "created_at", "expires_at", "last_used_at", "user_id")


def access_tokens(ask: Scope) -> Iterator[Told]:
    for place in places.everywhere(ask, "access tokens"):
        call = _OF_GROUP if place.kind == "groups" else _OF_PROJECT
        for one in _valid(ask.pages(call, "", id=place.id, state="active")):
            level = one.get("access_level") or 0
            settings = {
                **_settings(ask, one), place.word: place.path, "path": place.path,
                "access_level": LEVELS.get(level, str(level or "")),
            }  # fmt: skip
            yield _token(ask, f"gitlab_{place.word}_access_token", one, settings, place.path)


def deploy_tokens(ask: Scope) -> Iterator[Told]:
    for place in places.everywhere(ask, "deploy tokens"):
        call = _DEPLOY_OF_GROUP if place.kind == "groups" else _DEPLOY_OF_PROJECT
        for one in ask.pages(call, "", id=place.id, active="true"):
            if one.get("revoked") is True or one.get("expired") is True:
                continue
            settings = {
                **picked(one, "name", "username", "scopes", "expires_at"), place.word: place.path,
            }  # fmt: skip
            yield told(
                "gitlab_deploy_token", ask.id("deploy-token", one["id"]), ask.account, settings,
                f"{one['name']} of {place.path}",
            )  # fmt: skip


def service_accounts(ask: Scope) -> Iterator[Told]:
    """Of the top of the group alone: others have none of their own."""
    group = ask.session.group
    for one in ask.pages(_ACCOUNTS, "", id=group):
        yield _account(ask, one)
        tokens = ask.pages(_OF_ACCOUNT, "", id=group, user_id=one["id"], state="active")
        for token in _valid(tokens):
            settings = {**_settings(ask, token), "group": group}
            type = "gitlab_group_service_account_access_token"
            yield _token(ask, type, token, settings, str(one.get("username")))


def of_server(ask: Scope) -> Iterator[Told]:
    for one in ask.pages(_ACCOUNTS_OF_SERVER, ""):
        yield _account(ask, one)


def personal_tokens(ask: Scope) -> Iterator[Told]:
    """Of everybody, with those of projects and groups, which were told of before by the same ids."""
    for one in _valid(ask.pages(_PERSONAL, "", state="active")):
        settings = _settings(ask, one)
        yield _token(
            ask, "gitlab_personal_access_token", one, settings, f"user {one.get('user_id')}"
        )


def _valid(found: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (
        one for one in found if one.get("active") is not False and one.get("revoked") is not True
    )


def _account(ask: Scope, one: dict[str, Any]) -> Told:
    settings = {**picked(one, "username", "name"), "user_id": one["id"]}
    return told(
        "gitlab_group_service_account", ask.id("user", one["id"]), ask.account, settings,
        str(one.get("username") or one["id"]),
    )  # fmt: skip


def _settings(ask: Scope, one: dict[str, Any]) -> dict[str, Any]:
    return {**picked(one, *_FIELDS), "user": ask.id("user", one.get("user_id"))}


def _token(
    ask: Scope, type: str, one: dict[str, Any], settings: dict[str, Any], whose: str
) -> Told:
    return told(
        type, ask.id("access-token", one["id"]), ask.account, settings, f"{one.get('name')} of {whose}"
    )  # fmt: skip


SURFACES = (
    Surface(
        name="access-tokens", calls=(*places.CALLS, _OF_GROUP, _OF_PROJECT),
        types=("gitlab_group_access_token", "gitlab_project_access_token"), look=access_tokens,
    ),
    Surface(
        name="deploy-tokens", calls=(*places.CALLS, _DEPLOY_OF_GROUP, _DEPLOY_OF_PROJECT),
        types=("gitlab_deploy_token",), look=deploy_tokens,
    ),
    Surface(
        name="service-accounts", calls=(_ACCOUNTS, _OF_ACCOUNT),
        types=("gitlab_group_service_account", "gitlab_group_service_account_access_token"),
        look=service_accounts,
    ),
    Surface(
        name="service-accounts-of-server", calls=(_ACCOUNTS_OF_SERVER,),
        types=("gitlab_group_service_account",), look=of_server, of_server=True, always=True,
    ),
    Surface(
        name="personal-tokens", calls=(_PERSONAL,), types=("gitlab_personal_access_token",),
        look=personal_tokens, of_server=True,
    ),
)  # fmt: skip
