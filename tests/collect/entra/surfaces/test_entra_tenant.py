"""Roles of the directory, policies of the tenant, agents, and risk, as Graph tells of them."""

from __future__ import annotations

import entra_tenant as made
from entra_server import Tenant, look_at, settings

CLAIMS = {"tid": made.TENANT}


def test_who_has_a_role_is_told_with_what_they_are(tenant: Tenant) -> None:
    unit = look_at(tenant, "directory-roles", CLAIMS)
    told = settings(unit, "azuread_directory_role_assignment")
    assert told["ra-1"]["role_id"] == made.GLOBAL_ADMINISTRATOR
    assert told["ra-1"]["principalType"] == "servicePrincipal"
    assert told["ra-2"]["principalType"] == "group"
    [group] = settings(unit, "azuread_group").values()
    assert group["members"] == [made.BILLING_SP]
    assert group["owners"] == [made.KIM]


def test_roles_that_somebody_made_are_told_and_others_are_not(tenant: Tenant) -> None:
    [told] = settings(look_at(tenant, "directory-roles-custom", CLAIMS)).values()
    assert told["permissions"] == [
        {"allowed_resource_actions": ["microsoft.directory/applications/credentials/update"]}
    ]


def test_who_may_take_a_role_is_told(tenant: Tenant) -> None:
    [told] = settings(look_at(tenant, "directory-roles-eligible", CLAIMS)).values()
    assert (told["principal_id"], told["principalType"]) == (made.KIM, "user")
    assert told["role_definition_id"] == made.GLOBAL_ADMINISTRATOR


def test_what_people_may_consent_to_is_told(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "consent-policies", CLAIMS))
    assert told["authorizationPolicy"]["defaultUserRolePermissions"]["allowedToCreateApps"] is True
    assert told["adminConsentRequestPolicy"]["isEnabled"] is False
    assert told["microsoft-user-default-legacy"]["includes"][0]["permissionType"] == "delegated"


def test_what_is_wanted_of_credentials_is_told_with_whom_it_holds_for(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "app-management-policies", CLAIMS))
    assert told["defaultAppManagementPolicy"]["isEnabled"] is False
    assert told[made.guid(0xD3)]["appliesTo"] == [made.BLUEPRINT_APP]


def test_conditional_access_is_told_policy_by_policy_and_as_a_whole(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "conditional-access", CLAIMS))
    programs = told[made.guid(0xD4)]["conditions"]["client_applications"]
    assert programs["excluded_service_principals"] == [made.BILLING_SP]
    [one] = told["conditionalAccess"]["policies"]
    assert one["conditions"]["clientApplications"]["excludeServicePrincipals"] == [made.BILLING_SP]


def test_of_policies_that_could_not_be_read_nothing_is_said_to_lack(tenant: Tenant) -> None:
    tenant.allowed = set()
    assert look_at(tenant, "conditional-access", CLAIMS).told == ()


def test_agents_are_told_with_those_who_answer_for_them(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "agent-identities", CLAIMS))
    assert told[made.AGENT]["sponsors"] == [made.KIM]
    assert told[made.AGENT]["agentIdentityBlueprintId"] == made.BLUEPRINT
    assert told[made.ORPHAN_AGENT]["sponsors"] == []
    [blueprint] = settings(look_at(tenant, "agent-blueprints", CLAIMS)).values()
    assert blueprint["inheritablePermissions"][0]["inheritableScopes"]["kind"] == "allAllowed"
    assert blueprint["ownerDetails"][0]["accountEnabled"] is False
    [user] = settings(look_at(tenant, "agent-users", CLAIMS)).values()
    assert (user["identityParentId"], user["memberOf"]) == (made.AGENT, [made.OPERATORS])


def test_where_there_are_no_agents_nothing_is_asked_about_them(tenant: Tenant) -> None:
    tenant.graph["servicePrincipals"] = []
    look_at(tenant, "agent-identities", CLAIMS)
    assert len(tenant.asked) == 2


def test_who_is_at_risk_is_told(tenant: Tenant) -> None:
    [program] = settings(look_at(tenant, "risky-service-principals", CLAIMS)).values()
    assert (program["riskLevel"], program["isEnabled"]) == ("high", True)
    [agent] = settings(look_at(tenant, "risky-agents", CLAIMS)).values()
    assert agent["riskState"] == "atRisk"


def test_what_was_hunted_is_told_with_its_lists(tenant: Tenant) -> None:
    [agent] = settings(look_at(tenant, "hunted-agents", CLAIMS)).values()
    assert (agent["Owners"], agent["McpServers"]) == ([], [{"name": "tickets"}])
    [program] = settings(look_at(tenant, "hunted-programs", CLAIMS)).values()
    assert program["Permissions"][0]["InUse"] is False
