"""A made-up tenant with two subscriptions: what hangs together in it is told beside it. Names of fields are
Microsoft's, and another test holds them against its schema."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from entra_server import Tenant


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-{number:012x}"


TENANT = guid(1)
STRANGERS = guid(2)
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
GRAPH = guid(0x10)
BILLING_APP, BILLING_SP, BILLING = guid(0x20), guid(0x21), guid(0x22)
PARTNER_SP, PARTNER = guid(0x31), guid(0x32)
DEPLOYER_APP, DEPLOYER_SP, DEPLOYER = guid(0x40), guid(0x41), guid(0x42)
IDENTITY_SP, IDENTITY = guid(0x51), guid(0x52)
SAML_SP, SAML = guid(0x61), guid(0x62)
BLUEPRINT_APP, BLUEPRINT_SP, BLUEPRINT = guid(0x70), guid(0x71), guid(0x72)
AGENT, ORPHAN_AGENT, AGENT_USER = guid(0x73), guid(0x74), guid(0x75)
KIM, GUEST, LEFT = guid(0x80), guid(0x81), guid(0x82)
OPERATORS = guid(0x90)
VANISHED = guid(0x99)
PRODUCTION, TRIAL = guid(0xA0), guid(0xA1)
SECRET, OLD_SECRET, CERTIFICATE, SIGNING = guid(0xB0), guid(0xB1), guid(0xB2), guid(0xB3)

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
APP_ROLE_WRITE = "06b708a9-e830-4db3-a914-8e69da51d44f"  # AppRoleAssignment.ReadWrite.All
MAIL_READ = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"  # Mail.Read
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
OWNER_ROLE = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

_PROD = f"/subscriptions/{PRODUCTION}"
IDENTITY_ID = (
    f"{_PROD}/resourcegroups/prod/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deploy"
)
VAULT_ID = f"{_PROD}/resourcegroups/prod/providers/Microsoft.KeyVault/vaults/keys"
SITE_ID = f"{_PROD}/resourcegroups/prod/providers/Microsoft.Web/sites/shop"
BUS_ID = f"{_PROD}/resourcegroups/prod/providers/Microsoft.ServiceBus/namespaces/orders"


def who(type: str, id: str, name: str) -> dict[str, Any]:
    return {"@odata.type": f"#microsoft.graph.{type}", "id": id, "displayName": name}


def password(id: str, name: str, start: str, end: str) -> dict[str, Any]:
    return {
        "keyId": id, "displayName": name, "startDateTime": start, "endDateTime": end, "hint": "abc",
        "customKeyIdentifier": None, "secretText": None,
    }  # fmt: skip


def certificate(
    id: str, usage: str, end: str, key: str | None = None, pair: str | None = None
) -> dict[str, Any]:
    return {
        "keyId": id, "displayName": "CN=robot", "type": "AsymmetricX509Cert", "usage": usage, "key": key,
        "startDateTime": "2025-01-01T00:00:00Z", "endDateTime": end, "customKeyIdentifier": pair,
    }  # fmt: skip


def application(id: str, app: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "appId": app, "displayName": name, "description": None, "notes": None, "tags": [],
        "createdDateTime": "2023-03-01T09:00:00Z", "createdByAppId": None, "disabledByMicrosoftStatus": None,
        "isDisabled": None, "identifierUris": [], "isFallbackPublicClient": None, "publisherDomain": "acme.example",
        "publicClient": {"redirectUris": []}, "requiredResourceAccess": [], "serviceManagementReference": None,
        "servicePrincipalLockConfiguration": None, "signInAudience": "AzureADMyOrg", "spa": {"redirectUris": []},
        "uniqueName": None, "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        "web": {
            "homePageUrl": None, "logoutUrl": None, "redirectUris": [],
            "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        },
        "passwordCredentials": [], "keyCredentials": [], "owners": [], "federatedIdentityCredentials": [], **more,
    }  # fmt: skip


def principal(id: str, app: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "appId": app, "displayName": name, "accountEnabled": True, "alternativeNames": [],
        "appOwnerOrganizationId": TENANT, "appRoleAssignmentRequired": False, "applicationTemplateId": None,
        "description": None, "disabledByMicrosoftStatus": None, "homepage": None, "info": None, "notes": None,
        "preferredSingleSignOnMode": None, "replyUrls": [], "servicePrincipalNames": [app],
        "servicePrincipalType": "Application", "signInAudience": "AzureADMyOrg", "tags": [],
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        "appRoles": [], "passwordCredentials": [], "keyCredentials": [], "owners": [], "federatedIdentityCredentials": [],
        **more,
    }  # fmt: skip


def user(id: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "displayName": name, "userPrincipalName": f"{name}@acme.example", "accountEnabled": True,
        "userType": "Member", "mail": None, "createdDateTime": "2020-01-01T00:00:00Z", "assignedLicenses": [], **more,
    }  # fmt: skip


def federated(id: str, name: str, subject: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "name": name, "issuer": "https://token.actions.githubusercontent.com", "subject": subject,
        "audiences": ["api://AzureADTokenExchange"], "description": None, **more,
    }  # fmt: skip


def assigned(id: str, holder: str, name: str, role: str) -> dict[str, Any]:
    return {
        "id": id, "appRoleId": role, "principalId": holder, "principalType": "ServicePrincipal",
        "principalDisplayName": name, "resourceId": GRAPH, "resourceDisplayName": "Microsoft Graph",
        "createdDateTime": "2024-05-05T00:00:00Z",
    }  # fmt: skip


def role(id: str, value: str) -> dict[str, Any]:
    return {
        "id": id, "value": value, "allowedMemberTypes": ["Application"], "displayName": value, "description": value,
        "isEnabled": True, "origin": "Application",
    }  # fmt: skip


FLEXIBLE = federated(
    "fic-2", "any-branch", None,
    claimsMatchingExpression={"value": "claims['sub'] matches 'repo:acme/*'", "languageVersion": 1},
)  # fmt: skip
"""Only the beta version tells of expressions."""


def _graph() -> dict[str, Any]:
    return {
        "applications": [
            application(
                BILLING_APP, BILLING, "billing-sync", signInAudience="AzureADMultipleOrgs",
                web={
                    "homePageUrl": "https://billing.acme.example", "logoutUrl": None,
                    "redirectUris": ["http://billing.acme.example/back"],
                    "implicitGrantSettings": {"enableAccessTokenIssuance": True, "enableIdTokenIssuance": False},
                },
                passwordCredentials=[
                    password(SECRET, "for the nightly job", "2025-01-01T00:00:00Z", "2299-12-31T00:00:00Z"),
                    password(OLD_SECRET, "first", "2022-01-01T00:00:00Z", "2022-12-31T00:00:00Z"),
                ],
            ),
            application(
                DEPLOYER_APP, DEPLOYER, "deployer", tags=["ci"],
                owners=[who("user", KIM, "Kim"), who("user", GUEST, "Guest"), who("servicePrincipal", PARTNER_SP, "partner")],
                requiredResourceAccess=[{"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": APP_ROLE_WRITE, "type": "Role"}]}],
                keyCredentials=[certificate(CERTIFICATE, "Verify", "2027-01-01T00:00:00Z", "MIIB")],
                federatedIdentityCredentials=[federated("fic-1", "pull-requests", "repo:acme/shop:pull_request"), FLEXIBLE],
            ),
            application(
                BLUEPRINT_APP, BLUEPRINT, "triage-blueprint", **{"@odata.type": "#microsoft.graph.agentIdentityBlueprint"},
                owners=[who("user", LEFT, "Left")], sponsors=[],
                passwordCredentials=[password(guid(0xB5), "made by hand", "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")],
                inheritablePermissions=[
                    {"resourceAppId": GRAPH_APP, "inheritableScopes": {"@odata.type": "#microsoft.graph.allAllowedScopes", "kind": "allAllowed"}},
                ],
                appManagementPolicies=[],
            ),
        ],
        "servicePrincipals": [
            principal(
                GRAPH, GRAPH_APP, "Microsoft Graph", appOwnerOrganizationId="f8cdef31-a31e-4b4a-93e4-5f571e91255a",
                appRoles=[role(APP_ROLE_WRITE, "AppRoleAssignment.ReadWrite.All"), role(MAIL_READ, "Mail.Read")],
                appRoleAssignedTo=[
                    assigned("ara-1", DEPLOYER_SP, "deployer", APP_ROLE_WRITE),
                    assigned("ara-2", PARTNER_SP, "partner", MAIL_READ),
                    assigned("ara-3", AGENT, "triage-agent", MAIL_READ),
                    {**assigned("ara-4", KIM, "Kim", MAIL_READ), "principalType": "User"},
                ],
            ),
            principal(
                BILLING_SP, BILLING, "billing-sync",
                passwordCredentials=[password(guid(0xB4), "hung on here", "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z")],
            ),
            principal(
                PARTNER_SP, PARTNER, "partner", appOwnerOrganizationId=STRANGERS, replyUrls=["https://partner.example/back"],
                verifiedPublisher={"displayName": "Partner Inc", "verifiedPublisherId": "4242", "addedDateTime": "2024-01-01T00:00:00Z"},
                owners=[who("user", KIM, "Kim")],
            ),
            principal(DEPLOYER_SP, DEPLOYER, "deployer", accountEnabled=False),
            principal(
                IDENTITY_SP, IDENTITY, "deploy", servicePrincipalType="ManagedIdentity", appOwnerOrganizationId=None,
                alternativeNames=["isExplicit=True", IDENTITY_ID],
                keyCredentials=[certificate(guid(0xB6), "Verify", "2026-12-01T00:00:00Z")],
                federatedIdentityCredentials=[federated("fic-3", "main", "repo:acme/shop:ref:refs/heads/main")],
            ),
            principal(
                SAML_SP, SAML, "wiki", preferredSingleSignOnMode="saml",
                keyCredentials=[certificate(SIGNING, "Sign", "2028-01-01T00:00:00Z", pair="c2FtbA=="), certificate(guid(0xB7), "Verify", "2028-01-01T00:00:00Z", pair="c2FtbA==")],
                passwordCredentials=[password(SIGNING, "of the signing key", "2025-01-01T00:00:00Z", "2028-01-01T00:00:00Z")],
            ),
            principal(
                BLUEPRINT_SP, BLUEPRINT, "triage-blueprint", **{"@odata.type": "#microsoft.graph.agentIdentityBlueprintPrincipal"},
                sponsors=[],
            ),
            principal(
                AGENT, AGENT, "triage-agent", **{"@odata.type": "#microsoft.graph.agentIdentity"},
                servicePrincipalType="ServiceIdentity", agentIdentityBlueprintId=BLUEPRINT,
                createdDateTime="2026-02-01T00:00:00Z", sponsors=[who("user", KIM, "Kim")],
            ),
            principal(
                ORPHAN_AGENT, ORPHAN_AGENT, "lost-agent", **{"@odata.type": "#microsoft.graph.agentIdentity"},
                servicePrincipalType="ServiceIdentity", agentIdentityBlueprintId=BLUEPRINT,
                createdDateTime="2026-02-02T00:00:00Z", sponsors=[],
            ),
        ],
        "users": [
            user(KIM, "kim"), user(GUEST, "guest", userType="Guest"), user(LEFT, "left", accountEnabled=False),
            user(
                AGENT_USER, "triage", **{"@odata.type": "#microsoft.graph.agentUser"}, identityParentId=AGENT, sponsors=[],
                memberOf=[who("group", OPERATORS, "operators")],
                assignedLicenses=[{"skuId": guid(0xC0), "disabledPlans": []}],
            ),
        ],
        "groups": [
            {
                "id": OPERATORS, "displayName": "operators", "isAssignableToRole": True, "securityEnabled": True,
                "membershipRule": None, "createdDateTime": "2022-01-01T00:00:00Z",
                "transitiveMembers": [who("servicePrincipal", BILLING_SP, "billing-sync")],
                "owners": [who("user", KIM, "Kim")],
            },
        ],
        "oauth2PermissionGrants": [
            {"id": "grant-1", "clientId": PARTNER_SP, "consentType": "AllPrincipals", "principalId": None, "resourceId": GRAPH, "scope": "Mail.Read Files.ReadWrite.All offline_access"},
            {"id": "grant-2", "clientId": BILLING_SP, "consentType": "Principal", "principalId": KIM, "resourceId": GRAPH, "scope": "User.Read Mail.Send"},
            {"id": "grant-3", "clientId": BILLING_SP, "consentType": "Principal", "principalId": GUEST, "resourceId": GRAPH, "scope": "Mail.Send User.Read"},
        ],
        "roleManagement/directory/roleAssignments": [
            {"id": "ra-1", "principalId": BILLING_SP, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/", "condition": None},
            {"id": "ra-2", "principalId": OPERATORS, "roleDefinitionId": guid(0xD0), "directoryScopeId": "/", "condition": None},
        ],
        "roleManagement/directory/roleDefinitions": [
            {"id": GLOBAL_ADMINISTRATOR, "displayName": "Global Administrator", "isBuiltIn": True, "isEnabled": True, "templateId": GLOBAL_ADMINISTRATOR, "rolePermissions": []},
            {
                "id": guid(0xD0), "displayName": "Secret keeper", "isBuiltIn": False, "isEnabled": True, "templateId": guid(0xD0),
                "rolePermissions": [{"allowedResourceActions": ["microsoft.directory/applications/credentials/update"], "condition": None}],
            },
        ],
        "roleManagement/directory/roleEligibilitySchedules": [
            {
                "id": "el-1", "principalId": KIM, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/",
                "status": "Provisioned", "createdDateTime": "2026-01-01T00:00:00Z",
                "scheduleInfo": {"startDateTime": "2026-01-01T00:00:00Z", "recurrence": None, "expiration": {"type": "noExpiration", "endDateTime": None, "duration": None}},
            },
        ],
        "policies/authorizationPolicy": {
            "id": "authorizationPolicy", "displayName": "Authorization Policy", "allowInvitesFrom": "everyone",
            "allowUserConsentForRiskyApps": None, "guestUserRoleId": guid(0xD1), "blockMsolPowerShell": False,
            "defaultUserRolePermissions": {
                "allowedToCreateApps": True, "allowedToCreateSecurityGroups": True, "allowedToReadOtherUsers": True, "allowedToCreateTenants": True,
                "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"],
            },
        },
        "policies/adminConsentRequestPolicy": {
            "isEnabled": False, "notifyReviewers": False, "remindersEnabled": False, "requestDurationInDays": 30, "version": 0, "reviewers": [],
        },
        "policies/permissionGrantPolicies": [
            {
                "id": "microsoft-user-default-legacy", "displayName": "All user consentable",
                "includes": [{"id": "1", "permissionType": "delegated", "permissionClassification": "all", "resourceApplication": "any", "permissions": ["all"]}],
                "excludes": [],
            },
        ],
        "policies/defaultAppManagementPolicy": {
            "id": guid(0xD2), "displayName": "Default app management tenant policy", "isEnabled": False,
            "applicationRestrictions": {"passwordCredentials": [], "keyCredentials": []},
            "servicePrincipalRestrictions": {"passwordCredentials": [], "keyCredentials": []},
        },
        "policies/appManagementPolicies": [
            {
                "id": guid(0xD3), "displayName": "short secrets", "isEnabled": True,
                "restrictions": {"passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P90D", "state": "enabled", "restrictForAppsCreatedAfterDateTime": "2025-01-01T00:00:00Z"}]},
                "appliesTo": [who("application", BLUEPRINT_APP, "triage-blueprint")],
            },
        ],
        "identity/conditionalAccess/policies": [
            {
                "id": guid(0xD4), "displayName": "people only", "state": "enabled", "createdDateTime": "2025-01-01T00:00:00Z",
                "conditions": {
                    "clientAppTypes": ["all"], "users": {"includeUsers": ["All"], "excludeUsers": []},
                    "clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"], "excludeServicePrincipals": [BILLING_SP], "servicePrincipalFilter": None},
                    "servicePrincipalRiskLevels": ["high"],
                },
                "grantControls": {"operator": "OR", "builtInControls": ["block"]},
            },
        ],
        "auditLogs/directoryAudits": [
            {
                "id": "audit-1", "activityDisplayName": "Consent to application", "activityDateTime": "2026-11-02T00:00:00Z", "result": "success",
                "initiatedBy": {"user": {"id": KIM, "userPrincipalName": "kim@acme.example"}, "app": None},
                "targetResources": [{
                    "id": PARTNER_SP, "displayName": "partner", "type": "ServicePrincipal",
                    "modifiedProperties": [{"displayName": "ConsentContext.IsAdminConsent", "oldValue": None, "newValue": '"True"'}],
                }],
            },
        ],
        "organization": [
            {
                "id": TENANT, "displayName": "Acme", "tenantType": "AAD", "createdDateTime": "2019-01-01T00:00:00Z",
                "verifiedDomains": [{"name": "acme.example", "isDefault": True, "isInitial": False, "type": "Managed", "capabilities": "Email"}],
                "assignedPlans": [],
            },
        ],
        "identityProtection/riskyServicePrincipals": [
            {
                "id": BILLING_SP, "appId": BILLING, "displayName": "billing-sync", "isEnabled": True, "riskLevel": "high", "riskState": "atRisk",
                "riskDetail": "none", "riskLastUpdatedDateTime": "2026-10-01T00:00:00Z", "servicePrincipalType": "Application",
            },
        ],
        "identityProtection/riskyAgents": [
            {
                "@odata.type": "#microsoft.graph.riskyAgentIdentity", "id": AGENT, "agentDisplayName": "triage-agent", "blueprintId": BLUEPRINT,
                "identityType": "agentIdentity", "isEnabled": True, "isDeleted": False, "riskLevel": "high", "riskState": "atRisk", "riskDetail": "none",
                "riskLastModifiedDateTime": "2026-10-01T00:00:00Z",
            },
        ],
        "reports/servicePrincipalSignInActivities": [
            {
                "id": "s-1", "appId": PARTNER, "lastSignInActivity": {"lastSignInDateTime": "2026-11-01T00:00:00Z", "lastSignInRequestId": guid(0xE0)},
                "applicationAuthenticationClientSignInActivity": {"lastSignInDateTime": "2026-11-01T00:00:00Z", "lastSignInRequestId": guid(0xE0)},
                "delegatedClientSignInActivity": None,
            },
        ],
        "reports/appCredentialSignInActivities": [
            {"id": "c-1", "keyId": SECRET, "appId": BILLING, "signInActivity": {"lastSignInDateTime": "2026-01-05T00:00:00Z", "lastSignInRequestId": guid(0xE1)}},
        ],
        "reports/authenticationMethods/userRegistrationDetails": [
            {"id": KIM, "userPrincipalName": "kim@acme.example", "isMfaRegistered": False},
            {"id": GUEST, "userPrincipalName": "guest@acme.example", "isMfaRegistered": True},
        ],
    }  # fmt: skip


def _azure() -> dict[str, Any]:
    assignments = "/providers/Microsoft.Authorization/roleAssignments"
    definitions = "/providers/Microsoft.Authorization/roleDefinitions"

    def assignment(name: str, holder: str, role: str, scope: str) -> dict[str, Any]:
        return {
            "id": f"{scope}{assignments}/{name}", "name": name, "type": "microsoft.authorization/roleassignments",
            "properties": {
                "principalId": holder, "principalType": "ServicePrincipal", "roleDefinitionId": f"{_PROD}{definitions}/{role}",
                "scope": scope, "createdOn": "2025-01-01T00:00:00Z", "createdBy": KIM,
            },
        }  # fmt: skip

    def resource(id: str, type: str, **more: Any) -> dict[str, Any]:
        return {
            "id": id, "name": id.rpartition("/")[2], "type": type.lower(), "location": "westeurope", "kind": "", "sku": None,
            "tags": None, "identity": None, "properties": {}, **more,
        }  # fmt: skip

    shared = {
        "type": "UserAssigned",
        "userAssignedIdentities": {IDENTITY_ID: {"principalId": IDENTITY_SP, "clientId": IDENTITY}},
    }
    group = f"{_PROD}/resourcegroups/prod/providers"
    return {
        "authorizationresources": [
            assignment(guid(0xF0), IDENTITY_SP, CONTRIBUTOR, _PROD),
            assignment(guid(0xF1), VANISHED, OWNER_ROLE, _PROD),
            assignment(guid(0xF2), OPERATORS, OWNER_ROLE, f"/providers/Microsoft.Management/managementGroups/{TENANT}"),
            {
                "id": f"{_PROD}{definitions}/{guid(0xF3)}", "name": guid(0xF3), "type": "microsoft.authorization/roledefinitions",
                "properties": {
                    "roleName": "Everything but", "type": "CustomRole", "assignableScopes": [_PROD],
                    "permissions": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}],
                },
            },
            {
                "id": f"{definitions}/{OWNER_ROLE}", "name": OWNER_ROLE, "type": "microsoft.authorization/roledefinitions",
                "properties": {"roleName": "Owner", "type": "BuiltInRole", "assignableScopes": ["/"], "permissions": [{"actions": ["*"], "notActions": []}]},
            },
        ],
        "resourcecontainers": [
            {
                "id": _PROD, "name": "production", "type": "microsoft.resources/subscriptions", "subscriptionId": PRODUCTION, "tags": None,
                "properties": {"state": "Enabled", "managementGroupAncestorsChain": [{"name": TENANT, "displayName": "Tenant Root Group"}]},
            },
            {"id": f"/subscriptions/{TRIAL}", "name": "trial", "type": "microsoft.resources/subscriptions", "subscriptionId": TRIAL, "tags": None, "properties": {"state": "Enabled"}},
            {"id": f"/providers/Microsoft.Management/managementGroups/{TENANT}", "name": TENANT, "type": "microsoft.management/managementgroups", "subscriptionId": "", "tags": None, "properties": {"displayName": "Tenant Root Group"}},
        ],
        "resources": [
            resource(IDENTITY_ID, "Microsoft.ManagedIdentity/userAssignedIdentities", properties={"principalId": IDENTITY_SP, "clientId": IDENTITY, "tenantId": TENANT}),
            resource(VAULT_ID, "Microsoft.KeyVault/vaults", properties={
                "enableRbacAuthorization": False, "tenantId": TENANT,
                "accessPolicies": [{"tenantId": TENANT, "objectId": BILLING_SP, "permissions": {"secrets": ["all"], "keys": []}}],
            }),
            resource(f"{group}/Microsoft.Storage/storageAccounts/files", "Microsoft.Storage/storageAccounts", properties={"keyCreationTime": {"key1": "2021-01-01T00:00:00Z"}}),
            resource(f"{group}/Microsoft.ContainerRegistry/registries/images", "Microsoft.ContainerRegistry/registries", properties={"adminUserEnabled": True}),
            resource(f"{group}/Microsoft.Compute/virtualMachines/web", "Microsoft.Compute/virtualMachines", identity=shared),
            resource(SITE_ID, "Microsoft.Web/sites", identity=shared),
            resource(BUS_ID, "Microsoft.ServiceBus/namespaces", properties={"disableLocalAuth": False}),
        ],
        "managedservicesresources": [
            {
                "id": f"{_PROD}/providers/Microsoft.ManagedServices/registrationDefinitions/{name}", "name": name,
                "type": "microsoft.managedservices/registrationdefinitions", "properties": {
                    "registrationDefinitionName": said, "managedByTenantId": STRANGERS, "managedByTenantName": "Partner Inc",
                    "authorizations": [{"principalId": guid(0xA5), "roleDefinitionId": CONTRIBUTOR, "principalIdDisplayName": "on call"}],
                },
            }
            for name, said in ((guid(0xA3), "Night watch"), (guid(0xA4), "An offer that nobody took"))
        ] + [
            {
                "id": f"{_PROD}/resourceGroups/prod/providers/Microsoft.ManagedServices/registrationAssignments/{guid(0xA6)}",
                "name": guid(0xA6), "type": "microsoft.managedservices/registrationassignments", "properties": {
                    "registrationDefinitionId": f"{_PROD}/providers/Microsoft.ManagedServices/registrationDefinitions/{guid(0xA3)}",
                },
            },
        ],
        "/subscriptions": [{"subscriptionId": PRODUCTION}, {"subscriptionId": TRIAL}],
        f"{_PROD}/providers/microsoft.authorization/denyassignments": [
            {
                "id": f"{_PROD}/providers/Microsoft.Authorization/denyAssignments/{guid(0xF4)}", "name": guid(0xF4),
                "properties": {
                    "denyAssignmentName": "managed", "permissions": [{"actions": ["*/delete"], "notActions": []}], "scope": _PROD,
                    "principals": [{"id": guid(0), "type": "SystemDefined"}], "excludePrincipals": [], "isSystemProtected": True,
                },
            },
        ],
        f"/subscriptions/{TRIAL}/providers/microsoft.authorization/denyassignments": [],
        f"{VAULT_ID}/secrets".lower(): [{"id": f"{VAULT_ID}/secrets/token", "name": "token", "properties": {"attributes": {"enabled": True, "created": 1700000000}}}],
        f"{VAULT_ID}/keys".lower(): [{"id": f"{VAULT_ID}/keys/disk", "name": "disk", "properties": {"attributes": {"enabled": True, "exp": 1900000000}}}],
        f"{SITE_ID}/config/authsettingsV2".lower(): {"name": "authsettingsV2", "properties": {"platform": {"enabled": False}}},
        f"{SITE_ID}/basicPublishingCredentialsPolicies".lower(): [{"name": "ftp", "properties": {"allow": True}}, {"name": "scm", "properties": {"allow": False}}],
        f"{BUS_ID}/authorizationRules".lower(): [{"id": f"{BUS_ID}/authorizationRules/root", "name": "root", "properties": {"rights": ["Listen", "Manage", "Send"]}}],
    }  # fmt: skip


def seeded() -> Tenant:
    """A fresh one."""
    return Tenant(graph=deepcopy(_graph()), azure=_azure(), hunted=_hunted())


def _hunted() -> dict[str, Any]:
    return {
        "AgentsInfo": [
            {
                "AgentId": "a-1", "AgentName": "helpdesk", "Platform": "CopilotStudio", "LifecycleStatus": "Active", "PublishedStatus": "Published",
                "Availability": "Everyone", "CreatedDateTime": "2025-01-01T00:00:00Z", "LastPublishedDateTime": "2025-02-01T00:00:00Z",
                "LastUpdatedDateTime": "2025-02-01T00:00:00Z", "Owners": "[]", "SharedWith": ["All"], "McpServers": '[{"name": "tickets"}]',
            },
        ],
        "OAuthAppInfo": [
            {
                "OAuthAppId": PARTNER, "ServicePrincipalId": PARTNER_SP, "AppName": "partner", "PrivilegeLevel": "High", "AppOrigin": "External",
                "Permissions": '[{"PermissionValue": "Mail.Read", "PermissionType": "Application", "PrivilegeLevel": "High", "InUse": false}]',
                "ConsentedUsersCount": 3, "IsAdminConsented": 1, "LastUsedTime": "2026-01-01T00:00:00Z",
            },
        ],
    }  # fmt: skip
