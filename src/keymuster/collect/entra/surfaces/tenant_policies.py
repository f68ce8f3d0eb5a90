"""What a tenant lets people consent to, what it wants of credentials, and who may sign in from where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.objects import of_tenant, part, refused_value
from keymuster.collect.entra.scope import Scope

_AUTHORIZATION = "GET /v1.0/policies/authorizationPolicy"
_ADMIN_CONSENT = "GET /v1.0/policies/adminConsentRequestPolicy"
_GRANTS = "GET /v1.0/policies/permissionGrantPolicies"
_DEFAULT_MANAGEMENT = "GET /v1.0/policies/defaultAppManagementPolicy"
_MANAGEMENT = "GET /v1.0/policies/appManagementPolicies"
_APPLIES_TO = "GET /v1.0/policies/appManagementPolicies/{id}/appliesTo"
_CONDITIONAL_ACCESS = "GET /beta/identity/conditionalAccess/policies"
_ORGANIZATION = "GET /v1.0/organization"

_OF_AUTHORIZATION = (
    "id", "displayName", "defaultUserRolePermissions", "allowUserConsentForRiskyApps", "allowInvitesFrom",
    "guestUserRoleId", "blockMsolPowerShell",
)  # fmt: skip
_OF_CONSENT = (
    "isEnabled",
    "notifyReviewers",
    "remindersEnabled",
    "requestDurationInDays",
    "reviewers",
)
_OF_MANAGEMENT = ("isEnabled", "applicationRestrictions", "servicePrincipalRestrictions")


def consent(ask: Scope) -> Iterator[Told]:
    if (one := ask.one(_AUTHORIZATION)) is not None:
        yield _policy(ask, "microsoft.graph.authorizationPolicy", "authorizationPolicy", one, _OF_AUTHORIZATION)  # fmt: skip
    if (one := ask.one(_ADMIN_CONSENT)) is not None:
        yield _policy(ask, "microsoft.graph.adminConsentRequestPolicy", "adminConsentRequestPolicy", one, _OF_CONSENT)  # fmt: skip
    for one in ask.rows(_GRANTS, top=0):
        yield _policy(ask, "microsoft.graph.permissionGrantPolicy", one["id"], one, ("id", "displayName", "includes", "excludes"))  # fmt: skip


def management(ask: Scope) -> Iterator[Told]:
    if (one := ask.one(_DEFAULT_MANAGEMENT)) is not None:
        yield _policy(ask, "microsoft.graph.tenantAppManagementPolicy", "defaultAppManagementPolicy", one, _OF_MANAGEMENT)  # fmt: skip
    rows = {row["id"]: row for row in ask.rows(_MANAGEMENT, top=0)}
    for id, listed in ask.lists(_APPLIES_TO, rows, top=0, select=["id"]):
        row = rows[id]
        applies = refused_value(_APPLIES_TO) if listed is None else [one["id"] for one in listed]
        settings = part(row, ("displayName", "isEnabled", "restrictions")) | {"appliesTo": applies}
        yield of_tenant(
            ask.account, "microsoft.graph.appManagementPolicy", f"policies/{id}", row.get("displayName"), settings,
        )  # fmt: skip


def _policy(ask: Scope, type: str, path: str, one: dict[str, Any], names: tuple[str, ...]) -> Told:
    return of_tenant(ask.account, type, f"policies/{path}", one.get("displayName"), part(one, names))  # fmt: skip


def conditional_access(ask: Scope) -> Iterator[Told]:
    """Each policy, and all of them as one: what none of them does is said of that. Only the beta version
    tells of the risk of agents."""
    before = ask.failures
    rows = list(ask.rows(_CONDITIONAL_ACCESS, top=0))
    for row in rows:
        yield of_tenant(
            ask.account, "azuread_conditional_access_policy", f"policies/{row['id']}", row.get("displayName"),
            {
                "display_name": row.get("displayName"), "object_id": row["id"], "state": row.get("state"),
                "conditions": _conditions(row.get("conditions") or {}), "createdDateTime": row.get("createdDateTime"),
            },
        )  # fmt: skip
    if ask.failures == before:
        fields = ("id", "displayName", "state", "conditions", "grantControls")
        yield of_tenant(
            ask.account, "microsoft.graph.conditionalAccessRoot", "policies/conditionalAccess",
            "conditional access", {"policies": [part(row, fields) for row in rows]},
        )  # fmt: skip


_WORDS = {
    "includeServicePrincipals": "included_service_principals", "excludeServicePrincipals": "excluded_service_principals",
    "servicePrincipalFilter": "filter", "includeUsers": "included_users", "excludeUsers": "excluded_users",
    "includeGroups": "included_groups", "excludeGroups": "excluded_groups", "includeRoles": "included_roles",
    "excludeRoles": "excluded_roles", "includeApplications": "included_applications",
    "excludeApplications": "excluded_applications", "includeLocations": "included_locations",
    "excludeLocations": "excluded_locations",
}  # fmt: skip
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _conditions(value: Any) -> Any:
    """In the words of Terraform's provider."""
    match value:
        case dict():
            return {
                _WORDS.get(key) or _HUMP.sub("_", key).lower(): _conditions(one)
                for key, one in value.items()
                if one is not None
            }
        case list():
            return [_conditions(one) for one in value]
    return value


def organization(ask: Scope) -> Iterator[Told]:
    fields = (
        "id",
        "displayName",
        "tenantType",
        "verifiedDomains",
        "assignedPlans",
        "createdDateTime",
    )
    for row in ask.rows(_ORGANIZATION, top=0, select=fields):
        yield of_tenant(
            ask.account, "microsoft.graph.organization", "organization", row.get("displayName"), part(row, fields)
        )  # fmt: skip


SURFACES = (
    Surface(
        name="consent-policies",
        calls=(_AUTHORIZATION, _ADMIN_CONSENT, _GRANTS),
        types=(
            "microsoft.graph.authorizationPolicy",
            "microsoft.graph.adminConsentRequestPolicy",
            "microsoft.graph.permissionGrantPolicy",
        ),
        look=consent,
    ),
    Surface(
        name="app-management-policies",
        calls=(_DEFAULT_MANAGEMENT, _MANAGEMENT, _APPLIES_TO),
        types=("microsoft.graph.tenantAppManagementPolicy", "microsoft.graph.appManagementPolicy"),
        look=management,
    ),
    Surface(
        name="conditional-access",
        calls=(_CONDITIONAL_ACCESS,),
        types=("azuread_conditional_access_policy", "microsoft.graph.conditionalAccessRoot"),
        look=conditional_access,
    ),
    Surface(
        name="organization",
        calls=(_ORGANIZATION,),
        types=("microsoft.graph.organization",),
        look=organization,
    ),
)
