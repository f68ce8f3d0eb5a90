"""Objects of Microsoft Graph in Bicep, in the words that objects of Entra are spoken of here: those of
their Terraform provider.

https://learn.microsoft.com/graph/templates/bicep/overview-bicep-templates-for-graph
"""

from __future__ import annotations

from keymuster import regex
from keymuster.collect.syntax.node import Node

_TYPES = {
    "microsoft.graph/applications": "azuread_application",
    "microsoft.graph/serviceprincipals": "azuread_service_principal",
    "microsoft.graph/applications/federatedidentitycredentials": (
        "azuread_application_federated_identity_credential"
    ),
    "microsoft.graph/approleassignedto": "azuread_app_role_assignment",
    "microsoft.graph/oauth2permissiongrants": (
        "azuread_service_principal_delegated_permission_grant"
    ),
    "microsoft.graph/groups": "azuread_group",
}

_NAMES = {
    "azuread_application": {
        "isFallbackPublicClient": "fallback_public_client_enabled",
        "implicitGrantSettings": "implicit_grant",
        "enableAccessTokenIssuance": "access_token_issuance_enabled",
        "enableIdTokenIssuance": "id_token_issuance_enabled",
        "spa": "single_page_application",
    },
    "azuread_service_principal": {"appId": "client_id"},
    "azuread_app_role_assignment": {
        "principalId": "principal_object_id", "resourceId": "resource_object_id",
    },
    "azuread_service_principal_delegated_permission_grant": {
        "clientId": "service_principal_object_id", "scope": "claim_values", "principalId": "user_object_id",
        "resourceId": "resource_service_principal_object_id",
    },
}  # fmt: skip
"""Names that do not follow from their words. Others are the same, in another spelling."""

_LISTS = ("owners", "members")
_DEEPEST = 20
_HUMP = regex.later(r"(?<=[a-z0-9])(?=[A-Z])")


def translated(type: str, settings: Node) -> tuple[str, Node]:
    """Type and settings of an object, as Entra has them; of any other, as they are."""
    known = _TYPES.get(type.lower())
    if known is None:
        return type, settings
    entries = dict(_spelled(settings, _NAMES.get(known, {}), 0).entries())
    for key in _LISTS:
        if (listed := entries.get(key)) is not None:
            entries[key] = listed.get("relationships") or listed
    if (scopes := entries.get("claim_values")) is not None:
        entries["claim_values"] = scopes.holding([scopes.holding(x) for x in scopes.text().split()])
    if known.endswith("federated_identity_credential"):
        owner = entries.get("parent") or entries.get("name")
        if owner is not None and owner.text().startswith("${["):
            whole = owner.text().partition("}")[0]
            entries["application_id"] = owner.holding(whole + "}")
    return known, settings.holding(entries)


def _spelled(node: Node, names: dict[str, str], depth: int) -> Node:
    match node.value:
        case dict() as entries if depth < _DEEPEST:
            return node.holding(
                {
                    names.get(key) or _HUMP.sub("_", key).lower(): _spelled(one, names, depth + 1)
                    for key, one in entries.items()
                }
            )
        case list() as items if depth < _DEEPEST:
            return node.holding([_spelled(one, names, depth + 1) for one in items])
    return node
