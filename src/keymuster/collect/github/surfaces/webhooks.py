"""Webhooks: whom GitHub tells what happens, and how they know that it is GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.github.objects import HIDDEN, picked, place, told
from keymuster.collect.github.repositories import LIST, one_by_one
from keymuster.collect.github.scope import Scope

_OF_ORGANIZATION = "GET /orgs/{org}/hooks"
_OF_REPOSITORY = "GET /repos/{owner}/{repo}/hooks"


def of_organization(ask: Scope) -> Iterator[Told]:
    for one in ask.pages(_OF_ORGANIZATION, ""):
        yield told(
            "github_organization_webhook", ask.id("webhook", one["id"]), ask.organization,
            settings(one), f"webhook {one['id']} of {ask.organization}",
        )  # fmt: skip


def of_repositories(ask: Scope) -> Iterator[Told]:
    for repository in one_by_one(ask, "webhooks"):
        for one in ask.pages(_OF_REPOSITORY, "", repo=repository["name"]):
            yield told(
                "github_repository_webhook", ask.id(repository["name"], "webhook", one["id"]),
                ask.organization, {**settings(one), "repository": repository["name"], "last_response": _last(one)},
                f"webhook {one['id']} of {repository['full_name']}",
            )  # fmt: skip


def settings(one: dict[str, Any]) -> dict[str, Any]:
    """As Terraform writes them. Only that there is a secret is told, and of an address no more than whose
    it is: the rest of it may be what opens it."""
    config = one.get("config") or {}
    said = {**picked(config, "insecure_ssl", "content_type"), "url": place(config.get("url"))}
    if config.get("secret"):
        said["secret"] = HIDDEN
    return {
        **picked(one, "events", "active", "created_at", "updated_at"),
        "configuration": {name: value for name, value in said.items() if value not in (None, "")},
    }  # fmt: skip


def _last(one: dict[str, Any]) -> dict[str, Any]:
    return picked(one.get("last_response") or {}, "code", "status")


SURFACES = (
    Surface(
        name="webhooks", calls=(_OF_ORGANIZATION,), types=("github_organization_webhook",),
        look=of_organization,
    ),
    Surface(
        name="webhooks-of-repositories", calls=(LIST, _OF_REPOSITORY),
        types=("github_repository_webhook",), look=of_repositories,
    ),
)  # fmt: skip
