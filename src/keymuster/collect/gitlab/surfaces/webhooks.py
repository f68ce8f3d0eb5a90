"""Webhooks: whom GitLab tells what happens. Whether it signs what it sends is not told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from keymuster.collect.asking.surface import Told
from keymuster.collect.gitlab import places
from keymuster.collect.gitlab.objects import UNTOLD, picked, told
from keymuster.collect.gitlab.scope import Scope
from keymuster.collect.gitlab.surface import Surface

_OF_PROJECT = "GET /projects/{id}/hooks"
_OF_GROUP = "GET /groups/{id}/hooks"


def webhooks(ask: Scope) -> Iterator[Told]:
    for place in places.everywhere(ask, "webhooks"):
        call = _OF_GROUP if place.kind == "groups" else _OF_PROJECT
        for one in ask.pages(call, "", id=place.id):
            settings = {
                **picked(one, "name", "created_at", "enable_ssl_verification", "alert_status"),
                "url": _place(one.get("url")), "token_present": UNTOLD, place.word: place.path,
            }  # fmt: skip
            yield told(
                f"gitlab_{place.word}_hook", ask.id(place.word, place.id, "hook", one["id"]), ask.account,
                settings, f"webhook {one['id']} of {place.path}",
            )  # fmt: skip


def _place(url: Any) -> str:
    """No more than whose it is: the rest of an address may be what opens it."""
    try:
        parts = urlsplit(str(url or ""))
        return f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
    except ValueError:
        return ""


SURFACES = (
    Surface(
        name="webhooks", calls=(*places.CALLS, _OF_GROUP, _OF_PROJECT),
        types=("gitlab_group_hook", "gitlab_project_hook"), look=webhooks,
    ),
)  # fmt: skip
