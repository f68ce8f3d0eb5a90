"""What objects of Azure and Entra mean, as Terraform and Bicep declare them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import File
from keymuster.model import Credential, CredentialKind, Grant, Identity, IdentityKind, Trust, Use

T = TypeVar("T")
SECRET = "Tr0ub4dor" + "-9x"
Told = Callable[..., list[Any]]


def _told(kind: type[T], type: str, settings: str) -> list[T]:
    [node] = yaml.parse(settings, File(path="main.tf"))
    one = Declared(type=type, name="x", scope="s", settings=node)
    return [record for record in meanings.records(one, ()) if isinstance(record, kind)]


@pytest.mark.parametrize(
    ("written", "via"),
    [
        ("roleDefinitionName: Owner", "azure:role/Owner"),
        ("roleDefinitionName: owner", "azure:role/Owner"),
        (
            "roleDefinitionId: /providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
            "azure:role/Owner",
        ),
        ("roleDefinitionId: '${azurerm_role_definition.r.role_definition_resource_id}'", "s:azurerm_role_definition.r"),
        ("roleDefinitionId: '${var.role}'", "s:var.role"),
    ],
)  # fmt: skip
def test_a_role_by_name_id_or_reference(written: str, via: str) -> None:
    settings = f"{{scope: /x, properties: {{principalId: '${{azurerm_linux_web_app.w.identity[0].principal_id}}', {written}}}}}"
    [grant] = _told(Grant, "Microsoft.Authorization/roleAssignments", settings)
    assert (grant.via, grant.identity, grant.resources) == (
        via,
        "s:azurerm_linux_web_app.w",
        ("/x",),
    )


def test_what_a_role_definition_grants() -> None:
    [actions, data] = _told(
        Grant,
        "Microsoft.Authorization/roleDefinitions",
        "{properties: {roleName: r, permissions: [{actions: ['*'], notActions: [a/b], dataActions: [c/d]}], assignableScopes: [/]}}",
    )
    assert (actions.actions, actions.not_actions, actions.resources) == (("*",), ("a/b",), ("/",))
    assert data.actions == ("c/d",)


def test_an_identity_that_azure_makes_and_one_that_is_assigned() -> None:
    settings = "{name: w, identity: {type: 'SystemAssigned, UserAssigned', userAssignedIdentities: {'${azurerm_user_assigned_identity.i.id}': {}}}}"
    [identity] = _told(Identity, "Microsoft.Web/sites", settings)
    [use] = _told(Use, "Microsoft.Web/sites", settings)
    assert (identity.id, identity.kind) == ("s:x", IdentityKind.MANAGED_IDENTITY)
    assert (use.subject, use.by) == ("s:azurerm_user_assigned_identity.i", "s:x")


def test_who_may_open_a_vault() -> None:
    [grant] = _told(
        Grant,
        "Microsoft.KeyVault/vaults",
        "{properties: {accessPolicies: [{objectId: abc, permissions: {secrets: [Get, List]}}]}}",
    )
    assert grant.actions == ("secrets/get", "secrets/list")


def test_a_federated_credential_trusts_an_issuer() -> None:
    [trust] = _told(
        Trust,
        "azuread_application_federated_identity_credential",
        "{application_id: '${azuread_application.a.id}', issuer: https://x, subject: y, audiences: [z]}",
    )
    assert trust.identity == "s:azuread_application.a"
    assert trust.conditions == {"subject": "y", "audiences": ["z"]}


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("{}", {"lifetime": "default"}),
        ("{end_date_relative: 2160h}", {"lifetime_days": "90"}),
        ("{end_date: '2299-12-30T23:00:00Z'}", {"lifetime": "unlimited"}),
        ("{start_date: '2026-01-01T00:00:00Z', end_date: '2026-03-01T00:00:00Z'}", {"lifetime_days": "59"}),
        ("{end_date: '${var.end}'}", {}),
        ("{end_date: [], end_date_relative: {}}", {}),
    ],
)  # fmt: skip
def test_how_long_a_client_secret_is_valid(written: str, tags: dict[str, str]) -> None:
    [credential] = _told(Credential, "azuread_application_password", written)
    assert credential.kind is CredentialKind.CLIENT_SECRET
    assert {key: value for key, value in credential.tags.items() if key != "type"} == tags


@pytest.mark.parametrize(
    "id",
    [
        "${azuread_service_principal.graph.app_role_ids[\"Application.ReadWrite.All\"]}",
        "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    ],
)  # fmt: skip
def test_a_permission_by_name(id: str) -> None:
    [grant] = _told(
        Grant, "azuread_app_role_assignment", f"{{app_role_id: '{id}', principal_object_id: p}}"
    )
    assert grant.actions == ("Application.ReadWrite.All",)


@pytest.mark.parametrize(
    ("type", "settings"),
    [
        ("Microsoft.Sql/servers", f"{{properties: {{administratorLoginPassword: {SECRET}}}}}"),
        (
            "Microsoft.Web/sites",
            f"{{properties: {{siteConfig: {{appSettings: [{{name: API_KEY, value: {SECRET}}}]}}}}}}",
        ),
        (
            "Microsoft.Web/sites",
            f"{{properties: {{siteConfig: {{connectionStrings: [{{name: Db, value: 'Server=x;Password={SECRET};'}}]}}}}}}",
        ),
        ("Microsoft.Compute/virtualMachines", f"{{properties: {{osProfile: {{customData: 'export DB_PASSWORD={SECRET}'}}}}}}"),
    ],
)  # fmt: skip
def test_secrets_in_settings(type: str, settings: str) -> None:
    [found] = [one for one in _told(Credential, type, settings) if one.fingerprint]
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    "value",
    [
        "${var.password}",
        "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/)",
        "Server=x;Integrated Security=SSPI",
    ],
)
def test_references_are_no_secrets(value: str) -> None:
    settings = (
        f"{{properties: {{siteConfig: {{appSettings: {{DB_CONNECTION_STRING: '{value}'}}}}}}}}"
    )
    assert _told(Credential, "Microsoft.Web/sites", settings) == []
