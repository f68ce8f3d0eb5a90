"""What follows for what exists in a directory."""

from __future__ import annotations

import pytest

from directory_objects import (
    APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    MICROSOFT,
    OTHER,
    READS_USERS,
    ROLE_MANAGEMENT,
    app_role,
    application,
    consent,
    directory_role,
    entra,
    facts,
    group,
    guid,
    inventory,
    owned_by,
    service_principal,
    told,
)
from keymuster.inventory.facts import STEPS
from keymuster.model import Grant
from keymuster.rules.schema import RuleSet

# --- how much somebody may do --------------------------------------------------------------------


def test_an_application_has_what_its_service_principal_has(rules: RuleSet) -> None:
    found = inventory(rules, application(), service_principal(), app_role(2, ROLE_MANAGEMENT))
    assert facts(found, "app-1", "application")["privilege"] == "admin"
    assert facts(found, "app-1", "application")["escalations"] == [
        "RoleManagement.ReadWrite.Directory"
    ]


def test_roles_come_by_groups_that_are_in_groups(rules: RuleSet) -> None:
    found = inventory(
        rules, application(), service_principal(), group(5, 2), group(6, 5), directory_role(6, GLOBAL_ADMINISTRATOR)
    )  # fmt: skip
    for kind in ("application", "service_account"):
        assert facts(found, "app-1", kind)["privilege"] == "admin"
        assert facts(found, "app-1", kind)["directory_roles"] == ["Global Administrator"]


def test_a_role_that_code_activates_is_that_role(rules: RuleSet) -> None:
    activated = told(
        "azuread_directory_role", "terraform:x:azuread_directory_role.r", display_name="Global Administrator"
    )  # fmt: skip
    one = directory_role(2, "")
    one.settings = one.settings.made(
        one.settings.plain() | {"role_id": "${azuread_directory_role.r.template_id}"}
    )
    one.scope = "terraform:x"
    found = inventory(rules, service_principal(), activated, one)
    assert facts(found, "app-1")["directory_roles"] == ["Global Administrator"]


def test_what_an_administrator_rests_on_is_told_step_by_step(rules: RuleSet) -> None:
    found = inventory(
        rules, application(), service_principal(), group(5, 2), directory_role(5, GLOBAL_ADMINISTRATOR)
    )  # fmt: skip
    steps = facts(found, "app-1", "application")[STEPS]
    for name in ("privilege", "escalations"):
        [way] = steps[name]
        assert [step.to for step in way] == [entra(guid(2)), entra(guid(5)), ""]
        assert way[-1].records == (f"{entra('roleAssignments/5')}#role",)


def test_groups_that_are_in_each_other_have_an_end(rules: RuleSet) -> None:
    found = inventory(
        rules, service_principal(), group(5, 2, 6), group(6, 5), directory_role(6, APPLICATION_ADMINISTRATOR)
    )  # fmt: skip
    assert facts(found, "app-1")["directory_roles"] == ["Application Administrator"]


@pytest.mark.parametrize(
    "assigned",
    [
        directory_role(2, GLOBAL_ADMINISTRATOR, directory_scope_id=f"/administrativeUnits/{guid(8)}"),
        told(
            "azuread_directory_role_eligibility_schedule_request", entra("e"), role_definition_id=GLOBAL_ADMINISTRATOR,
            principal_id=guid(2), directory_scope_id="/",
        ),
    ],
)  # fmt: skip
def test_what_is_not_for_good_and_everywhere_is_no_standing_role(
    assigned: object, rules: RuleSet
) -> None:
    found = inventory(rules, service_principal(), assigned)  # type: ignore[arg-type]
    assert "directory_roles" not in facts(found, "app-1")


def test_who_is_granted_nothing_has_no_rights_where_all_is_told(rules: RuleSet) -> None:
    others = (application(7), service_principal(8, 7), app_role(8, READS_USERS))
    quiet = (application(), service_principal(), group(5, 2))
    found = inventory(rules, *quiet, *others, directory_role(8, GLOBAL_ADMINISTRATOR))
    assert facts(found, "app-1", "application")["privilege"] == "none"
    unsure = inventory(rules, *quiet, *others)
    assert facts(unsure, "app-1", "application").get("privilege") != "none"


def test_a_permission_of_another_api_does_not_administer_the_directory(rules: RuleSet) -> None:
    one = app_role(2, guid(77), appRoleValue="Application.ReadWrite.All", resourceAppId=guid(78))
    assert facts(inventory(rules, service_principal(), one), "app-1")["privilege"] == "write"


