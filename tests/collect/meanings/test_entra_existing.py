"""What things of Entra and Azure mean that exist."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from directory_objects import (
    GRAPH,
    MICROSOFT,
    OTHER,
    TENANT,
    app_role,
    application,
    consent,
    entra,
    group,
    guid,
    owned_by,
    records,
    service_principal,
    told,
)
from keymuster.collect.declared import Declared
from keymuster.collect.meanings import azure
from keymuster.collect.meanings import entra as meaning
from keymuster.inventory.build import build
from keymuster.model import (
    Credential,
    CredentialStatus,
    Grant,
    Identity,
    IdentityKind,
    Observation,
    Trust,
    Use,
)
from keymuster.rules.schema import RuleSet

T = TypeVar("T", bound=Observation)
ARM = "/subscriptions/1/resourceGroups/Web/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Deployer"


def of(kind: type[T], *several: Declared) -> list[T]:
    return [one for one in records(several) if isinstance(one, kind)]


def test_an_application_says_who_answers_for_it_and_since_when() -> None:
    [found] = of(
        Identity,
        application(
            createdDateTime="2024-05-01T10:00:00Z",
            tags=["env:prod", "WindowsAzureActiveDirectoryIntegratedApp"],
            **owned_by((70, "ada@acme.example")),
        ),
    )
    assert [hint.name for hint in found.owner_hints] == ["ada@acme.example"]
    assert found.created_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert (found.account, found.tags["env"]) == (TENANT, "prod")
    assert set(found.aliases) >= {f"azure:{guid(1)}", f"azure:{guid(1001)}"}


@pytest.mark.parametrize(
    ("settings", "hints"),
    [
        ({"owners": []}, []),
        (owned_by((70, "bob@acme.example"), accountEnabled=False), [("bob@acme.example", False)]),
        ({"owners": [guid(70)]}, [(guid(70), None)]),
        ({"owners": "${refused.owners}"}, [("unknown", None)]),
    ],
)
def test_owners_are_named_with_whether_they_can_still_act(
    settings: dict[str, Any], hints: list[tuple[str, bool | None]]
) -> None:
    [found] = of(Identity, application(**settings))
    assert [(one.name, one.active) for one in found.owner_hints] == hints


def test_of_declared_owners_nobody_knows_who_they_are() -> None:
    one = application(owners=[guid(70)])
    one.key = ""
    [found] = of(Identity, one)
    assert (found.owner_hints, of(Grant, one)) == ((), [])


@pytest.mark.parametrize(
    ("settings", "kind", "tags"),
    [
        ({}, IdentityKind.SERVICE_ACCOUNT, {}),
        ({"appOwnerOrganizationId": TENANT.upper()}, IdentityKind.SERVICE_ACCOUNT, {"owner_tenant": TENANT}),
        (
            {"appOwnerOrganizationId": OTHER, "publisherName": "Microsoft", "verifiedPublisher": {}},
            IdentityKind.APPLICATION,
            {"owner_tenant": OTHER, "verified": "false", "foreign": "yes"},
        ),
        (
            {
                "appOwnerOrganizationId": OTHER, "homepage_url": "https://mail.example",
                "verifiedPublisher": {"displayName": "Mail Ltd", "verifiedPublisherId": "1"},
            },
            IdentityKind.APPLICATION,
            {"owner_tenant": OTHER, "verified": "true", "publisher": "Mail Ltd", "homepage": "https://mail.example",
             "foreign": "yes"},
        ),
        (
            {"appOwnerOrganizationId": MICROSOFT},
            IdentityKind.APPLICATION,
            {"owner_tenant": MICROSOFT, "verified": "true", "publisher": "Microsoft", "first_party": "yes"},
        ),
    ],
)  # fmt: skip
def test_whose_application_a_service_principal_stands_for(
    settings: dict[str, Any], kind: IdentityKind, tags: dict[str, str]
) -> None:
    [found] = of(Identity, service_principal(**settings))
    assert found.kind is kind
    assert {key: text for key, text in found.tags.items() if key != "client_id"} == tags


def test_what_is_granted_to_a_service_principal_its_application_has() -> None:
    found = build(records([application(), service_principal()]))
    [grant] = found.grants(entra(guid(1)))
    assert grant.via == entra(guid(2))


def test_that_of_another_tenant_stands_alone() -> None:
    foreign = service_principal(appOwnerOrganizationId=OTHER)
    assert of(Grant, foreign) == []
    [found] = of(Identity, foreign)
    assert f"azure:{guid(1001)}" in found.aliases


@pytest.mark.parametrize(
    ("activity", "used", "never"),
    [
        ({}, None, None),
        ({"lastSignInActivity": {"lastSignInDateTime": "never"}}, None, True),
        (
            {"lastSignInActivity": {"lastSignInDateTime": "2025-12-01T00:00:00Z"}},
            datetime(2025, 12, 1, tzinfo=UTC),
            None,
        ),
    ],
)
def test_when_somebody_last_signed_in(
    activity: dict[str, Any], used: datetime | None, never: bool | None
) -> None:
    [found] = of(Identity, service_principal(**activity))
    assert (found.last_used_at, found.never_used) == (used, never)


def test_what_a_secret_says_of_itself() -> None:
    [found] = of(
        Credential,
        told(
            "azuread_application_password", entra(f"{guid(1)}/passwordCredentials/k"), application_id=guid(1),
            key_id="k", start_date="2025-01-01T00:00:00Z", end_date="2299-12-31T00:00:00Z",
            signInActivity={"lastSignInDateTime": "2025-06-01T00:00:00Z"},
        ),
    )  # fmt: skip
    assert found.created_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert found.last_used_at == datetime(2025, 6, 1, tzinfo=UTC)
    assert (found.status, found.tags["lifetime"]) == (CredentialStatus.ACTIVE, "unlimited")
    assert found.identity == f"azure:{guid(1)}"


def test_an_end_that_no_service_tells_is_none_that_is_known() -> None:
    one = told("azuread_application_password", entra("x"), application_id=guid(1))
    [found] = of(Credential, one)
    assert "lifetime" not in found.tags


@pytest.mark.parametrize(
    ("settings", "permission"),
    [
        ({"app_role_id": "df021288-bdef-4463-88db-98f22de89214"}, "User.Read.All"),
        ({"app_role_id": guid(77), "appRoleValue": "Tasks.Run"}, "Tasks.Run"),
        ({"app_role_id": guid(77)}, guid(77)),
        ({"app_role_id": "00000000-0000-0000-0000-000000000000"}, "Default Access"),
    ],
)
def test_a_permission_has_the_name_that_its_api_gives_it(
    settings: dict[str, str], permission: str
) -> None:
    [found] = of(Grant, app_role(2, "", **settings))
    assert found.actions == (permission,)


def test_a_consent_says_for_whom_by_whom_and_when() -> None:
    one = consent(2, "Mail.Read", person=70)
    said = one.settings.plain() | {
        "principalCount": 4, "consentedBy": "ada@acme.example", "consentedDateTime": "2025-03-01T00:00:00Z",
    }  # fmt: skip
    [found] = of(Grant, told(one.type, one.id, **said))
    assert found.conditions["consentType"] == "Principal"
    assert (found.conditions["people"], found.conditions["resourceAppId"]) == ("4", GRAPH)
    assert found.granted_by == "ada@acme.example"
    assert found.granted_at == datetime(2025, 3, 1, tzinfo=UTC)


def test_a_role_that_is_only_there_to_be_asked_for() -> None:
    [found] = of(
        Grant,
        told(
            "azuread_directory_role_eligibility_schedule_request", entra("e"), role_definition_id=guid(5),
            principal_id=guid(2), directory_scope_id="/", createdDateTime="2025-03-01T00:00:00Z",
        ),
    )  # fmt: skip
    assert found.conditions == {"eligible": True}
    assert found.granted_at == datetime(2025, 3, 1, tzinfo=UTC)


def test_a_custom_role_is_known_by_its_id() -> None:
    role = told(
        "azuread_custom_directory_role", entra("r"), display_name="helper", object_id=guid(90),
        permissions=[{"allowed_resource_actions": ["microsoft.directory/users/password/update"]}],
    )  # fmt: skip
    assigned = told(
        "azuread_directory_role_assignment", entra("a"), role_id=guid(90), principal_object_id=guid(2)
    )  # fmt: skip
    found = build(records([role, assigned]))
    [grant] = [one for one in found.of(Grant) if one.via]
    assert grant.via == entra("r")


def test_a_managed_identity_is_one_whoever_tells_of_it() -> None:
    known_to_graph = service_principal(
        type="ManagedIdentity", alternative_names=["isExplicit=True", ARM], createdDateTime="2025-01-01T00:00:00Z",
        lastSignInActivity={"lastSignInDateTime": "2025-12-01T00:00:00Z"},
    )  # fmt: skip
    known_to_azure = told(
        "Microsoft.ManagedIdentity/userAssignedIdentities", ARM.lower(), name="Deployer", tags={"team": "web"},
        properties={"principalId": guid(2), "clientId": guid(1001)},
    )  # fmt: skip
    for several in ([known_to_graph, known_to_azure], [known_to_azure, known_to_graph]):
        found = build(records(several))
        [identity] = found.of(Identity)
        assert identity.id == ARM.lower()
        assert identity.tags["team"] == "web"
        assert identity.last_used_at == datetime(2025, 12, 1, tzinfo=UTC)
        assert f"azure:{guid(2)}" in identity.aliases


def test_roles_are_assigned_to_the_ids_of_the_directory() -> None:
    identity = told(
        "Microsoft.ManagedIdentity/userAssignedIdentities", ARM.lower(), name="Deployer",
        properties={"principalId": guid(2)},
    )  # fmt: skip
    assignment = told(
        "Microsoft.Authorization/roleAssignments", "/subscriptions/1/ra", name="ra",
        properties={"principalId": guid(2).upper(), "roleDefinitionId": "Reader", "scope": "/subscriptions/1",
                    "createdOn": "2025-03-01T00:00:00Z", "createdBy": guid(70), "principalFound": True},
    )  # fmt: skip
    [grant] = build(records([identity, assignment])).of(Grant)
    assert (grant.identity, grant.granted_by) == (ARM.lower(), guid(70))
    assert grant.conditions == {"principalFound": "true"}


def test_what_a_workload_runs_as_by_an_id_in_any_case() -> None:
    site = told(
        "Microsoft.Web/sites", "/subscriptions/1/s", name="s",
        identity={"type": "UserAssigned", "userAssignedIdentities": {ARM: {"principalId": guid(2)}}},
    )  # fmt: skip
    [use] = of(Use, site)
    assert (use.subject, use.by) == (ARM.lower(), "/subscriptions/1/s")


def test_a_federated_credential_of_a_managed_identity() -> None:
    one = told(
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", f"{ARM.lower()}/f", parent=ARM,
        properties={"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:acme/x:ref:refs/heads/main"},
    )  # fmt: skip
    [trust] = of(Trust, one)
    assert trust.identity == ARM.lower()


def test_both_keys_of_a_storage_account_and_when_they_were_made() -> None:
    one = told(
        "Microsoft.Storage/storageAccounts", "/subscriptions/1/shop", name="shop",
        properties={"keyCreationTime": {"key1": "2024-01-01T00:00:00Z", "key2": "2025-01-01T00:00:00Z"}},
    )  # fmt: skip
    first, second = of(Credential, one)
    assert (first.created_at, second.created_at) == (
        datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC),
    )  # fmt: skip


# --- agents --------------------------------------------------------------------------------------


def test_an_agent_signs_in_as_its_service_principal_after_its_blueprint() -> None:
    blueprint = told(
        "microsoft.graph.agentIdentityBlueprint", entra(guid(20)), display_name="triage", object_id=guid(20),
        client_id=guid(1020),
    )  # fmt: skip
    agent = told(
        "microsoft.graph.agentIdentity", entra(guid(22)), display_name="triage-1", object_id=guid(22),
        agentIdentityBlueprintId=guid(1020), sponsors=[guid(70)],
        sponsorDetails=[{"id": guid(70), "type": "user", "name": "ada@acme.example", "accountEnabled": True}],
    )  # fmt: skip
    user = told(
        "microsoft.graph.agentUser", entra(guid(30)), user_principal_name="triage@acme.example",
        object_id=guid(30), identityParentId=guid(22), assignedLicenses=[{"skuId": "x"}],
    )  # fmt: skip
    found = build(records([blueprint, agent, user]))
    id = f"{entra(guid(22))}#agent"
    one = found.records[id]
    assert isinstance(one, Identity)
    assert (one.kind, [hint.name for hint in one.owner_hints]) == (
        IdentityKind.AGENT, ["ada@acme.example"],
    )  # fmt: skip
    used = {use.subject for use in found.of(Use) if use.by == id}
    assert used == {entra(guid(22)), entra(guid(20)), entra(guid(30))}
    parts = {one.tags["agent"] for one in found.of(Identity) if "agent" in one.tags}
    assert parts == {"identity", "blueprint", "user"}


def test_an_agent_that_defender_knows_is_that_of_the_directory() -> None:
    agent = told(
        "microsoft.graph.agentIdentity", entra(guid(22)), display_name="t", object_id=guid(22)
    )
    hunted = told(
        "AgentsInfo", entra("AgentsInfo/1"), AgentName="Triage", Platform="Foundry", EntraAgentId=guid(22),
        Owners=[{"upn": "ada@acme.example"}, "bob@acme.example"], LifecycleStatus="Active",
    )  # fmt: skip
    agents = [
        one
        for one in build(records([agent, hunted])).of(Identity)
        if one.kind is IdentityKind.AGENT
    ]
    [one] = agents
    assert [hint.name for hint in one.owner_hints] == ["ada@acme.example", "bob@acme.example"]


# --- all of them ---------------------------------------------------------------------------------


def test_which_sorts_of_records_come_of_what() -> None:
    assert meaning.subjects(["azuread_application"]) == ("credential", "grant", "identity", "trust")
    assert meaning.subjects(["microsoft.graph.authorizationPolicy"]) == ()
    assert "identity" in meaning.subjects(["azuread_application_password"])
    assert azure.subjects(["Microsoft.Web/sites"]) == ("credential", "identity", "use")


def test_each_sort_of_record_is_one_that_is_said_to_come() -> None:
    several = [
        application(**owned_by((70, "ada")), required_resource_access=[]), service_principal(), group(5, 2),
        app_role(2, guid(1)), consent(2, "Mail.Read"),
    ]  # fmt: skip
    for one in several:
        sorts = {type(record).__name__.lower() for record in records([one])}
        assert sorts <= set(meaning.subjects([one.type]))


SUBSET = Path(__file__).parents[4] / "shared/testbeds/entra/graph-subset.json"
_OURS = {"ownerDetails", "sponsorDetails", "sign_in_audience", "client_id", "object_id"}
"""What Graph says of owners in calls of their own, and what Terraform calls otherwise."""


@pytest.mark.skipif(
    not SUBSET.exists(), reason="no schema of Microsoft Graph beside the repository"
)
def test_policies_speak_of_what_graph_has(rules: RuleSet) -> None:
    entities = json.loads(SUBSET.read_text())["entities"]
    asked = 0
    for policy in rules.policies:
        for type in policy.types:
            name = type.removeprefix("microsoft.graph.")
            if name == type or name not in entities:
                continue
            for field in re.findall(r"resource\.settings\.(\w+)", policy.when):
                asked += 1
                assert field in _OURS or field in _fields(entities, name) or len(policy.types) > 1, (
                    policy.id, field,
                )  # fmt: skip
    assert asked > 10


def _fields(entities: dict[str, Any], name: str) -> set[str]:
    found: set[str] = set()
    while name:
        found |= {*entities[name]["props"], *entities[name]["nav"]}
        name = entities[name]["base"] or ""
    return found
