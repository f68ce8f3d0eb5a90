"""Roles of the user's own."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_ROLE = "iam.googleapis.com/Role"
_CALLS = {"project": "iam.projects.roles.list", "organization": "iam.organizations.roles.list"}


def roles(ask: Scope) -> Iterator[Told]:
    level = ask.place.level
    own = {"project": ask.project} if level == "project" else {"org_id": last(ask.place.name)}
    for one in ask.listed(_ROLE, _CALLS[level], "roles", parent=ask.place.name, view="FULL"):
        name = f"{ask.place.name}/roles/{last(one['name'])}"
        yield told(
            f"google_{level}_iam_custom_role", f"gcp:role/{name}",
            {
                **own, "role_id": last(name), "permissions": one.get("includedPermissions"),
                **picked(one, ("title", "description", "stage")), **facts(one, "deleted"),
            },
            account=ask.account,
        )  # fmt: skip


SURFACES = (
    Surface(
        name="iam-roles",
        calls=(LIST, *_CALLS.values()),
        types=("google_project_iam_custom_role", "google_organization_iam_custom_role"),
        look=roles,
        levels=("organization", "project"),
        assets=(_ROLE,),
        always=True,
    ),
)
