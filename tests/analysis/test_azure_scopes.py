"""Where in Azure identities may write, and who reads vaults."""

from __future__ import annotations

from typing import Any

import pytest

from directory_objects import facts, group, guid, inventory, told
from keymuster.analysis.azure_scopes import Tree
from keymuster.collect.declared import Declared
from keymuster.inventory.build import build
from keymuster.model import Resource
from keymuster.rules.schema import RuleSet

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
VAULT_READER = "4633458b-17de-408a-b874-0445c86b69e6"
PLATFORM = "/providers/Microsoft.Management/managementGroups/Platform"
ONE, OTHER = f"/subscriptions/{guid(500)}", f"/subscriptions/{guid(501)}"
VAULT = f"{ONE}/resourcegroups/web/providers/microsoft.keyvault/vaults/shop"


def subscription(id: str, name: str, *above: str) -> Declared:
    chain = [{"name": one} for one in above]
    return told(
        "Microsoft.Resources/subscriptions", id, name=name,
        properties={"managementGroupAncestorsChain": chain},
    )  # fmt: skip


def identity(environment: str = "") -> Declared:
    id = f"{ONE}/resourcegroups/web/providers/microsoft.managedidentity/userassignedidentities/ci"
    tags = {"environment": environment} if environment else {}
    return told(
        "Microsoft.ManagedIdentity/userAssignedIdentities", id, name="ci", tags=tags,
        properties={"principalId": guid(40)},
    )  # fmt: skip


def assigned(role: str, scope: str, number: int = 40, label: str = "r") -> Declared:
    id = f"{scope.lower()}/providers/microsoft.authorization/roleassignments/{label}"
    return told(
        "Microsoft.Authorization/roleAssignments", id, name=label,
        properties={"principalId": guid(number), "roleDefinitionId": role, "scope": scope},
    )  # fmt: skip


BOTH = (
    subscription(ONE, "shop-prod", "platform", "root"),
    subscription(OTHER, "shop-dev", "platform"),
)


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        (PLATFORM, ["shop-prod", "shop-dev"]),
        ("/providers/Microsoft.Management/managementGroups/root", ["shop-prod"]),
        ("/providers/Microsoft.Management/managementGroups/other", None),
        ("/", ["shop-prod", "shop-dev"]),
        (ONE.upper().replace("SUBSCRIPTIONS", "subscriptions"), ["shop-prod"]),
        (f"{OTHER}/resourceGroups/web", ["shop-dev"]),
        ("/subscriptions/unseen", ["unseen"]),
    ],
)
def test_a_role_holds_below_what_it_is_assigned_on(
    scope: str, reached: list[str] | None, rules: RuleSet
) -> None:
    found = inventory(rules, *BOTH, identity(), assigned(CONTRIBUTOR, scope))
    assert facts(found, "ci").get("reaches") == reached


def test_a_role_that_reads_reaches_nothing(rules: RuleSet) -> None:
    found = inventory(rules, *BOTH, identity(), assigned(READER, PLATFORM))
    assert "reaches" not in facts(found, "ci")


def test_a_role_of_a_group_is_one_of_its_members(rules: RuleSet) -> None:
    found = inventory(rules, *BOTH, identity(), group(5, 40), assigned(CONTRIBUTOR, ONE, 5))
    assert facts(found, "ci")["reaches"] == ["shop-prod"]


@pytest.mark.parametrize(
    ("environment", "scope", "above"),
    [
        ("dev", ONE, ["production"]),
        ("dev", OTHER, None),
        ("prod", ONE, None),
        ("", ONE, None),
        ("test", f"{OTHER}/resourceGroups/web-prod", ["production"]),
    ],
)
def test_who_writes_above_its_own_environment(
    environment: str, scope: str, above: list[str] | None, rules: RuleSet
) -> None:
    found = inventory(rules, *BOTH, identity(environment), assigned(CONTRIBUTOR, scope))
    assert facts(found, "ci").get("writes_above") == above


def test_a_resource_group_says_more_than_its_subscription() -> None:
    tree = Tree(build([]), {})
    assert {str(one) for one in tree.environments(f"{ONE}/resourceGroups/web-test/x")} == {"test"}
    assert tree.environments(ONE) == set()


def test_what_holds_a_resource_is_known_from_near_to_far(rules: RuleSet) -> None:
    tree = Tree(inventory(rules, *BOTH), {})
    assert list(tree.above(VAULT)) == [
        VAULT,
        f"{ONE}/resourcegroups/web",
        ONE,
        "/providers/microsoft.management/managementgroups/platform",
        "/providers/microsoft.management/managementgroups/root",
        "",
    ]


@pytest.mark.parametrize(
    ("by_role", "scope", "readers"),
    [
        (True, VAULT, ["ci"]),
        (True, ONE, ["ci"]),
        (True, PLATFORM, ["ci"]),
        (True, OTHER, []),
        (False, VAULT, [f"azure:{guid(41)}"]),
    ],
)
def test_who_reads_the_secrets_of_a_vault(
    by_role: bool, scope: str, readers: list[str], rules: RuleSet
) -> None:
    properties: dict[str, Any] = {
        "enableRbacAuthorization": by_role,
        "accessPolicies": [{"objectId": guid(41), "permissions": {"secrets": ["Get"]}}],
    }
    vault = told("Microsoft.KeyVault/vaults", VAULT, name="shop", properties=properties)
    found = inventory(rules, *BOTH, identity(), vault, assigned(VAULT_READER, scope))
    [record] = [one for one in found.of(Resource) if one.type == "Microsoft.KeyVault/vaults"]
    assert found.facts[record.id]["readers"] == readers
