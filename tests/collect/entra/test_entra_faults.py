"""What comes of answers that are late, missing, refused, or other than expected."""

from __future__ import annotations

import time
from typing import Any

import pytest

import entra_server
import entra_tenant
from entra_server import Fault, Tenant, look_at, settings
from keymuster.collect.asking.work import Answered, look
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.surfaces import surfaces

CLAIMS = {"tid": entra_tenant.TENANT}
LATER = {"Retry-After": "0"}
_OWNER = entra_tenant.who("user", entra_tenant.KIM, "Kim")


def at(tenant: Tenant, surface: str, cloud: str = "public") -> Answered:
    return look_at(tenant, surface, CLAIMS, cloud)


def said(unit: Answered) -> str:
    return " | ".join(one.message for one in unit.troubles)


@pytest.mark.parametrize("page", [1, 2])
def test_pages_of_any_size_tell_the_same(tenant: Tenant, page: int) -> None:
    def everything() -> dict[str, list[str]]:
        found = {
            one.name: look(Scope(entra_server.access(tenant, CLAIMS), one)) for one in surfaces()
        }
        assert all(unit.troubles == () for unit in found.values())
        return {name: sorted(str(one.key) for one in unit.told) for name, unit in found.items()}  # type: ignore[union-attr]

    whole = everything()
    tenant.page = page
    assert everything() == whole


def test_a_tenant_with_nothing_in_it_tells_nothing_and_misses_nothing(tenant: Tenant) -> None:
    for name, rows in tenant.graph.items():
        tenant.graph[name] = [] if isinstance(rows, list) else rows
    tenant.hunted.clear()
    for table, rows in tenant.azure.items():
        if table != "/subscriptions":
            tenant.azure[table] = [] if isinstance(rows, list) else rows
    for one in surfaces():
        unit = look(Scope(entra_server.access(tenant, CLAIMS), one))
        assert unit.troubles == (), one.name
        policies = one.name in ("consent-policies", "app-management-policies", "conditional-access")
        assert bool(unit.told) == policies, one.name


def test_what_is_throttled_is_asked_again(tenant: Tenant) -> None:
    tenant.faults.append(Fault("^/v1.0/oauth2PermissionGrants", 429, "TooManyRequests", 2, headers=LATER))  # fmt: skip
    unit = at(tenant, "consents")
    assert unit.troubles == ()
    assert len(unit.told) == 2


def test_what_is_throttled_in_a_batch_is_asked_again_and_the_rest_is_not(tenant: Tenant) -> None:
    path = f"^/v1.0/applications/{entra_tenant.BLUEPRINT_APP}/owners"
    tenant.faults.append(Fault(path, 429, "TooManyRequests", 1, headers=LATER))
    unit = at(tenant, "agent-blueprints")
    assert unit.troubles == ()
    assert tenant.calls(path.replace("^", "GET ")) == 2
    [blueprint] = settings(unit).values()
    assert blueprint["owners"] == [entra_tenant.LEFT]


def test_a_batch_that_is_throttled_as_a_whole_is_asked_again(tenant: Tenant) -> None:
    tenant.faults.append(Fault(r"\$batch", 429, "TooManyRequests", 1, headers=LATER))
    assert at(tenant, "agent-blueprints").troubles == ()


def test_what_is_to_be_asked_in_an_hour_is_given_up(tenant: Tenant) -> None:
    tenant.faults.append(Fault("^/v1.0/organization", 429, "TooManyRequests", headers={"Retry-After": "3600"}))  # fmt: skip
    begun = time.monotonic()
    assert "was throttled until it was given up" in said(at(tenant, "organization"))
    assert time.monotonic() - begun < 60


def test_a_connection_that_drops_is_made_again(tenant: Tenant) -> None:
    tenant.faults.append(Fault("^/v1.0/organization", 0))
    unit = at(tenant, "organization")
    assert (len(unit.told), unit.troubles) == (1, ())


def test_a_page_that_fails_is_told_and_those_before_it_are_kept(tenant: Tenant) -> None:
    tenant.page = 1
    tenant.faults.append(Fault("^/v1.0/oauth2PermissionGrants", 403, "Authorization_RequestDenied", 99, 1))  # fmt: skip
    unit = at(tenant, "consents")
    assert len(unit.told) == 1
    assert "oauth2PermissionGrants was denied" in said(unit)
    assert unit.looked.problem


