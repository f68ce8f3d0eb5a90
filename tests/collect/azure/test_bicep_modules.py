"""Modules of Bicep and linked templates, with what is passed to them."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

from hypothesis import given, strategies

from keymuster.analysis import analysed
from keymuster.collect.readers.azure_resource_manager import AzureResourceManager
from keymuster.inventory.build import Inventory, build
from keymuster.model import Grant, Identity, Resource, Trouble
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from reading import NO_RULES, only, read_all

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"

IDENTITY = """\
    param name string
    resource id 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
      name: name
      location: 'x'
    }
    output principalId string = id.properties.principalId
    """
ROLE = """\
    param principalId string
    param role string
    targetScope = 'subscription'
    resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
      name: guid(principalId)
      properties: {
        principalId: principalId
        roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      }
    }
    """


def _read(files: dict[str, str], rules: RuleSet = NO_RULES) -> list[Any]:
    texts = {path: dedent(text) for path, text in files.items()}
    return read_all(AzureResourceManager, texts, rules)


def _inventory(files: dict[str, str], rules: RuleSet = NO_RULES) -> Inventory:
    observed = [one for one in _read(files, rules) if not isinstance(one, Trouble)]
    return analysed(build(observed), Settings(), rules)  # type: ignore[arg-type]


def test_a_role_in_one_module_is_that_of_the_identity_in_another(rules: RuleSet) -> None:
    files = {
        "main.bicep": f"""\
            targetScope = 'subscription'
            module ci './modules/id.bicep' = {{
              name: 'ci'
              scope: resourceGroup('ci')
              params: {{ name: 'ci' }}
            }}
            module role 'modules/role.bicep' = {{
              name: 'role'
              params: {{ principalId: ci.outputs.principalId, role: '{OWNER}' }}
            }}
            """,
        "modules/id.bicep": IDENTITY,
        "modules/role.bicep": ROLE,
    }
    inventory = _inventory(files, rules)
    [identity] = inventory.of(Identity)
    assert identity.name == "ci"
    [grant] = inventory.grants(identity.id)
    assert grant.via == "azure:role/Owner"
    assert grant.resources == ("/subscriptions/${subscription.id}",)
    assert grant.location.path == "modules/role.bicep"  # type: ignore[union-attr]
    assert inventory.facts[identity.id]["privilege"] == "admin"


def test_a_module_that_is_taken_twice_is_two(rules: RuleSet) -> None:
    calls = "".join(
        f"""\
            module {name} 'both.bicep' = {{
              name: '{name}'
              params: {{ name: '{name}', role: '{role}' }}
            }}
            """
        for name, role in (("web", READER), ("ci", OWNER))
    )
    both = IDENTITY + ROLE.replace("    param principalId string\n", "").replace(
        "principalId: principalId", "principalId: id.properties.principalId"
    )
    inventory = _inventory({"main.bicep": calls, "both.bicep": both}, rules)
    privileges = {one.name: inventory.facts[one.id]["privilege"] for one in inventory.of(Identity)}
    assert privileges == {"web": "read", "ci": "admin"}


STORAGE = """\
    param name string
    param keys bool = true
    resource s 'Microsoft.Storage/storageAccounts@2023-01-01' = {
      name: name
      properties: { allowSharedKeyAccess: keys }
    }
    """


def _accounts(files: dict[str, str], rules: RuleSet) -> list[Resource]:
    found = only(Resource, _read(files, rules))
    return [one for one in found if one.type == "Microsoft.Storage/storageAccounts"]


def test_what_is_passed_is_what_a_module_deploys(rules: RuleSet) -> None:
    main = "module s 'storage.bicep' = { name: 's', params: { name: 'a', keys: false } }\n"
    [account] = _accounts({"main.bicep": main, "storage.bicep": STORAGE}, rules)
    assert account.settings["properties"]["allowSharedKeyAccess"] is False
    assert account.location.path == "storage.bicep"  # type: ignore[union-attr]


def test_what_a_module_deploys_twice_alike_is_one(rules: RuleSet) -> None:
    main = "".join(
        f"module {one} 'storage.bicep' = {{ name: '{one}', params: {{ name: 'same' }} }}\n"
        for one in "abc"
    )
    assert len(_accounts({"main.bicep": main, "storage.bicep": STORAGE}, rules)) == 1


def test_accounts_that_only_their_names_tell_apart_are_one_case(rules: RuleSet) -> None:
    main = "".join(
        f"module {one} 'storage.bicep' = {{ name: '{one}', params: {{ name: '{one}-{one}', keys: {keys} }} }}\n"
        for one, keys in (("a", "true"), ("b", "true"), ("c", "false"))
    )
    found = _accounts({"main.bicep": main, "storage.bicep": STORAGE}, rules)
    keys = [one.settings["properties"]["allowSharedKeyAccess"] for one in found]
    assert keys == [True, False]


def test_a_module_that_certainly_is_not_deployed_says_what_it_does_by_itself(
    rules: RuleSet,
) -> None:
    main = "module s 'storage.bicep' = if (false) { name: 's', params: { keys: false } }\n"
    [account] = _accounts({"main.bicep": main, "storage.bicep": STORAGE}, rules)
    assert account.settings["properties"]["allowSharedKeyAccess"] is True


def test_a_module_in_a_loop_is_deployed_for_each(rules: RuleSet) -> None:
    main = """\
        module s 'id.bicep' = [for (n, i) in ['a', 'b']: {
          name: '${n}${i}'
          params: { name: 'id-${n}' }
        }]
        """
    found = only(Identity, _read({"main.bicep": main, "id.bicep": IDENTITY}, rules))
    assert sorted(one.name for one in found) == ["id-a", "id-b"]


def test_modules_from_elsewhere_are_said_to_be_unread() -> None:
    for path in ("br:acme.azurecr.io/m:v1", "br/public:avm/x:1", "ts:1/g/s:v"):
        [trouble] = _read({"main.bicep": f"module m '{path}' = {{ name: 'm' }}\n"})
        assert isinstance(trouble, Trouble)


def test_modules_in_a_circle_end() -> None:
    files = {
        "a.bicep": "module b 'b.bicep' = { name: 'b' }\n" + dedent(IDENTITY),
        "b.bicep": "module a 'a.bicep' = { name: 'a', params: { name: b.outputs.x } }\n",
    }
    assert [one.name for one in only(Identity, _read(files))] == ["id"] or _read(files)


def test_roles_for_each_of_a_list_are_told_apart() -> None:
    text = f"""\
        var roles = ['{OWNER}', '{READER}']
        param principalId string
        resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in roles: {{
          name: guid(role)
          properties: {{
            principalId: principalId
            roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
          }}
        }}]
        """
    found = only(Grant, _read({"main.bicep": text}))
    assert {one.via for one in found} == {"azure:role/Owner", "azure:role/Reader"}


def test_each_identity_of_a_loop_has_its_own_role() -> None:
    text = f"""\
        resource ids 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = [for n in ['a', 'b']: {{
          name: n
        }}]
        resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = {{
          name: 'x'
          properties: {{ principalId: ids[1].properties.principalId, roleDefinitionId: '{OWNER}' }}
        }}
        """
    inventory = _inventory({"main.bicep": text})
    by_name = {one.name: one for one in inventory.of(Identity)}
    assert len(inventory.grants(by_name["b"].id)) == 1
    assert inventory.grants(by_name["a"].id) == []


def test_an_identity_that_exists_is_the_one_of_its_name() -> None:
    files = {
        "a.bicep": IDENTITY.replace("param name string", "var name = 'ci'"),
        "b.bicep": """\
            resource ci 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
              name: 'ci'
            }
            resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
              name: 'x'
              properties: { principalId: ci.properties.principalId, roleDefinitionId: 'Owner' }
            }
            """,
    }
    inventory = _inventory(files)
    [identity] = inventory.of(Identity)
    assert len(inventory.grants(identity.id)) == 1


def _template(resources: list[Any], **more: Any) -> str:
    return json.dumps({"$schema": SCHEMA, "resources": resources, **more}, indent=1)


def _deployment(link: dict[str, str], **parameters: Any) -> dict[str, Any]:
    passed = {key: {"value": value} for key, value in parameters.items()}
    properties = {"templateLink": link, "parameters": passed, "mode": "Incremental"}
    return {
        "type": "Microsoft.Resources/deployments", "name": "linked", "properties": properties,
    }  # fmt: skip


def test_linked_templates_get_what_is_passed(rules: RuleSet) -> None:
    account = {
        "type": "Microsoft.Storage/storageAccounts",
        "name": "s",
        "properties": {"allowSharedKeyAccess": "[parameters('keys')]"},
    }
    nested = _template([account], parameters={"keys": {"type": "bool", "defaultValue": True}})
    location = {
        "base": {
            "type": "string",
            "defaultValue": "[deployment().properties.templateLink.uri]",
        }
    }
    for link in (
        {"relativePath": "nested/storage.json"},
        {"uri": "https://example.com/deploy/nested/storage.json?sv=1"},
        {"uri": "[uri(parameters('base'), 'nested/storage.json')]"},
        {"uri": "[concat(parameters('base'), '/nested/storage.json')]"},
    ):
        main = _template([_deployment(link, keys=False)], parameters=location)
        files = {"deploy/main.json": main, "deploy/nested/storage.json": nested}
        [found] = _accounts(files, rules)
        assert found.settings["properties"]["allowSharedKeyAccess"] is False, link


def test_copies_of_an_assignment_are_told_apart() -> None:
    assignment = {
        "type": "Microsoft.Authorization/roleAssignments",
        "name": "[guid(string(copyIndex()))]",
        "copy": {"name": "each", "count": "[length(variables('roles'))]"},
        "properties": {
            "principalId": "[parameters('p')]",
            "roleDefinitionId": "[variables('roles')[copyIndex()]]",
        },
    }
    text = _template(
        [assignment], variables={"roles": ["Owner", "Reader"]}, parameters={"p": {"type": "string"}}
    )
    found = only(Grant, _read({"main.json": text}))
    assert {one.via for one in found} == {"azure:role/Owner", "azure:role/Reader"}


def test_an_assignment_by_its_long_name_is_on_what_it_names() -> None:
    assignment = {
        "type": "Microsoft.KeyVault/vaults/providers/roleAssignments",
        "name": "v/Microsoft.Authorization/1",
        "properties": {"principalId": "x", "roleDefinitionId": "Owner"},
    }
    [grant] = only(Grant, _read({"main.json": _template([assignment])}))
    assert grant.resources[0].endswith("/providers/Microsoft.KeyVault/vaults/v")


def test_a_template_of_a_subscription_assigns_there() -> None:
    assignment = {
        "type": "Microsoft.Authorization/roleAssignments",
        "name": "1",
        "properties": {"principalId": "x", "roleDefinitionId": "Owner"},
    }
    schema = SCHEMA.replace("deploymentTemplate", "subscriptionDeploymentTemplate")
    text = json.dumps({"$schema": schema, "resources": [assignment]})
    [grant] = only(Grant, _read({"main.json": text}))
    assert grant.resources == ("/subscriptions/${subscription.id}",)


def test_only_what_has_changed_is_said() -> None:
    main = "module s 'id.bicep' = { name: 's', params: { name: 'a' } }\n"
    files = {"main.bicep": main, "id.bicep": dedent(IDENTITY)}
    assert read_all(AzureResourceManager, files, changed=[(9, 9)]) == []


WORDS = (
    "module m 'b.bicep' = ", "module n 'a.bicep' = ", "resource r 'M.X/y@1' = ", "output o string = ", "param p string",
    "{", "}", "[for x in ", "params: ", "name: ", "m.outputs.o", "n.outputs", "p", "'x'", ":", "]", "\n", "if (p) ", "[0]",
)  # fmt: skip


@given(strategies.lists(strategies.sampled_from(WORDS), max_size=25), strategies.lists(strategies.sampled_from(WORDS), max_size=25))  # fmt: skip
def test_anything_may_stand_in_modules(one: list[str], other: list[str]) -> None:
    head = "module q 'b.bicep' = { name: 'q', params: { p: 'x' } }\n"
    _read({"a.bicep": head + " ".join(one), "b.bicep": "param p string\n" + " ".join(other)})
