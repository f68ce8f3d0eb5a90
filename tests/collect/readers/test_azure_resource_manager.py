"""Templates of Azure Resource Manager, as JSON and in Bicep."""

from __future__ import annotations

from contextlib import suppress
from textwrap import dedent
from time import process_time
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from msgspec.json import encode

from keymuster.collect.base import Blob, Fragment
from keymuster.collect.readers.azure_resource_manager import AzureResourceManager
from keymuster.collect.syntax.node import Broken
from keymuster.model import (
    Credential,
    FileLocation,
    Grant,
    Identity,
    Resource,
    Storage,
    Trouble,
    Trust,
    Use,
)
from keymuster.rules.schema import RuleSet
from scans import context

T = TypeVar("T")

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
PARAMETERS = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
SECRET = "Tr0ub4dor" + "-9x"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


class Read:
    """What the reader says of one file."""

    def __init__(self, reader: AzureResourceManager) -> None:
        self._reader = reader

    def __call__(self, text: str, path: str = "main.bicep", **more: Any) -> list[Any]:
        blob = Blob(path=path, data=dedent(text).encode(), storage=Storage.TREE, **more)
        assert self._reader.reads(path)
        return self.together([blob])

    def files(self, kind: type[T], **texts: str) -> list[T]:
        """Of several: `modules__a.bicep` lies in a folder."""
        paths = {name.replace("__", "/").replace("_", "."): text for name, text in texts.items()}
        blobs = [
            Blob(path=path, data=dedent(text).encode(), storage=Storage.TREE)
            for path, text in paths.items()
        ]
        return [one for one in self.together(blobs) if isinstance(one, kind)]

    def together(self, blobs: list[Blob]) -> list[Any]:
        observed = [one for blob in blobs for one in self._reader.read(blob)]
        kept = [one.content for one in observed if isinstance(one, Fragment)]
        rest = [one for one in observed if not isinstance(one, Fragment)]
        return [*rest, *self._reader.finish(kept)]

    def only(self, kind: type[T], text: str, path: str = "main.bicep", **more: Any) -> list[T]:
        return [one for one in self(text, path, **more) if isinstance(one, kind)]

    def template(self, kind: type[T], resources: Any, **sections: Any) -> list[T]:
        document = {"$schema": SCHEMA, "resources": resources, **sections}
        return self.only(kind, encode(document).decode(), "azuredeploy.json")

    def settings(self, text: str) -> dict[str, Any]:
        """Of the only vault of a file."""
        [vault] = _vaults(self.only(Resource, text))
        return vault.settings

    def value(self, expression: str, **sections: Any) -> Any:
        """What an expression of a template gives."""
        resources = [{"type": "Microsoft.KeyVault/vaults", "name": "v", "tags": {"x": expression}}]
        [vault] = _vaults(self.template(Resource, resources, **sections))
        return vault.settings["tags"].get("x")


@pytest.fixture(scope="module")
def read(rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> Read:
    return Read(AzureResourceManager(context(rules, tmp_path_factory.mktemp("tree"))))


def _vaults(found: list[Resource]) -> list[Resource]:
    return [one for one in found if one.type == "Microsoft.KeyVault/vaults"]


def _vault(body: str, before: str = "") -> str:
    return f"{before}\nresource v 'Microsoft.KeyVault/vaults@2023-07-01' = {{\n  name: 'v'\n  {body}\n}}\n"


# --- Bicep ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "expression", "value"),
    [
        ("param p string = 'a'", "p", "a"),
        ("param p string = 'a'", "'${p}-b'", "a-b"),
        ("param p string", "'${p}-b'", "${parameters.p}-b"),
        ("var p = { q: [ 'a', 'b' ] }", "p.q[1]", "b"),
        ("var p = {\n  q: [\n    'a'\n    'b'\n  ]\n}", "p.q[0]", "a"),
        ("param p bool = true", "p ? 'a' : 'b'", "a"),
        ("param p bool", "p ? 'a' : 'b'", "${if}"),
        ("param p bool", "p ? 'a' : 'a'", "a"),
        ("", "'it\\'s \\${x}'", "it's ${x}"),
        ("", "'''\nlong'''", "long"),
        ("var p = [for i in range(0, 2): 'n${i}']", "p", ["n0", "n1"]),
        ("var p = [for (x, i) in ['a', 'b']: '${x}${i}']", "p", ["a0", "b1"]),
        ("", "concat('a', 'b')", "ab"),
        ("", "toLower(replace('A-B', '-', ''))", "ab"),
        ("", "union({ a: 1 }, { b: 2 })", {"a": 1, "b": 2}),
        ("", "!true || 1 == 1", True),
        ("var a = b\nvar b = a", "a", "${variables.a}"),
        ("", "uniqueString('x')", "${uniqueString}"),
        ("func f(a string) string => 'x${a}'\ntype t = { a: string }", "'a'", "a"),
        ("@description('x')\n@allowed([ 'a' ])\nparam p 'a' | 'b' = 'a'", "p", "a"),
        ("", "map([ 'a' ], x => x)", "${map}"),
    ],
)
def test_expressions_of_bicep(read: Read, before: str, expression: str, value: Any) -> None:
    assert read.settings(_vault(f"tags: {{ x: {expression} }}", before))["tags"]["x"] == value


