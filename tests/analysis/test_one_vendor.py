"""One vendor that code declares, a directory and GitHub tell of, through the real readers and meanings."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster import registry
from keymuster.analysis import analysed
from keymuster.analysis.holdings import Outsider, outsiders
from keymuster.inventory.build import build
from keymuster.rules.schema import Case, RuleSet, Told
from keymuster.selftest import told
from keymuster.settings import Settings
from reading import read_all

TENANT, THEIRS = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"
APP, GRAPH = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee"

ROLE = """
resource "aws_iam_role" "datadog" {
  name               = "DatadogIntegration"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::464622532012:root" } }]
  })
}
resource "aws_iam_role_policy_attachment" "datadog" {
  role       = aws_iam_role.datadog.name
  policy_arn = "arn:aws:iam::aws:policy/SecurityAudit"
}
"""


def of_entra(publisher: dict[str, Any]) -> list[Told]:
    return [
        Told(
            type="azuread_service_principal", id=f"entra:{TENANT}/{APP}", service="entra", account=TENANT,
            settings={
                "display_name": "Datadog", "object_id": APP, "client_id": GRAPH.replace("b", "c"), "type": "Application",
                "tenantId": TENANT, "appOwnerOrganizationId": THEIRS, "verifiedPublisher": publisher,
            },
        ),
        Told(
            type="azuread_service_principal_delegated_permission_grant",
            id=f"entra:{TENANT}/oauth2PermissionGrants/g1", service="entra", account=TENANT,
            settings={
                "service_principal_object_id": APP, "resource_service_principal_object_id": GRAPH,
                "claim_values": ["User.Read", "Directory.Read.All"], "consentType": "AllPrincipals",
                "consentedBy": "ann@acme.example", "consentedDateTime": "2025-03-01T00:00:00Z",
            },
        ),
    ]  # fmt: skip


GITHUB = Told(
    type="GitHub::AppInstallation", id="github:acme/installations/42", service="github", account="acme",
    settings={
        "app": "github:app/7", "app_id": "7", "app_name": "Datadog", "app_slug": "datadog-for-acme",
        "publisher": "DataDog", "repository_selection": "all", "created_at": "2025-02-01T00:00:00Z",
        "permissions": {"contents": "write", "metadata": "read"},
    },
)  # fmt: skip

VERIFIED = {"displayName": "Datadog, Inc.", "verifiedPublisherId": "4711"}


@pytest.fixture
def listed(rules: RuleSet) -> Any:
    def listed(*live: Told) -> list[Outsider]:
        case = Case(name="one vendor", expect="nothing", told=list(live))
        formats = {one.id: one for one in rules.tokens}
        code = read_all(registry.builtin("reader")["terraform"], {"main.tf": ROLE}, rules)
        inventory = analysed(build([*code, *told(case, rules, formats)]), Settings(), rules)
        return outsiders(inventory, Settings(), rules, {})

    return listed


def test_it_is_one_with_what_it_may_do_and_the_command_for_each(listed: Any) -> None:
    [one] = listed(*of_entra(VERIFIED), GITHUB)

    assert (one.id, sorted(one.surfaces)) == ("datadog", ["aws", "entra", "github"])
    assert sorted(one.known_by) == [
        "GitHub login DataDog", "account 464622532012", "verified publisher Datadog, Inc.",
    ]  # fmt: skip
    by_surface = {held.surface: held for held in one.holdings}
    assert {name: held.grade.value for name, held in by_surface.items()} == {
        "aws": "read", "entra": "read", "github": "write",
    }  # fmt: skip
    assert by_surface["entra"].granted_by == "ann@acme.example"
    assert by_surface["entra"].revoke[0] == (
        "az rest --method DELETE --url https://graph.microsoft.com/v1.0/oauth2PermissionGrants/g1"
    )
    assert "organizations/acme/settings/installations/42" in by_surface["github"].revoke[0]
    assert by_surface["aws"].revoke[0] == "take it out of main.tf:6, and apply that"
    assert (
        by_surface["aws"]
        .revoke[1]
        .startswith("aws iam update-assume-role-policy --role-name DatadogIntegration ")
    )


def test_the_same_name_without_a_key_is_another(listed: Any) -> None:
    nobody = {"displayName": None, "verifiedPublisherId": None}
    real, false = sorted(listed(*of_entra(nobody), GITHUB), key=lambda one: one.takes_name_of)

    assert (real.id, sorted(real.surfaces)) == ("datadog", ["aws", "github"])
    assert (false.id, false.surfaces, false.takes_name_of) == ("", ["entra"], "Datadog")
