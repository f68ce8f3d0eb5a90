"""Apps that an administrator let in for the whole server."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Told
from keymuster.collect.gitlab.objects import picked, told
from keymuster.collect.gitlab.scope import Scope
from keymuster.collect.gitlab.surface import Surface

_APPLICATIONS = "GET /applications"


def applications(ask: Scope) -> Iterator[Told]:
    for one in ask.pages(_APPLICATIONS, ""):
        settings = {
            **picked(one, "application_id", "confidential", "scopes"), "name": one.get("application_name"),
            "redirect_url": one.get("callback_url"),
        }  # fmt: skip
        yield told(
            "gitlab_application", ask.id("application", one["id"]), ask.account, settings,
            str(one.get("application_name") or one["id"]),
        )  # fmt: skip


SURFACES = (
    Surface(
        name="applications", calls=(_APPLICATIONS,), types=("gitlab_application",), look=applications,
        of_server=True,
    ),
)  # fmt: skip