def test_a_resource_stands_where_it_is_declared(read: Read) -> None:
    [vault] = _vaults(read.only(Resource, _vault("properties: {}", "// a\n")))
    assert isinstance(vault.location, FileLocation)
    assert (vault.location.line, vault.location.end_line) == (3, 6)
    assert vault.id == "resource:azure-resource-manager:main.bicep:v"


def test_a_role_by_its_id_on_a_resource_of_the_file(read: Read) -> None:
    [grant] = read.only(
        Grant,
        f"""\
        resource id 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {{
          name: 'ci'
        }}
        resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' existing = {{
          scope: subscription()
          name: '{CONTRIBUTOR}'
        }}
        resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = {{
          name: guid(role.id)
          properties: {{
            roleDefinitionId: role.id
            principalId: id.properties.principalId
          }}
        }}
        """,
    )
    assert grant.identity == "azure-resource-manager:main.bicep:id"
    assert grant.via == "azure:role/Contributor"


def test_what_is_part_of_another_knows_it(read: Read) -> None:
    [trust] = read.only(
        Trust,
        """\
        resource my_id 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
          name: 'ci'
          resource f 'federatedIdentityCredentials' = {
            name: 'github'
            properties: {
              issuer: 'https://token.actions.githubusercontent.com'
              subject: 'repo:acme/shop:environment:production'
              audiences: [ 'api://AzureADTokenExchange' ]
            }
          }
        }
        """,
    )
    assert trust.identity == "azure-resource-manager:main.bicep:my_id"
    assert trust.conditions == {
        "subject": "repo:acme/shop:environment:production",
        "audiences": ["api://AzureADTokenExchange"],
    }


def test_one_for_each_of_a_list_is_one(read: Read) -> None:
    grants = read.only(
        Grant,
        """\
        param ids array
        resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for one in ids: {
          name: guid(one)
          properties: { roleDefinitionId: 'Reader', principalId: one }
        }]
        """,
    )
    assert [one.identity for one in grants] == ["azure-resource-manager:main.bicep:one"]


def test_what_is_certainly_not_made_is_not_there(read: Read) -> None:
    text = """\
        param on bool = false
        resource a 'Microsoft.KeyVault/vaults@2023-07-01' = if (on) { name: 'a' }
        resource b 'Microsoft.KeyVault/vaults@2023-07-01' = if (!on) { name: 'b' }
        resource c 'Microsoft.KeyVault/vaults@2023-07-01' existing = { name: 'c' }
        """
    vaults = _vaults(read.only(Resource, text))
    assert [one.name for one in vaults] == ["b"]


def test_a_mistake_costs_one_declaration(read: Read) -> None:
    text = "resource a 'X.Y/z@1' = {{{\n" + _vault("properties: {}")
    assert read.settings(text)["name"] == "v"


def test_a_module_from_elsewhere_is_named(read: Read) -> None:
    [trouble] = read.only(
        Trouble, "module m 'br/public:avm/res/key-vault/vault:0.6.1' = { name: 'm' }"
    )
    assert "module from elsewhere, as m" in trouble.message


def test_a_secret_that_a_parameter_has_anyway(read: Read) -> None:
    text = f"@secure()\nparam a string = newGuid()\n@secure()\nparam b string = '{SECRET}'\n"
    [found] = read.only(Credential, text)
    assert isinstance(found.location, FileLocation)
    assert found.location.line == 4


