"""Objects of Microsoft Graph in Bicep, and who may do what by them."""

from __future__ import annotations

from textwrap import dedent

from keymuster.analysis import analysed
from keymuster.collect.readers.azure_resource_manager import AzureResourceManager
from keymuster.inventory.build import Inventory, build
from keymuster.model import Grant, GrantKind, Identity, Resource, Trust
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from reading import read

APPLICATION = """\
    extension microsoftGraphV1
    resource app 'Microsoft.Graph/applications@v1.0' = {
      uniqueName: 'ci'
      displayName: 'ci'
      signInAudience: 'AzureADMultipleOrgs'
      web: {
        redirectUris: [ 'https://ci.example' ]
        implicitGrantSettings: { enableAccessTokenIssuance: true }
      }
      owners: { relationships: [ '11111111-2222-3333-4444-555555555555' ] }
      requiredResourceAccess: [
        {
          resourceAppId: '00000003-0000-0000-c000-000000000000'
          resourceAccess: [ { id: '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8', type: 'Role' } ]
        }
      ]
      resource github 'federatedIdentityCredentials@v1.0' = {
        name: 'ci/github'
        issuer: 'https://token.actions.githubusercontent.com'
        subject: 'repo:acme/infra:ref:refs/heads/main'
        audiences: [ 'api://AzureADTokenExchange' ]
      }
    }
    resource sp 'Microsoft.Graph/servicePrincipals@v1.0' = {
      appId: app.appId
      accountEnabled: false
    }
    resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
      appId: '00000003-0000-0000-c000-000000000000'
    }
    resource has 'Microsoft.Graph/appRoleAssignedTo@v1.0' = {
      appRoleId: '06b708a9-e830-4db3-a914-8e69da51d44f'
      principalId: sp.id
      resourceId: graph.id
    }
    resource all 'Microsoft.Graph/oauth2PermissionGrants@v1.0' = {
      clientId: sp.id
      consentType: 'AllPrincipals'
      resourceId: graph.id
      scope: 'Mail.Read User.Read'
    }
    """


def _inventory(rules: RuleSet) -> Inventory:
    observed = read(AzureResourceManager, "main.bicep", dedent(APPLICATION), rules)
    return analysed(build(observed), Settings(), rules)  # type: ignore[arg-type]


def test_an_application_has_what_its_service_principal_is_granted(rules: RuleSet) -> None:
    inventory = _inventory(rules)
    [application, principal] = sorted(inventory.of(Identity), key=lambda one: one.id)
    assert (application.name, principal.status) == ("ci", "disabled")
    for one in (application, principal):
        assert inventory.facts[one.id]["privilege"] != "none"
        assert inventory.facts[one.id]["escalations"] == ["AppRoleAssignment.ReadWrite.All"]
    assert inventory.facts[principal.id]["privilege"] == "admin"


def test_what_is_asked_for_and_consented_to_is_known_by_name(rules: RuleSet) -> None:
    grants = {one.kind: one for one in _inventory(rules).of(Grant) if one.actions}
    assert grants[GrantKind.APP_INSTALLATION].actions == ("RoleManagement.ReadWrite.Directory",)
    [delegated] = [one for one in _inventory(rules).of(Grant) if "Mail.Read" in one.actions]
    assert delegated.conditions == {"type": "Delegated", "consentType": "AllPrincipals"}


def test_who_may_become_the_application(rules: RuleSet) -> None:
    [trust] = _inventory(rules).of(Trust)
    assert trust.identity == "azure-resource-manager:main.bicep:app"
    assert trust.conditions["subject"] == "repo:acme/infra:ref:refs/heads/main"


def test_its_settings_are_those_that_policies_speak_of(rules: RuleSet) -> None:
    found = _inventory(rules).of(Resource)
    [application] = [one for one in found if one.type == "azuread_application"]
    settings = application.settings
    assert settings["sign_in_audience"] == "AzureADMultipleOrgs"
    assert settings["web"]["implicit_grant"]["access_token_issuance_enabled"] is True
    assert settings["owners"] == ["11111111-2222-3333-4444-555555555555"]
