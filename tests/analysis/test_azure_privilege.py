"""How much identities of Azure and Entra may do, from Terraform, Bicep and ARM to facts."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.analysis import analysed
from keymuster.analysis.azure_privilege import Scope, escalations, privilege, scope_of
from keymuster.analysis.privilege import Level
from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.inventory.build import build
from keymuster.model import FileLocation, Grant, GrantKind, Identity
from keymuster.rules import azure_roles
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from terraforming import everything

HERE = FileLocation(path="main.tf", line=1, column=1, end_line=1, end_column=1)
IDENTITY = """
resource "azurerm_user_assigned_identity" "ci" {
  name = "ci"
}
data "azurerm_subscription" "s" {}
resource "azurerm_resource_group" "g" {
  name = "g"
}
"""
ASSIGNMENT = """
resource "azurerm_role_assignment" "r%s" {
  principal_id         = azurerm_user_assigned_identity.ci.principal_id
  scope                = %s
  role_definition_name = "%s"
}
"""
SUBSCRIPTION = "data.azurerm_subscription.s.id"
GROUP = "azurerm_resource_group.g.id"


def _facts(text: str, rules: RuleSet, name: str = "ci") -> dict[str, Any]:
    found = [one for one in everything(text) if isinstance(one, Declared)]
    inventory = build(record for one in found for record in meanings.records(one, ()))
    analysed(inventory, Settings(), rules)
    [meant] = [one for one in inventory.of(Identity) if one.name == name]
    return inventory.facts[meant.id]


def _assigned(role: str, scope: str = SUBSCRIPTION, more: str = "") -> str:
    text = IDENTITY + ASSIGNMENT % ("", scope, role)
    return text.rstrip()[:-1] + more + "\n}\n" if more else text


@pytest.mark.parametrize(
    ("role", "level"),
    [
        ("Owner", "admin"),
        ("User Access Administrator", "admin"),
        ("Role Based Access Control Administrator", "admin"),
        ("Contributor", "write"),
        ("Storage Blob Data Contributor", "write"),
        ("Storage Blob Data Reader", "read"),
        ("Key Vault Secrets User", "read"),
        ("Reader", "read"),
        ("Of our own, made elsewhere", "unknown"),
    ],
)
def test_a_role_on_a_subscription_says_how_much(role: str, level: str, rules: RuleSet) -> None:
    assert _facts(_assigned(role), rules)["privilege"] == level


def test_a_role_is_known_by_its_id_too(rules: RuleSet) -> None:
    text = _assigned("x").replace(
        'role_definition_name = "x"',
        'role_definition_id = "/providers/Microsoft.Authorization/roleDefinitions/'
        '8e3af657-a8ff-443c-a75c-2fe8c4bcb635"',
    )
    assert _facts(text, rules)["privilege"] == "admin"


def test_an_owner_of_a_resource_group_writes_there_and_may_take_more(rules: RuleSet) -> None:
    facts = _facts(_assigned("Owner", GROUP), rules)
    assert facts["privilege"] == "write"
    assert "assigns-roles" in facts["escalations"]


def test_of_an_owner_somewhere_nobody_knows(rules: RuleSet) -> None:
    facts = _facts(_assigned("Owner", "var.scope") + 'variable "scope" {}\n', rules)
    assert facts["privilege"] == "unknown"
    assert facts["escalations"] == ["assigns-roles", "changes-roles"]  # wherever it is


def test_a_contributor_of_a_subscription_becomes_the_identities_there(rules: RuleSet) -> None:
    found = _facts(_assigned("Contributor"), rules)["escalations"]
    assert {"runs-on-machines", "federates-identities", "opens-vaults", "takes-keys"} <= {*found}
    assert "assigns-roles" not in found


def test_the_most_of_several_roles_counts(rules: RuleSet) -> None:
    text = _assigned("Reader") + ASSIGNMENT % ("2", SUBSCRIPTION, "Owner")
    assert _facts(text, rules)["privilege"] == "admin"


ALLOWED = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] %s {%s}"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
OTHERS = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9, f58310d9-a9f6-439a-9e8d-f62e7b41a168"


@pytest.mark.parametrize(
    ("condition", "level", "assigns"),
    [
        (ALLOWED % ("ForAnyOfAnyValues:GuidEquals", READER), "write", False),
        (ALLOWED % ("ForAnyOfAnyValues:GuidEquals", f"{READER}, {OWNER}"), "admin", True),
        (ALLOWED % ("ForAnyOfAllValues:GuidNotEquals", f"{OWNER}, {OTHERS}"), "write", False),
        (ALLOWED % ("ForAnyOfAllValues:GuidNotEquals", OWNER), "admin", True),
        (
            "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] "
            "ForAnyOfAnyValues:StringEqualsIgnoreCase {'User'}",
            "unknown",
            False,
        ),
        ("@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'x'", "admin", True),
    ],
)
def test_a_condition_may_keep_the_great_roles_from_being_assigned(
    condition: str, level: str, assigns: bool, rules: RuleSet
) -> None:
    text = _assigned("User Access Administrator", more=f'  condition = "{condition}"')
    facts = _facts(text, rules)
    assert facts["privilege"] == level
    assert ("assigns-roles" in facts["escalations"]) is assigns


CUSTOM = """
resource "azurerm_role_definition" "own" {
  name  = "own"
  scope = data.azurerm_subscription.s.id
  permissions {
    actions          = [%s]
    not_actions      = [%s]
    data_actions     = [%s]
  }
}
resource "azurerm_role_assignment" "own" {
  principal_id       = azurerm_user_assigned_identity.ci.principal_id
  scope              = data.azurerm_subscription.s.id
  role_definition_id = azurerm_role_definition.own.role_definition_resource_id
}
"""


@pytest.mark.parametrize(
    ("actions", "without", "data", "level", "ways"),
    [
        ('"*"', "", "", "admin", {"assigns-roles", "runs-on-machines"}),
        ('"*"', '"Microsoft.Authorization/*/write"', "", "write", {"runs-on-machines"}),
        ('"*/write"', "", "", "admin", {"assigns-roles"}),
        ('"microsoft.authorization/*"', "", "", "admin", {"assigns-roles", "changes-roles"}),
        ('"*/read"', "", "", "read", set()),
        ('"*"', '"*"', "", "none", set()),
        ("", "", '"*"', "write", set()),
        ("", "", '"Microsoft.KeyVault/vaults/secrets/getSecret/action"', "read", set()),
        ('"Microsoft.Storage/storageAccounts/listKeys/action"', "", "", "write", {"takes-keys"}),
        ('"Microsoft.Compute/virtualMachines/*"', "", "", "write", {"runs-on-machines"}),
    ],
)
def test_a_role_that_somebody_makes_is_what_it_allows(
    actions: str, without: str, data: str, level: str, ways: set[str], rules: RuleSet
) -> None:
    facts = _facts(IDENTITY + CUSTOM % (actions, without, data), rules)
    assert facts["privilege"] == level
    assert ways <= {*facts["escalations"]}
    assert ways or facts["escalations"] == [] or data


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("/", Scope.WIDE),
        ("/subscriptions/1", Scope.WIDE),
        ("/subscriptions/${subscription.id}", Scope.WIDE),
        ("/providers/Microsoft.Management/managementGroups/root", Scope.WIDE),
        ("${data.azurerm_subscription.current.id}", Scope.WIDE),
        ("${azurerm_management_group.root.id}", Scope.WIDE),
        ("${subscription.id}", Scope.WIDE),
        ("/subscriptions/1/resourceGroups/g", Scope.GROUP),
        ("${azurerm_resource_group.g.id}", Scope.GROUP),
        ("/subscriptions/1/resourceGroups/g/providers/Microsoft.Web/sites/x", Scope.RESOURCE),
        ("${azurerm_storage_account.s.id}", Scope.RESOURCE),
        ("${[vault]}", Scope.RESOURCE),
        ("${var.scope}", Scope.UNKNOWN),
        ("${module.network.id}", Scope.UNKNOWN),
        ("${parameters.scope}", Scope.UNKNOWN),
    ],
)
def test_a_scope_says_how_much_lies_below_it(text: str, scope: Scope) -> None:
    assert scope_of(text) is scope


ENTRA = """
resource "azuread_application" "ci" {
  display_name = "ci"
}
resource "azuread_service_principal" "sp" {
  client_id = azuread_application.ci.client_id
}
data "azuread_service_principal" "graph" {
  client_id = "00000003-0000-0000-c000-000000000000"
}
"""
CONSENT = """
resource "azuread_app_role_assignment" "a" {
  app_role_id         = %s
  principal_object_id = azuread_service_principal.sp.object_id
  resource_object_id  = data.azuread_service_principal.graph.object_id
}
"""


@pytest.mark.parametrize(
    ("role", "level", "found"),
    [
        ('"9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"', "admin", ["RoleManagement.ReadWrite.Directory"]),
        (
            'data.azuread_service_principal.graph.app_role_ids["AppRoleAssignment.ReadWrite.All"]',
            "admin",
            ["AppRoleAssignment.ReadWrite.All"],
        ),
        (
            'data.azuread_service_principal.graph.app_role_ids["Group.ReadWrite.All"]',
            "write",
            ["Group.ReadWrite.All"],
        ),
        ('data.azuread_service_principal.graph.app_role_ids["Mail.Send"]', "write", []),
        ('data.azuread_service_principal.graph.app_role_ids["User.Read.All"]', "read", []),
        ('"00000000-1111-2222-3333-444444444444"', "unknown", []),
    ],
)
def test_an_application_may_do_what_its_service_principal_has_of_graph(
    role: str, level: str, found: list[str], rules: RuleSet
) -> None:
    facts = _facts(ENTRA + CONSENT % role, rules)
    assert (facts["privilege"], facts["escalations"]) == (level, found)


def test_what_an_application_asks_for_it_does_not_have_yet(rules: RuleSet) -> None:
    asked = """
      required_resource_access {
        resource_app_id = "00000003-0000-0000-c000-000000000000"
        resource_access {
          id   = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"
          type = "Role"
        }
      }
    """
    text = ENTRA.replace('display_name = "ci"', 'display_name = "ci"' + asked)
    assert _facts(text, rules) | {"privilege": "unknown", "escalations": []} == _facts(text, rules)


@pytest.mark.parametrize(
    ("role", "scope", "level", "found"),
    [
        ("Global Administrator", "", "admin", ["Global Administrator"]),
        ("Application Administrator", "", "write", ["Application Administrator"]),
        ("Directory Readers", "", "read", []),
        ("Global Administrator", '  directory_scope_id = "/administrativeUnits/1"', "write", []),
    ],
)
def test_a_role_of_the_directory(
    role: str, scope: str, level: str, found: list[str], rules: RuleSet
) -> None:
    id = azure_roles.names("entra")
    [guid] = [key for key, name in id.items() if name == role and key != role.lower()]
    text = f"""
