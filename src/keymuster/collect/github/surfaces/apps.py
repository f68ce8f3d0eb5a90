"""Apps that others made and somebody let in, and the app that asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.github.objects import picked, told
from keymuster.collect.github.scope import Scope
from keymuster.collect.github.surfaces import webhooks

_INSTALLATIONS = "GET /orgs/{org}/installations"
_APP = "GET /apps/{app_slug}"
_HOOK = "GET /app/hook/config"

_FIELDS = (
    "app_id", "app_slug", "client_id", "repository_selection", "permissions", "events", "created_at", "updated_at",
    "suspended_at",
)  # fmt: skip


def installations(ask: Scope) -> Iterator[Told]:
    """With whose app each is; only few are in more than one organization."""
    for one in ask.pages(_INSTALLATIONS, "installations"):
        slug = str(one["app_slug"])
        app = ask.session.once(("app", slug), lambda slug=slug: _app(ask, slug))  # type: ignore[misc]
        settings = {
            **picked(one, *_FIELDS), **app, "organization": ask.organization,
            "app": f"{ask.home}:app/{one['app_id']}",
        }  # fmt: skip
        yield told(
            "GitHub::AppInstallation", ask.id("installations", one["id"]), ask.organization, settings, slug
        )  # fmt: skip


def _app(ask: Scope, slug: str) -> dict[str, Any]:
    """Who made it, as its public page says: apps that are not public have none."""
    found = ask.answer(_APP, "404", app_slug=slug)
    if not found:
        return {}
    owner = found.get("owner") or {}
    return {
        "app_name": found.get("name"), "publisher": owner.get("login") or owner.get("slug"),
        "homepage": found.get("external_url"), "client_id": found.get("client_id"),
    }  # fmt: skip


def own_app(ask: Scope) -> Iterator[Told]:
    """The app that asks, if one does: nobody else may see how its webhook is guarded. How many keys it has, and
    how old these are, GitHub tells nobody by its API."""
    app = ask.session.app
    found = ask.answer(_HOOK, "404") if app else None
    if app and found:
        key = f"{ask.home}:app/{app.slug}/webhook"
        config = webhooks.settings({"config": found})["configuration"]
        yield told("GitHub::AppWebhook", key, ask.organization, config, app.slug)


SURFACES = (
    Surface(
        name="own-app", calls=(_HOOK,), types=("GitHub::AppWebhook",), look=own_app,
    ),
    Surface(
        name="apps", calls=(_INSTALLATIONS, _APP), types=("GitHub::AppInstallation",),
        look=installations,
    ),
)  # fmt: skip
