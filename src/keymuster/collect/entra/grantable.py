"""What lets somebody look, and do no more: permissions of Microsoft Graph, and a role of Azure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from keymuster.collect.asking.surface import Surface
from keymuster.collect.entra.permissions import QUERY, azure_actions, graph_permissions
from keymuster.rules import azure_roles

_GRAPH = "00000003-0000-0000-c000-000000000000"


def document(surfaces: Iterable[Surface]) -> str:
    """What `az ad app update --required-resource-accesses` and `az role definition create` take, as JSON."""
    surfaces = list(surfaces)
    calls = {call for one in surfaces for call in one.calls}
    names = graph_permissions(calls)
    types = {type for one in surfaces if QUERY in one.calls for type in one.types}
    found: dict[str, Any] = {
        "graphPermissions": names,
        "requiredResourceAccess": [
            {
                "resourceAppId": _GRAPH,
                "resourceAccess": [
                    {"id": azure_roles.app_role(name), "type": "Role"} for name in names
                ],
            }
        ],
        "roleDefinition": {
            "Name": "keymuster",
            "IsCustom": True,
            "Description": "Reads who may do what, and how; no secrets and no data.",
            "Actions": azure_actions(calls, types),
            "NotActions": [],
            "DataActions": [],
            "NotDataActions": [],
            "AssignableScopes": ["/providers/Microsoft.Management/managementGroups/{tenantId}"],
        },
    }
    return json.dumps(found, indent=2)
