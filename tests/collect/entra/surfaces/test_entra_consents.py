"""What programs were let do, as Graph tells of it."""

from __future__ import annotations

import entra_tenant as made
from entra_server import Tenant, look_at, settings

CLAIMS = {"tid": made.TENANT}


def test_a_permission_of_a_program_is_told_by_its_name(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "app-roles", CLAIMS))
    assert told["ara-1"]["appRoleValue"] == "AppRoleAssignment.ReadWrite.All"
    assert told["ara-1"]["principal_object_id"] == made.DEPLOYER_SP
    assert told["ara-1"]["resourceAppId"] == made.GRAPH_APP
    assert "ara-4" not in told  # a person's


def test_permissions_are_asked_of_apis_and_not_of_each_program(tenant: Tenant) -> None:
    look_at(tenant, "app-roles", CLAIMS)
    assert tenant.calls("appRoleAssignedTo") == 1


def test_permissions_of_many_programs_come_by_pages(tenant: Tenant) -> None:
    [api] = [one for one in tenant.graph["servicePrincipals"] if one["id"] == made.GRAPH]
    api["appRoleAssignedTo"] = [
        made.assigned(f"ara-{n}", made.PARTNER_SP, "partner", made.MAIL_READ) for n in range(2500)
    ]
    assert len(look_at(tenant, "app-roles", CLAIMS).told) == 2500
    assert tenant.calls("appRoleAssignedTo") == 3


def test_a_consent_for_everybody_says_who_gave_it(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "consents", CLAIMS))["grant-1"]
    assert told["claim_values"] == ["Mail.Read", "Files.ReadWrite.All", "offline_access"]
    assert "user_object_id" not in told
    assert told["resourceDisplayName"] == "Microsoft Graph"
    assert told["consentedBy"] == "kim@acme.example"
    assert told["consentedDateTime"] == "2026-11-02T00:00:00Z"


def test_people_who_consented_to_the_same_are_told_together(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "consents", CLAIMS))
    assert "grant-3" not in told
    assert told["grant-2"]["user_object_id"] == made.KIM
    assert told["grant-2"]["principalIds"] == [made.KIM, made.GUEST]
    assert told["grant-2"]["principalCount"] == 2


def test_of_very_many_people_some_are_named_and_all_are_counted(tenant: Tenant) -> None:
    first = tenant.graph["oauth2PermissionGrants"][1]
    tenant.graph["oauth2PermissionGrants"] = [
        first | {"id": f"g-{n}", "principalId": made.guid(0x1000 + n)} for n in range(1500)
    ]
    [told] = settings(look_at(tenant, "consents", CLAIMS)).values()
    assert (len(told["principalIds"]), told["principalCount"]) == (20, 1500)


def test_a_consent_that_the_log_tells_of_is_not_anothers(tenant: Tenant) -> None:
    """What a person consented to for themselves is no consent for everybody."""
    [audit] = tenant.graph["auditLogs/directoryAudits"]
    [target] = audit["targetResources"]
    target["modifiedProperties"] = []
    assert "consentedBy" not in settings(look_at(tenant, "consents", CLAIMS))["grant-1"]
