"""What each call needs: application permissions of Microsoft Graph, actions of Azure roles, licences.

Source: the pages of Microsoft's documentation that describe the calls, section Permissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_APPLICATIONS = ("Application.Read.All", "Directory.Read.All")
_USERS = ("User.Read.All", "Directory.Read.All")
_POLICIES = ("Policy.Read.All",)
_AUDIT = ("AuditLog.Read.All",)
_AGENTS = ("AgentIdentity.Read.All",)

GRAPH: dict[str, tuple[str, ...]] = {
    "GET /v1.0/applications": _APPLICATIONS,
    "GET /v1.0/applications/delta": _APPLICATIONS,
    "GET /v1.0/applications/{id}": _APPLICATIONS,
    "GET /v1.0/applications/{id}/owners": _APPLICATIONS,
    "GET /v1.0/applications/{id}/federatedIdentityCredentials": _APPLICATIONS,
    "GET /v1.0/applications/{id}/appManagementPolicies": ("Application.Read.All and Policy.Read.All",),
    "GET /beta/applications/{id}/federatedIdentityCredentials": _APPLICATIONS,
    "GET /v1.0/applications/microsoft.graph.agentIdentityBlueprint": (
        "AgentIdentityBlueprint.Read.All",
    ),
    "GET /v1.0/applications/{id}/microsoft.graph.agentIdentityBlueprint/sponsors": _APPLICATIONS,
    "GET /v1.0/applications/{id}/microsoft.graph.agentIdentityBlueprint/inheritablePermissions": (
        "AgentIdentityBlueprint.Read.All", "Application.Read.All", "Directory.Read.All",
    ),
    "GET /v1.0/servicePrincipals": _APPLICATIONS,
    "GET /v1.0/servicePrincipals/delta": _APPLICATIONS,
    "GET /v1.0/servicePrincipals/{id}": _APPLICATIONS,
    "GET /v1.0/servicePrincipals/{id}/owners": _APPLICATIONS,
    "GET /v1.0/servicePrincipals/{id}/federatedIdentityCredentials": _APPLICATIONS,
    "GET /v1.0/servicePrincipals/{id}/appRoleAssignedTo": _APPLICATIONS,
    "GET /v1.0/servicePrincipals/microsoft.graph.agentIdentity": _AGENTS,
    "GET /v1.0/servicePrincipals/{id}/microsoft.graph.agentIdentity/sponsors": _AGENTS,
    "GET /v1.0/servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal": (
        "AgentIdentityBlueprintPrincipal.Read.All",
    ),
    "GET /v1.0/servicePrincipals/{id}/microsoft.graph.agentIdentityBlueprintPrincipal/sponsors": (
        "AgentIdentityBlueprintPrincipal.Read.All",
    ),
    "GET /v1.0/users": _USERS,
    "GET /v1.0/users/microsoft.graph.agentUser": _USERS,
    "GET /v1.0/users/{id}/sponsors": _USERS,
    "GET /v1.0/users/{id}/memberOf": ("Directory.Read.All",),
    "GET /v1.0/groups": ("GroupMember.Read.All", "Directory.Read.All"),
    "GET /v1.0/groups/{id}/transitiveMembers": ("GroupMember.Read.All", "Directory.Read.All"),
    "GET /v1.0/groups/{id}/owners": ("GroupMember.Read.All", "Directory.Read.All"),
    "GET /v1.0/oauth2PermissionGrants": ("Directory.Read.All",),
    "GET /v1.0/oauth2PermissionGrants/delta": ("Directory.Read.All",),
    "GET /v1.0/oauth2PermissionGrants/{id}": ("Directory.Read.All",),
    "POST /v1.0/directoryObjects/getByIds": ("Directory.Read.All",),
    "GET /v1.0/organization": ("Organization.Read.All", "Directory.Read.All"),
    "GET /v1.0/roleManagement/directory/roleAssignments": (
        "RoleManagement.Read.Directory", "Directory.Read.All",
    ),
    "GET /v1.0/roleManagement/directory/roleDefinitions": (
        "RoleManagement.Read.Directory", "Directory.Read.All",
    ),
    "GET /v1.0/roleManagement/directory/roleEligibilitySchedules": (
        "RoleEligibilitySchedule.Read.Directory", "RoleManagement.Read.Directory",
    ),
    "GET /v1.0/policies/authorizationPolicy": _POLICIES,
    "GET /v1.0/policies/adminConsentRequestPolicy": _POLICIES,
    "GET /v1.0/policies/permissionGrantPolicies": ("Policy.Read.PermissionGrant", *_POLICIES),
    "GET /v1.0/policies/defaultAppManagementPolicy": _POLICIES,
    "GET /v1.0/policies/appManagementPolicies": _POLICIES,
    "GET /v1.0/policies/appManagementPolicies/{id}/appliesTo": (
        "Application.Read.All and Policy.Read.All",
    ),
    "GET /beta/identity/conditionalAccess/policies": _POLICIES,
    "GET /v1.0/auditLogs/directoryAudits": _AUDIT,
    "POST /v1.0/security/runHuntingQuery": ("ThreatHunting.Read.All",),
    "GET /v1.0/identityProtection/riskyServicePrincipals": (
        "IdentityRiskyServicePrincipal.Read.All",
    ),
    "GET /beta/identityProtection/riskyAgents": ("IdentityRiskyAgent.Read.All",),
    "GET /beta/reports/servicePrincipalSignInActivities": _AUDIT,
    "GET /beta/reports/appCredentialSignInActivities": _AUDIT,
    "GET /v1.0/reports/authenticationMethods/userRegistrationDetails/{id}": _AUDIT,
}  # fmt: skip
"""Call -> the permissions of which any is enough, the least first; or several, which it needs together."""

LICENCES = {
    "GET /v1.0/auditLogs/directoryAudits": "Microsoft Entra ID P1 or P2",
    "POST /v1.0/security/runHuntingQuery": "Microsoft Defender XDR",
    "GET /beta/reports/servicePrincipalSignInActivities": "Microsoft Entra ID P1 or P2",
    "GET /beta/reports/appCredentialSignInActivities": "Microsoft Entra ID P1 or P2",
    "GET /v1.0/reports/authenticationMethods/userRegistrationDetails/{id}": "Microsoft Entra ID P1 or P2",
    "GET /beta/identity/conditionalAccess/policies": "Microsoft Entra ID P1",
    "GET /v1.0/roleManagement/directory/roleEligibilitySchedules": "Microsoft Entra ID P2",
    "GET /v1.0/identityProtection/riskyServicePrincipals": "Microsoft Entra Workload ID Premium",
    "GET /beta/identityProtection/riskyAgents": "Microsoft Entra ID P2",
}
"""Call -> what a tenant must have bought for it."""

SUBSCRIPTIONS = "GET /subscriptions"
QUERY = "POST /providers/Microsoft.ResourceGraph/resources"

AZURE: dict[str, tuple[str, ...]] = {
    SUBSCRIPTIONS: ("Microsoft.Resources/subscriptions/read",),
    QUERY: ("Microsoft.ResourceGraph/resources/read",),
    "GET /{id}/providers/Microsoft.Authorization/denyAssignments": (
        "Microsoft.Authorization/denyAssignments/read",
    ),
    "GET /{id}/secrets": ("Microsoft.KeyVault/vaults/secrets/read",),
    "GET /{id}/keys": ("Microsoft.KeyVault/vaults/keys/read",),
    "GET /{id}/authorizationRules": (
        "Microsoft.EventHub/namespaces/authorizationRules/read",
        "Microsoft.Relay/namespaces/authorizationRules/read",
        "Microsoft.ServiceBus/namespaces/authorizationRules/read",
    ),
    "GET /{id}/config/authsettingsV2": ("Microsoft.Web/sites/config/read",),
    "GET /{id}/basicPublishingCredentialsPolicies": (
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies/read",
    ),
}  # fmt: skip
"""Call -> the actions that it needs, all of them. Resource Graph tells of an object to those only who may
read it, so that what it is asked for needs an action, too, for each type."""

ASKED = (SUBSCRIPTIONS, QUERY)
"""What asking Resource Graph takes: to whom nothing is shown, it answers as if there were nothing."""


def is_azure(call: str) -> bool:
    return call in AZURE


def azure_actions(calls: Iterable[str], types: Iterable[str]) -> list[str]:
    """The actions that let somebody make these calls, and see objects of these types of Azure."""
    needed = {action for call in calls for action in AZURE.get(call, ())}
    return sorted(needed | {f"{one}/read" for type in types for one in _within(type)})


def _within(type: str) -> Iterator[str]:
    """A type of Azure, and those that its objects are parts of."""
    if type.startswith("Microsoft."):
        parts = type.split("/")
        yield from ("/".join(parts[:n]) for n in range(2, len(parts) + 1))


def graph_permissions(calls: Iterable[str]) -> list[str]:
    """The fewest permissions that let all these calls through: of a call that several open, one that
    another needs anyway, or else the least."""
    asked = [[set(one.split(" and ")) for one in GRAPH[call]] for call in sorted(set(calls)) if call in GRAPH]  # fmt: skip
    needed = set[str]()
    for ways in sorted(asked, key=len):
        if not any(way <= needed for way in ways):
            needed |= ways[0]
    return sorted(needed)


def words(call: str) -> str:
    """What a call needs, for somebody who is to allow it."""
    if is_azure(call):
        return "the Azure action " + " and ".join(AZURE[call])
    return "the application permission " + " or ".join(GRAPH[call]) + " of Microsoft Graph"