def test_owners_that_could_not_be_read_are_unknown_and_not_none(tenant: Tenant) -> None:
    tenant.graph["applications"][1]["owners"] = [
        entra_tenant.who("user", entra_tenant.guid(0x700 + n), "somebody") for n in range(25)
    ]
    path = f"^/v1.0/applications/{entra_tenant.DEPLOYER_APP}/owners"
    tenant.faults.append(Fault(path, 403, "Authorization_RequestDenied", 99))
    unit = at(tenant, "applications")
    told = settings(unit)
    assert told[entra_tenant.DEPLOYER_APP]["owners"].startswith("${refused.")
    assert told[entra_tenant.BILLING_APP]["owners"] == []
    assert "owners was denied" in said(unit)


def test_more_owners_than_are_told_with_an_object_are_asked_for(tenant: Tenant) -> None:
    tenant.graph["applications"][1]["owners"] = [
        entra_tenant.who("user", entra_tenant.guid(0x700 + n), "somebody") for n in range(25)
    ]
    told = settings(at(tenant, "applications"))[entra_tenant.DEPLOYER_APP]
    assert len(told["owners"]) == len(told["ownerDetails"]) == 25


def test_after_a_refusal_that_holds_for_all_no_more_is_asked(tenant: Tenant) -> None:
    """Of each of many owners the same would be refused."""
    tenant.graph["applications"][1]["owners"] = [
        entra_tenant.who("user", entra_tenant.guid(0x700 + n), "somebody") for n in range(90)
    ]
    path = "userRegistrationDetails"
    tenant.faults.append(Fault(path, 403, "Authorization_RequestDenied", 999))
    unit = at(tenant, "applications")
    assert tenant.calls(path) == 20
    assert "(20 times)" in said(unit)


def test_people_are_asked_for_once_and_what_failed_is_said_of_all_who_need_them(
    tenant: Tenant,
) -> None:
    tenant.graph["applications"][1]["owners"] = [_OWNER]
    tenant.graph["servicePrincipals"][1]["owners"] = [_OWNER]
    path = "userRegistrationDetails"
    tenant.faults.append(Fault(path, 403, "Authorization_RequestDenied", 999))
    access = entra_server.access(tenant, CLAIMS)
    both = [one for one in surfaces() if one.name in ("applications", "service-principals")]
    found = [look(Scope(access, one)) for one in both]
    assert tenant.calls(f"{path}/{entra_tenant.KIM}") == 1
    assert all("userRegistrationDetails/{id} was denied" in said(one) for one in found)


