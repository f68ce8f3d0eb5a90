"""Applications and service principals, as Graph tells of them."""

from __future__ import annotations

import entra_tenant as made
from entra_server import Tenant, look_at, settings

CLAIMS = {"tid": made.TENANT}


def test_an_application_is_told_in_the_words_of_terraform(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "applications", CLAIMS))[made.BILLING_APP]
    assert told["client_id"] == made.BILLING
    assert told["sign_in_audience"] == "AzureADMultipleOrgs"
    assert told["web"]["redirect_uris"] == ["http://billing.acme.example/back"]
    assert told["web"]["implicit_grant"] == {
        "access_token_issuance_enabled": True, "id_token_issuance_enabled": False,
    }  # fmt: skip
    assert told["servicePrincipalLockConfiguration"] == {"isEnabled": False}
    assert told["verifiedPublisher"] == {}
    assert told["owners"] == []


def test_what_an_application_asks_for_is_told(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "applications", CLAIMS))[made.DEPLOYER_APP]
    assert told["required_resource_access"] == [
        {"resource_app_id": made.GRAPH_APP, "resource_access": [{"id": made.APP_ROLE_WRITE, "type": "Role"}]}
    ]  # fmt: skip


def test_owners_are_told_with_what_is_known_of_them(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "applications", CLAIMS))[made.DEPLOYER_APP]
    assert told["owners"] == [made.KIM, made.GUEST, made.PARTNER_SP]
    kim, guest, partner = told["ownerDetails"]
    assert (kim["name"], kim["isMfaRegistered"]) == ("kim@acme.example", False)
    assert guest["userType"] == "Guest"
    assert partner == {"id": made.PARTNER_SP, "type": "servicePrincipal", "name": "partner"}


def test_each_owner_is_asked_about_once(tenant: Tenant) -> None:
    for one in tenant.graph["applications"]:
        one["owners"] = [made.who("user", made.KIM, "Kim")]
    look_at(tenant, "applications", CLAIMS)
    assert tenant.calls("GET /v1.0/users") == 1
    assert tenant.calls("userRegistrationDetails") == 1


def test_blueprints_of_agents_are_none_of_the_applications(tenant: Tenant) -> None:
    assert made.BLUEPRINT_APP not in settings(look_at(tenant, "applications", CLAIMS))
    assert made.AGENT not in settings(look_at(tenant, "service-principals", CLAIMS))


def test_a_service_principal_says_whose_it_is_and_when_it_signed_in(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "service-principals", CLAIMS))
    partner = told[made.PARTNER_SP]
    assert (partner["appOwnerOrganizationId"], partner["tenantId"]) == (made.STRANGERS, made.TENANT)
    assert partner["verifiedPublisher"]["displayName"] == "Partner Inc"
    assert partner["lastSignInActivity"] == {"lastSignInDateTime": "2026-11-01T00:00:00Z"}
    assert told[made.BILLING_SP]["lastSignInActivity"] == {"lastSignInDateTime": "never"}
    assert told[made.DEPLOYER_SP]["account_enabled"] is False


def test_a_managed_identity_says_where_it_is_in_azure(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "service-principals", CLAIMS))[made.IDENTITY_SP]
    assert told["type"] == "ManagedIdentity"
    assert made.IDENTITY_ID in told["alternative_names"]


def test_of_owners_who_may_not_be_asked_about_nothing_is_known_however_many_there_are(
    tenant: Tenant,
) -> None:
    """Graph is asked once in vain, for all that come after."""
    tenant.allowed = {"Application.Read.All"}
    tenant.graph["applications"] = [
        made.application(
            made.guid(n), made.guid(1000 + n), f"app-{n}", owners=[made.who("user", made.guid(2000 + n), "Kim")]
        )
        for n in range(150)
    ]  # fmt: skip
    told = settings(look_at(tenant, "applications", CLAIMS))
    assert len(told) == 150
    for one in told.values():
        [owner] = one["ownerDetails"]
        assert owner["accountEnabled"].startswith("${refused.")
        assert owner["userType"].startswith("${refused.")
        assert owner["isMfaRegistered"].startswith("${refused.")
