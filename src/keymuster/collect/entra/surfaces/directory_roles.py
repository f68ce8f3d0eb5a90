"""Roles of the directory: who has them, who may take them, and those that somebody made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra import directory
from keymuster.collect.entra.directory import GET_BY_IDS, found_by_ids
from keymuster.collect.entra.objects import of_tenant
from keymuster.collect.entra.scope import Scope

_ASSIGNMENTS = "GET /v1.0/roleManagement/directory/roleAssignments"
_DEFINITIONS = "GET /v1.0/roleManagement/directory/roleDefinitions"
_ELIGIBLE = "GET /v1.0/roleManagement/directory/roleEligibilitySchedules"


def assignments(ask: Scope) -> Iterator[Told]:
    """Groups that have a role are told with those who are in them."""
    rows = list(ask.rows(_ASSIGNMENTS, top=0))
    types = _types(ask, rows)
    for row in rows:
        yield of_tenant(
            ask.account, "azuread_directory_role_assignment", f"roleAssignments/{row['id']}", "",
            {
                "role_id": row["roleDefinitionId"], "principal_object_id": row["principalId"],
                "directory_scope_id": row.get("directoryScopeId"), "condition": row.get("condition"),
                "principalType": types.get(row["principalId"]),
            },
        )  # fmt: skip
    yield from directory.groups(ask, (id for id, type in types.items() if type == "group"))


def eligible(ask: Scope) -> Iterator[Told]:
    rows = list(ask.rows(_ELIGIBLE, top=0))
    types = _types(ask, rows)
    for row in rows:
        yield of_tenant(
            ask.account, "azuread_directory_role_eligibility_schedule_request",
            f"roleEligibilitySchedules/{row['id']}", "",
            {
                "role_definition_id": row["roleDefinitionId"], "principal_id": row["principalId"],
                "principalType": types.get(row["principalId"]),
                "directory_scope_id": row.get("directoryScopeId"), "status": row.get("status"),
                "createdDateTime": row.get("createdDateTime"), "scheduleInfo": row.get("scheduleInfo"),
            },
        )  # fmt: skip


def _types(ask: Scope, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Who those are that have roles: `user`, `servicePrincipal`, `group`."""
    known = found_by_ids(ask, {row["principalId"] for row in rows})
    return {id: str(one.get("@odata.type", "")).rpartition(".")[2] for id, one in known.items()}


def custom(ask: Scope) -> Iterator[Told]:
    for row in ask.rows(_DEFINITIONS, top=0, filter="isBuiltIn eq false"):
        yield of_tenant(
            ask.account, "azuread_custom_directory_role", f"roleDefinitions/{row['id']}",
            row.get("displayName"),
            {
                "display_name": row.get("displayName"), "object_id": row["id"],
                "template_id": row.get("templateId"), "enabled": row.get("isEnabled"),
                "permissions": [*map(_permission, row.get("rolePermissions") or ())],
            },
        )  # fmt: skip


def _permission(one: dict[str, Any]) -> dict[str, Any]:
    return {"allowed_resource_actions": one.get("allowedResourceActions") or []}


SURFACES = (
    Surface(
        name="directory-roles",
        calls=(_ASSIGNMENTS, GET_BY_IDS, *directory.CALLS),
        types=("azuread_directory_role_assignment", "azuread_group"),
        look=assignments,
    ),
    Surface(
        name="directory-roles-eligible",
        calls=(_ELIGIBLE, GET_BY_IDS),
        types=("azuread_directory_role_eligibility_schedule_request",),
        look=eligible,
    ),
    Surface(
        name="directory-roles-custom",
        calls=(_DEFINITIONS,),
        types=("azuread_custom_directory_role",),
        look=custom,
    ),
)
