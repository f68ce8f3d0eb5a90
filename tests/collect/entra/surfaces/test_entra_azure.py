"""What Azure Resource Manager and Resource Graph tell."""

from __future__ import annotations

import entra_server
import entra_tenant as made
from entra_server import Tenant, look_at, settings
from keymuster.analysis.revocation import of_grant
from keymuster.collect.asking.work import look
from keymuster.collect.declared import Declared
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.surfaces import surfaces
from keymuster.collect.meanings import records
from keymuster.inventory.build import build
from keymuster.model import Grant

CLAIMS = {"tid": made.TENANT}


def test_who_has_a_role_is_told_and_whether_there_is_somebody(tenant: Tenant) -> None:
    unit = look_at(tenant, "azure-role-assignments", CLAIMS)
    told = settings(unit, "Microsoft.Authorization/roleAssignments")
    assert told[made.guid(0xF0)]["properties"]["principalFound"] is True
    assert told[made.guid(0xF1)]["properties"]["principalFound"] is False
    assert told[made.guid(0xF2)]["properties"]["scope"].endswith(f"managementGroups/{made.TENANT}")
    assert settings(unit, "azuread_group").keys() == {made.OPERATORS}


def test_whether_there_is_somebody_is_not_known_without_the_directory(tenant: Tenant) -> None:
    tenant.allowed = {
        "Microsoft.ResourceGraph/resources/read", "Microsoft.Resources/subscriptions/read",
        "Microsoft.Authorization/roleAssignments/read",
    }  # fmt: skip
    unit = look_at(tenant, "azure-role-assignments", CLAIMS)
    assert all("principalFound" not in one["properties"] for one in settings(unit).values())
    assert "getByIds was denied" in unit.troubles[0].message


def test_keys_of_objects_are_their_ids_in_lower_case(tenant: Tenant) -> None:
    unit = look_at(tenant, "azure-resources", CLAIMS)
    [key] = [one.key for one in unit.told if one.name == "deploy"]  # type: ignore[union-attr]
    assert key == made.IDENTITY_ID.lower()
    assert {one.account for one in unit.told} == {made.PRODUCTION}  # type: ignore[union-attr]


def test_resources_are_told_as_azure_has_them_in_the_case_of_their_types(tenant: Tenant) -> None:
    unit = look_at(tenant, "azure-resources", CLAIMS)
    assert {one.type for one in unit.told} >= {  # type: ignore[union-attr]
        "Microsoft.KeyVault/vaults", "Microsoft.ManagedIdentity/userAssignedIdentities", "Microsoft.Compute/virtualMachines",
    }  # fmt: skip
    told = settings(unit)
    assert told["images"]["properties"] == {"adminUserEnabled": True}
    assert made.IDENTITY_ID in told["web"]["identity"]["userAssignedIdentities"]


def test_one_query_is_enough_for_all_resources(tenant: Tenant) -> None:
    look_at(tenant, "azure-resources", CLAIMS)
    assert tenant.asked == ["GET /subscriptions", "POST /providers/Microsoft.ResourceGraph/resources"]  # fmt: skip


def test_a_thousand_and_more_resources_come_by_pages(tenant: Tenant) -> None:
    [vault] = [one for one in tenant.azure["resources"] if one["id"] == made.VAULT_ID]
    tenant.azure["resources"] = [vault | {"id": f"{made.VAULT_ID}{n}"} for n in range(2300)]
    assert len(look_at(tenant, "azure-resources", CLAIMS).told) == 2300
    assert tenant.calls("ResourceGraph") == 3


def test_only_subscriptions_that_were_asked_for_are_looked_at(tenant: Tenant) -> None:
    access = entra_server.access(tenant, CLAIMS)
    access.subscriptions = [made.TRIAL]
    for one in surfaces():
        if one.name in ("azure-resources", "azure-deny-assignments", "azure-vault-contents"):
            unit = look(Scope(access, one))
            assert (unit.told, unit.troubles) == ((), ()), one.name


def test_roles_that_somebody_made_are_told(tenant: Tenant) -> None:
    [told] = settings(look_at(tenant, "azure-role-definitions", CLAIMS)).values()
    assert told["properties"]["roleName"] == "Everything but"


def test_what_is_denied_is_asked_of_each_subscription(tenant: Tenant) -> None:
    [told] = settings(look_at(tenant, "azure-deny-assignments", CLAIMS)).values()
    assert told["properties"]["permissions"] == [{"actions": ["*/delete"], "notActions": []}]
    assert tenant.calls("denyAssignments") == 2


def test_what_other_tenants_may_do_is_told_with_where_they_were_let_in(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "azure-delegations", CLAIMS))
    taken, offered = told[made.guid(0xA3)], told[made.guid(0xA4)]
    [id] = taken["assignments"]
    assert id.startswith(f"/subscriptions/{made.PRODUCTION}/resourcegroups/prod/providers/")
    assert taken["properties"]["managedByTenantId"] == made.STRANGERS
    assert offered["assignments"] == []


def test_another_tenant_holds_a_role_where_its_offer_was_taken(tenant: Tenant) -> None:
    told = look_at(tenant, "azure-delegations", CLAIMS).told
    [grant] = [
        one
        for each in told
        if isinstance(each, Declared)
        for one in records(each, {"grant"})
        if isinstance(one, Grant)
    ]
    assert grant.conditions["managedByTenantId"] == made.STRANGERS
    assert grant.via == "azure:role/Contributor"
    assert grant.resources == (f"/subscriptions/{made.PRODUCTION}/resourcegroups/prod",)
    [command] = of_grant(grant, build(iter([grant])))
    assert command.startswith("az managedservices assignment delete --assignment /subscriptions/")


def test_what_vaults_hold_is_told_by_name_and_end(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "azure-vault-contents", CLAIMS))
    assert told["disk"]["properties"]["attributes"]["exp"] == 1900000000
    assert "exp" not in told["token"]["properties"]["attributes"]
    assert told["token"]["parent"] == made.VAULT_ID.lower()


def test_how_an_app_lets_people_in_is_told(tenant: Tenant) -> None:
    [told] = settings(look_at(tenant, "azure-apps", CLAIMS)).values()
    assert "authSettingsV2" not in told["properties"]
    assert told["properties"]["basicPublishingCredentialsPolicies"]["ftp"] == {"allow": True}
    signed_in = tenant.azure[f"{made.SITE_ID}/config/authsettingsV2".lower()]
    signed_in["properties"]["platform"]["enabled"] = True
    [told] = settings(look_at(tenant, "azure-apps", CLAIMS)).values()
    assert told["properties"]["authSettingsV2"] == {"platform": {"enabled": True}}


def test_what_an_app_does_not_let_be_read_is_unknown(tenant: Tenant) -> None:
    del tenant.azure[f"{made.SITE_ID}/config/authsettingsV2".lower()]
    unit = look_at(tenant, "azure-apps", CLAIMS)
    [told] = settings(unit).values()
    assert told["properties"]["authSettingsV2"].startswith("${refused.")
    assert unit.troubles


def test_what_shared_keys_may_do_is_told_and_the_keys_are_not_asked_for(tenant: Tenant) -> None:
    [told] = settings(look_at(tenant, "azure-shared-keys", CLAIMS)).values()
    assert told["properties"]["rights"] == ["Listen", "Manage", "Send"]
    assert tenant.calls("(?i)listkeys") == 0


def test_subscriptions_are_told_with_the_groups_above_them(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "azure-containers", CLAIMS))
    [above] = told[made.PRODUCTION]["properties"]["managementGroupAncestorsChain"]
    assert above["displayName"] == "Tenant Root Group"