def test_to_be_let_in_is_no_right(rules: RuleSet) -> None:
    one = app_role(2, "00000000-0000-0000-0000-000000000000")
    signs_in = consent(2, "openid", "profile", "offline_access")
    assert (
        facts(inventory(rules, service_principal(), one, signs_in), "app-1")["privilege"] == "none"
    )


# --- whose it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "whose"),
    [
        ({}, "same-account"),
        ({"appOwnerOrganizationId": MICROSOFT}, "microsoft"),
        ({"appOwnerOrganizationId": OTHER, "publisherName": "Microsoft"}, "stranger"),
        (
            {"appOwnerOrganizationId": OTHER, "verifiedPublisher": {"displayName": "M", "verifiedPublisherId": "1"}},
            "vendor",
        ),
    ],
)  # fmt: skip
def test_whose_a_consent_is(settings: dict[str, object], whose: str, rules: RuleSet) -> None:
    found = inventory(rules, service_principal(**settings), consent(2, "Mail.Read"))
    [grant] = [one for one in found.of(Grant) if one.actions]
    assert found.facts[grant.id]["whose"] == whose
    assert found.facts[grant.id]["holder"] == "app-1"


def test_signs_of_a_consent_that_people_were_tricked_into(rules: RuleSet) -> None:
    foreign = service_principal(
        appOwnerOrganizationId=OTHER, redirect_uris=["https://viewer.workers.dev/cb", "https://localhost/x"],
        verifiedPublisher={},
    )  # fmt: skip
    found = inventory(rules, foreign, consent(2, "Mail.Read", "offline_access", person=70))
    assert facts(found, "app-1")["consent_signs"] == [
        "reads mail or files",
        "stays signed in",
        "nobody has verified its publisher",
        "few people use it",
        "an odd address for replies",
    ]


def test_what_many_use_and_its_vendor_stands_for_shows_no_such_sign(rules: RuleSet) -> None:
    known = service_principal(
        appOwnerOrganizationId=OTHER, redirect_uris=["https://mail.example/cb"],
        verifiedPublisher={"displayName": "Mail Ltd", "verifiedPublisherId": "1"},
    )  # fmt: skip
    everybody = [consent(2, "User.Read", person=number) for number in range(70, 75)]
    assert facts(inventory(rules, known, *everybody), "app-1")["consent_signs"] == []


def test_our_own_applications_show_none(rules: RuleSet) -> None:
    found = inventory(rules, service_principal(), consent(2, "Mail.Read", "offline_access"))
    assert "consent_signs" not in facts(found, "app-1")
    assert facts(found, "app-1")["consented"] == ["Mail.Read", "offline_access"]


# --- owners --------------------------------------------------------------------------------------


def test_who_answers_for_a_service_principal_answers_for_its_application(rules: RuleSet) -> None:
    found = inventory(
        rules, application(owners=[]), service_principal(**owned_by((70, "ada@acme.example")))
    )
    assert facts(found, "app-1", "application")["owner"] == "ada@acme.example"
    assert facts(found, "app-1", "application")["owners"] == ["ada@acme.example"]


def test_owners_of_what_is_stronger_take_it_over(rules: RuleSet) -> None:
    found = inventory(
        rules, application(**owned_by((3, "middle"))), service_principal(), app_role(2, ROLE_MANAGEMENT),
        service_principal(3, 13, display_name="middle", **owned_by((4, "first"))),
        service_principal(4, 14, display_name="first"),
    )  # fmt: skip
    assert facts(found, "middle")["takes_over"] == ["app-1"]
    assert facts(found, "first")["takes_over"] == ["app-1"]
    assert facts(found, "first")["privilege"] == "none"


def test_owners_of_what_is_weak_take_over_nothing(rules: RuleSet) -> None:
    found = inventory(
        rules, application(**owned_by((3, "middle"))), service_principal(), app_role(2, READS_USERS),
        service_principal(3, 13, display_name="middle"),
    )  # fmt: skip
    assert "takes_over" not in facts(found, "middle")


def test_two_that_own_each_other_come_to_an_end(rules: RuleSet) -> None:
    found = inventory(
        rules, service_principal(3, 13, display_name="one", **owned_by((4, "other"))),
        service_principal(4, 14, display_name="other", **owned_by((3, "one"))), app_role(3, ROLE_MANAGEMENT),
    )  # fmt: skip
    assert facts(found, "other")["takes_over"] == ["one"]
    assert "takes_over" not in facts(found, "one")