def test_a_file_of_parameters_of_bicep(read: Read) -> None:
    text = f"using './main.bicep'\nparam adminPassword = '{SECRET}'\nparam other = az.getSecret('a', 'b', 'c', 'd')\n"
    [found] = read.only(Credential, text, "main.bicepparam")
    assert found.name == "adminPassword"


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[parameters('a')]", "x"),
        ("[variables('b')]", "x-y"),
        ("[format('{0}/{1}', parameters('a'), 'z')]", "x/z"),
        ("[if(equals(parameters('a'), 'x'), 'yes', 'no')]", "yes"),
        ("[parameters('missing')]", "${parameters.missing}"),
        ("[concat(parameters('none'), '-a')]", "${parameters.none}-a"),
        ("[[literal]", "[literal]"),
        ("[not an expression", "[not an expression"),
        ("[variables('c').d[1]]", 2),
        ("[variables('loop')]", "${variables.loop}"),
        ("true", True),
        ("[null()]", None),
        ("[createObject('a', 1)]", {"a": 1}),
        ("[contoso.make('x')]", "${contoso.function}"),
        ("[listKeys(resourceId('Microsoft.Storage/storageAccounts', 's'), '1').keys[0].value]", "${listKeys.keys[0].value}"),
        ("[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'g')]",
         "/subscriptions/${subscription.id}/providers/Microsoft.Authorization/roleDefinitions/g"),
        ("[resourceId('Microsoft.KeyVault/vaults', 'v')]", "${[Microsoft.KeyVault/vaults/v].id}"),
        ("[reference('v').vaultUri]", "${[Microsoft.KeyVault/vaults/v].properties.vaultUri}"),
    ],
)  # fmt: skip
def test_expressions_of_templates(read: Read, expression: str, value: Any) -> None:
    found = read.value(
        expression,
        parameters={"a": {"type": "string", "defaultValue": "x"}, "none": {"type": "string"}},
        variables={
            "b": "[concat(parameters('a'), '-y')]", "c": {"d": [1, 2]}, "loop": "[variables('loop')]",
        },
    )  # fmt: skip
    assert found == value


def test_types_are_known_whatever_their_case(read: Read) -> None:
    [identity] = read.template(
        Identity, [{"type": "microsoft.managedidentity/userassignedidentities", "name": "ci"}]
    )
    assert identity.aliases == ("azure:userAssignedIdentities/ci",)