resource "azuread_directory_role_assignment" "r" {{
  role_id             = "{guid}"
  principal_object_id = azuread_service_principal.sp.object_id
{scope}
}}
"""
    facts = _facts(ENTRA + text, rules)
    assert (facts["privilege"], facts["escalations"]) == (level, found)


def test_a_member_has_the_roles_of_its_group(rules: RuleSet) -> None:
    text = """
resource "azuread_group" "ops" {
  display_name = "ops"
}
resource "azuread_group_member" "m" {
  group_object_id  = azuread_group.ops.object_id
  member_object_id = azuread_service_principal.sp.object_id
}
resource "azurerm_role_assignment" "r" {
  principal_id         = azuread_group.ops.object_id
  scope                = "/subscriptions/1"
  role_definition_name = "Owner"
}
"""
    assert _facts(ENTRA + text, rules)["privilege"] == "admin"


def test_of_an_identity_without_a_grant_nothing_is_known(rules: RuleSet) -> None:
    assert "privilege" not in _facts(IDENTITY, rules)


def test_a_role_of_a_role_of_itself_ends(rules: RuleSet) -> None:
    circle = Grant(
        id="g", identity="a", kind=GrantKind.ROLE_BINDING, provider="azure", location=HERE, via="a"
    )
    assert privilege([circle], lambda _: [circle], rules.azure).level is Level.UNKNOWN
    assert escalations([circle], lambda _: [circle], rules.azure) == []


def test_a_pattern_of_nothing_but_wildcards_takes_no_time(rules: RuleSet) -> None:
    hostile = Grant(
        id="g", identity="a", kind=GrantKind.POLICY, provider="azure", location=HERE,
        actions=("*a" * 150 + "b", "*" * 5000), not_actions=("*/" * 140,),
    )  # fmt: skip
    assert privilege([hostile], lambda _: [], rules.azure).level is not Level.UNKNOWN


def test_every_role_with_a_way_has_a_level_and_an_id(rules: RuleSet) -> None:
    ids, known = azure_roles.names("azure"), rules.azure
    leveled = {name for names in known.levels.values() for name in names}
    assert {*known.escalating} <= leveled
    assert {name.lower() for name in leveled} <= {*ids}
    assert {way for ways in known.escalating.values() for way in ways} <= {w.id for w in known.ways}


def test_every_role_of_the_directory_that_is_judged_has_an_id(rules: RuleSet) -> None:
    ids, entra = azure_roles.names("entra"), rules.azure.entra
    named = {name for names in entra.levels.values() for name in names} | {*entra.escalating}
    assert {name.lower() for name in named} <= {*ids}


def test_every_permission_that_is_judged_has_an_id(rules: RuleSet) -> None:
    ids, entra = azure_roles.names("graph"), rules.azure.entra
    named = {*entra.admin_permissions, *entra.escalating_permissions}
    assert {name.lower() for name in named} <= {*ids}