@pytest.mark.parametrize(
    ("surface", "path", "code", "licence"),
    [
        ("service-principals", "^/beta/reports", "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "P1"),
        ("risky-service-principals", "^/v1.0/identityProtection", "Forbidden", "Workload ID Premium"),
        ("directory-roles-eligible", "roleEligibilitySchedules", "AadPremiumLicenseRequired", "P2"),
    ],
)  # fmt: skip
def test_what_needs_a_licence_says_which(
    tenant: Tenant, surface: str, path: str, code: str, licence: str
) -> None:
    tenant.faults.append(Fault(path, 403, code, 9))
    unit = at(tenant, surface)
    assert f"is not answered without a licence ({code})" in said(unit)
    assert licence in str(unit.troubles[0].advice)
    for one in settings(unit).values():
        assert "lastSignInActivity" not in one


def test_reports_are_not_asked_for_where_the_cloud_has_none(tenant: Tenant) -> None:
    unit = at(tenant, "service-principals", cloud="china")
    assert tenant.calls("/beta/") == 0
    assert "in the public cloud only" in said(unit)
    assert all("lastSignInActivity" not in one for one in settings(unit).values())


def test_a_field_that_a_cloud_does_not_know_yet_is_left_out_there(tenant: Tenant) -> None:
    tenant.unknown_fields = {"isDisabled"}
    assert len(at(tenant, "applications", cloud="usgov").told) == 2
    assert at(tenant, "applications").told == ()
    tenant.unknown_fields = {"signInAudience"}
    assert "GET /v1.0/applications failed" in said(at(tenant, "applications", cloud="usgov"))


@pytest.mark.parametrize(("status", "why"), [(0, "NoResponseInBatch"), (204, "NotJson")])
def test_what_a_batch_does_not_answer_is_told(tenant: Tenant, status: int, why: str) -> None:
    path = f"^/v1.0/applications/{entra_tenant.BLUEPRINT_APP}/owners"
    tenant.faults.append(Fault(path, status, "", 1))
    unit = at(tenant, "agent-blueprints")
    assert why in said(unit)
    [blueprint] = settings(unit).values()
    assert isinstance(blueprint["owners"], str)


def test_one_refusal_in_a_batch_does_not_keep_the_rest_from_being_asked(tenant: Tenant) -> None:
    """Members of some groups are hidden."""
    groups = [tenant.graph["groups"][0] | {"id": entra_tenant.guid(0x900 + n)} for n in range(30)]
    tenant.graph["groups"] = groups
    tenant.graph["roleManagement/directory/roleAssignments"] = [
        {"id": f"ra-{one['id']}", "principalId": one["id"], "roleDefinitionId": entra_tenant.GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
        for one in groups
    ]  # fmt: skip
    tenant.faults.append(Fault(f"{groups[3]['id']}/transitiveMembers", 403, "Authorization_RequestDenied", 9))  # fmt: skip
    unit = at(tenant, "directory-roles")
    unknown = [id for id, one in settings(unit, "azuread_group").items() if isinstance(one["members"], str)]  # fmt: skip
    assert unknown == [groups[3]["id"]]
    assert "transitiveMembers was denied" in said(unit)


def test_who_is_shown_no_subscription_is_told_so(tenant: Tenant) -> None:
    """Resource Graph answers as if there were nothing."""
    tenant.azure["/subscriptions"] = []
    for name in ("azure-resources", "azure-role-assignments", "azure-deny-assignments"):
        unit = at(tenant, name)
        assert "no subscription of Azure is seen" in said(unit)
        assert unit.looked.problem
    assert tenant.calls("ResourceGraph") == 0


def test_a_subscription_that_was_asked_for_and_is_not_seen_is_told(tenant: Tenant) -> None:
    access = entra_server.access(tenant, CLAIMS)
    access.subscriptions = [entra_tenant.TRIAL, entra_tenant.guid(7)]
    [surface] = [one for one in surfaces() if one.name == "azure-resources"]
    unit = look(Scope(access, surface))
    assert unit.told == ()
    assert f"the subscription {entra_tenant.guid(7)} is not seen" in said(unit)


def test_fields_and_values_that_nobody_knows_yet_do_no_harm(tenant: Tenant) -> None:
    def strange(value: Any) -> None:
        match value:
            case list():
                for one in value:
                    strange(one)
            case dict():
                for one in list(value.values()):
                    strange(one)
                value["fromTheFuture"] = {"of": ["tomorrow"]}

    known = {one.name: look(Scope(entra_server.access(tenant, CLAIMS), one)) for one in surfaces()}
    for rows in tenant.graph.values():
        strange(rows)
    for one in tenant.graph["servicePrincipals"]:
        one["servicePrincipalType"] = "Robot"
    for one in tenant.graph["oauth2PermissionGrants"]:
        one["consentType"] = "Everybody"
    for surface in surfaces():
        unit = look(Scope(entra_server.access(tenant, CLAIMS), surface))
        assert unit.troubles == (), surface.name
        assert len(unit.told) >= len(known[surface.name].told) - 1, surface.name


def test_an_answer_of_another_form_costs_one_surface(tenant: Tenant) -> None:
    del tenant.graph["applications"][0]["appId"]
    unit = at(tenant, "applications")
    assert "has another form than is known (KeyError)" in said(unit)


def test_an_interrupt_ends_waiting(tenant: Tenant) -> None:
    tenant.faults.append(Fault("^/v1.0/organization", 429, "TooManyRequests", 99, headers={"Retry-After": "4"}))  # fmt: skip
    access = entra_server.access(tenant, CLAIMS)
    [surface] = [one for one in surfaces() if one.name == "organization"]
    access.stop.set()
    unit = look(Scope(access, surface))
    assert "was interrupted" in said(unit)
    assert tenant.asked == []