def test_an_app_uses_the_identity_that_it_is_assigned(read: Read) -> None:
    [use] = read.template(
        Use,
        [
            {"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "name": "ci"},
            {
                "type": "Microsoft.Web/sites",
                "name": "web",
                "identity": {
                    "type": "UserAssigned",
                    "userAssignedIdentities": {
                        "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'ci')]": {}
                    },
                },
            },
        ],
    )
    assert use.subject.endswith(":Microsoft.ManagedIdentity/userAssignedIdentities/ci")
    assert use.by.endswith(":Microsoft.Web/sites/web")


@pytest.mark.parametrize("scope", ["inner", "outer"])
def test_a_template_inside_a_template(read: Read, scope: str) -> None:
    name = "[parameters('name')]"
    nested = {
        "type": "Microsoft.Resources/deployments",
        "name": "inside",
        "properties": {
            "expressionEvaluationOptions": {"scope": scope},
            "parameters": {"name": {"value": "passed"}},
            "template": {
                "parameters": {"name": {"type": "string"}} if scope == "inner" else {},
                "resources": [{"type": "Microsoft.KeyVault/vaults", "name": name}],
            },
        },
    }
    parameters = {"name": {"type": "string", "defaultValue": "own"}}
    vaults = _vaults(read.template(Resource, [nested], parameters=parameters))
    assert [one.settings["name"] for one in vaults] == ["passed" if scope == "inner" else "own"]


def test_resources_nested_in_one_and_by_symbol(read: Read) -> None:
    vault = {
        "type": "Microsoft.KeyVault/vaults",
        "name": "v",
        "resources": [{"type": "secrets", "name": "s", "properties": {}}],
    }
    for resources in ([vault], {"sym": vault}):
        found = read.template(Resource, resources)
        assert {one.settings["name"] for one in found} == {"v", "v/s"}


def test_the_passed_parameters_are_secrets_or_references(read: Read) -> None:
    document = {
        "$schema": PARAMETERS,
        "parameters": {
            "adminPassword": {"value": SECRET},
            "apiKey": {"reference": {"keyVault": {"id": "x"}, "secretName": "y"}},
            "size": {"value": "Standard_B1s_large"},
        },
    }
    found = read.only(Credential, encode(document).decode(), "azuredeploy.parameters.json")
    assert [one.name for one in found] == ["adminPassword"]


def test_a_secret_is_never_in_what_is_said_of_it(read: Read) -> None:
    resources = [
        {
            "type": "Microsoft.Sql/servers",
            "name": "s",
            "properties": {"administratorLoginPassword": SECRET},
        }
    ]
    [found] = read.template(Credential, resources)
    assert SECRET not in repr(found)
    assert found.fingerprint


def test_json_of_others_is_left_alone(read: Read) -> None:
    assert read('{"resources": [{"type": "folder"}]}', "data.json") == []
    assert read('{"resources": [{"type": "Microsoft.X/y"', "data.json") == []


def test_a_broken_template_is_told(read: Read) -> None:
    with pytest.raises(Broken):
        read(f'{{"$schema": "{SCHEMA}", "resources": [', "azuredeploy.json")


def test_only_what_changed_counts(read: Read) -> None:
    text = "\n".join(
        f"resource r{number} 'Microsoft.KeyVault/vaults@1' = {{ name: 'v{number}' }}"
        for number in (1, 2)
    )
    found = _vaults(read.only(Resource, text, changed=((2, 2),)))
    assert [one.name for one in found] == ["r2"]


# --- hostile --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "var x = " + "[" * 50_000,
        "var x = " + "'${" * 50_000,
        "var x = " + "a ? " * 20_000,
        "var a0 = ['x']\n" + "\n".join(f"var a{n + 1} = [a{n}, a{n}]" for n in range(40))
        + "\noutput o array = a40",
        "var a0 = 'x'\n" + "\n".join(f"var a{n + 1} = '${{a{n}}}${{a{n}}}'" for n in range(60))
        + "\noutput o string = a60",
        "var l = range(0, 64)\noutput o array = [for a in l: [for b in l: [for c in l: [for d in l: a]]]]",
        "resource r 'M.X/y@1' = {\n name: 'a'\n parent: s\n}\nresource s 'M.X/y@1' = {\n name: 'b'\n parent: r\n}",
    ],
)  # fmt: skip
def test_much_ado_ends_soon(read: Read, text: str) -> None:
    begin = process_time()
    with suppress(Broken):
        read(text)
    assert process_time() - begin < 20


_KEYS = [
    "type", "name", "properties", "resources", "identity", "userAssignedIdentities", "template", "parameters",
    "defaultValue", "value", "copy", "condition", "existing", "accessPolicies", "permissions", "actions",
    "secrets", "containers", "environmentVariables", "attributes", "exp", "input", "tags", "scope",
]  # fmt: skip
_TEXTS = [
    "Microsoft.KeyVault/vaults", "Microsoft.Web/sites", "Microsoft.Authorization/roleAssignments",
    "Microsoft.Authorization/roleDefinitions", "Microsoft.Resources/deployments", "[parameters('a')]",
    "[concat(variables('b'), 'x')]", "[resourceId('Microsoft.Web/sites', 'a')]", "[copyIndex()]", "x", "[if(",
    "Microsoft.ContainerInstance/containerGroups", "Microsoft.KeyVault/vaults/keys", "[reference('x').y[0]]",
]  # fmt: skip
_ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.sampled_from(_TEXTS),
    lambda inner: (
        some.lists(inner, max_size=4) | some.dictionaries(some.sampled_from(_KEYS), inner)
    ),
    max_leaves=25,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(resources=some.lists(_ANYTHING, max_size=4), parameters=_ANYTHING, variables=_ANYTHING)
def test_nothing_that_a_template_holds_is_an_accident(
    read: Read, resources: Any, parameters: Any, variables: Any
) -> None:
    read.template(
        object,
        resources,
        parameters={"a": parameters},
        variables={"b": variables},
        outputs=parameters,
    )


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    words=some.lists(
        some.sampled_from(
            ["resource", "param", "var", "x", "=", "{", "}", "[", "]", "(", ")", "'a'", "'${", "for", "in",
             ":", "\n", "if", "?", ".", "::", "!", "@", "1", "==", "existing", "module", ",", "'M.X/y@1'"]
        ),
        max_size=60,
    )
)  # fmt: skip
def test_no_text_of_bicep_is_an_accident(read: Read, words: list[str]) -> None:
    with suppress(Broken):
        read(" ".join(words))
