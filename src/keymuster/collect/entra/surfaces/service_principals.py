"""Applications, managed identities and others as principals of the tenant: who owns them, and when they
last signed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.activity import OF_PROGRAMS, Activity
from keymuster.collect.entra.objects import of_tenant
from keymuster.collect.entra.owners import owned
from keymuster.collect.entra.people import CALLS, People
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.shapes import PRINCIPALS

AGENTS = {
    "#microsoft.graph.agentIdentity", "#microsoft.graph.agentIdentityBlueprintPrincipal",
}  # fmt: skip

FIELDS = (
    "id", "appId", "displayName", "accountEnabled", "alternativeNames", "appOwnerOrganizationId",
    "appRoleAssignmentRequired", "applicationTemplateId", "description", "disabledByMicrosoftStatus", "homepage",
    "info", "notes", "preferredSingleSignOnMode", "replyUrls", "servicePrincipalNames", "servicePrincipalType",
    "signInAudience", "tags", "verifiedPublisher",
)  # fmt: skip

_BESIDE = (
    "appOwnerOrganizationId", "applicationTemplateId", "disabledByMicrosoftStatus", "info",
    "preferredSingleSignOnMode", "servicePrincipalNames", "verifiedPublisher",
)  # fmt: skip


def service_principals(ask: Scope) -> Iterator[Told]:
    """Agents are told by themselves."""
    activity, people = Activity(ask, OF_PROGRAMS), People(ask)
    for row, owners in owned(ask, people, PRINCIPALS, FIELDS):
        if row.get("@odata.type") in AGENTS:
            continue
        yield of_tenant(
            ask.account, "azuread_service_principal", row["id"], row.get("displayName"),
            settings(row, ask.account) | owners | activity.of(row.get("appId") or ""),
        )  # fmt: skip


def settings(row: dict[str, Any], tenant: str) -> dict[str, Any]:
    """A service principal in the words of Terraform's provider, and in Graph's where that has none."""
    return {
        "display_name": row.get("displayName"),
        "client_id": row.get("appId"),
        "object_id": row["id"],
        "account_enabled": row.get("accountEnabled"),
        "app_role_assignment_required": row.get("appRoleAssignmentRequired"),
        "type": row.get("servicePrincipalType"),
        "alternative_names": row.get("alternativeNames"),
        "redirect_uris": row.get("replyUrls"),
        "homepage_url": row.get("homepage"),
        "notes": row.get("notes"),
        "description": row.get("description"),
        "tags": row.get("tags"),
        "sign_in_audience": row.get("signInAudience"),
        "tenantId": tenant,
        **{name: row.get(name) for name in _BESIDE},
    }


SURFACES = (
    Surface(
        name="service-principals",
        calls=(
            *PRINCIPALS.calls,
            "GET /v1.0/servicePrincipals/{id}/owners",
            OF_PROGRAMS,
            *CALLS,
        ),
        types=("azuread_service_principal",),
        look=service_principals,
        always=True,
    ),
)
