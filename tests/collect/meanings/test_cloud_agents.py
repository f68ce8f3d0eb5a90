"""Agents that clouds run: each is an identity, and what it acts as is what it uses."""

from __future__ import annotations

import pytest

from keymuster.collect.readers.azure_resource_manager import AzureResourceManager
from keymuster.collect.readers.cloudformation import CloudFormation
from keymuster.collect.readers.terraform import Terraform
from keymuster.model import Identity, IdentityKind, Use, UseKind
from keymuster.rules.schema import RuleSet
from reading import only, read


def agents(observed: list[object]) -> list[tuple[str, str, str]]:
    found = [one for one in only(Identity, observed) if one.kind is IdentityKind.AGENT]
    return [(one.provider, one.name, one.purpose) for one in found]


def consumed(observed: list[object]) -> list[tuple[str, str]]:
    return [
        (one.by, one.subject)
        for one in only(Use, observed)
        if one.by.endswith("#agent") and one.kind is UseKind.AGENT
    ]


def test_an_agent_of_bedrock_acts_as_its_role(rules: RuleSet) -> None:
    text = """\
        resource "aws_bedrockagent_agent" "support" {
          agent_name              = "support"
          description             = "Answers customers"
          agent_resource_role_arn = "arn:aws:iam::111122223333:role/support"
        }
        """
    observed = read(Terraform, "main.tf", text, rules)
    assert agents(observed) == [("bedrock", "support", "Answers customers")]
    ((by, role),) = consumed(observed)
    assert by.endswith(":aws_bedrockagent_agent.support#agent")
    assert role.endswith("role/support")


def test_an_agent_of_agentcore_runs_in_its_runtime(rules: RuleSet) -> None:
    text = """\
        Resources:
          Support:
            Type: AWS::BedrockAgentCore::Runtime
            Properties:
              AgentRuntimeName: support
              RoleArn: arn:aws:iam::111122223333:role/support
        """
    observed = read(CloudFormation, "template.yaml", text, rules)
    assert agents(observed) == [("bedrock", "support", "")]
    ((by, runtime),) = consumed(observed)
    assert by == f"{runtime}#agent"
    (role,) = [one.subject for one in only(Use, observed) if one.by == runtime]
    assert role.endswith("role/support")


def test_an_agent_of_vertex_acts_as_its_account(rules: RuleSet) -> None:
    text = """\
        resource "google_vertex_ai_reasoning_engine" "x" {
          display_name = "support"
          spec {
            service_account = "support@acme-prod.iam.gserviceaccount.com"
          }
        }
        resource "google_dialogflow_cx_agent" "y" {
          display_name = "phone"
        }
        """
    observed = read(Terraform, "main.tf", text, rules)
    assert sorted(agents(observed)) == [("dialogflow", "phone", ""), ("vertex-ai", "support", "")]
    assert [subject for _, subject in consumed(observed)] == [
        "gcp:support@acme-prod.iam.gserviceaccount.com"
    ]


BICEP = """\
resource project 'Microsoft.CognitiveServices/accounts/projects@2025-06-01' = {
  name: 'support'
  identity: {
    type: 'SystemAssigned'
  }
}
resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: 'phone'
  properties: {
    displayName: 'Phone'
    msaAppId: '11111111-2222-3333-4444-555555555555'
  }
}
"""


def test_agents_of_azure_act_as_their_identity_or_application(rules: RuleSet) -> None:
    observed = read(AzureResourceManager, "main.bicep", BICEP, rules)
    assert sorted(agents(observed)) == [
        ("azure-bot", "Phone", ""),
        ("azure-foundry", "support", ""),
    ]
    own, application = sorted(consumed(observed), key=lambda one: one[1].startswith("azure:1"))
    assert own[0] == f"{own[1]}#agent"
    assert application[1] == "azure:11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize("type", ["azurerm_cognitive_account_project", "azurerm_bot_web_app"])
def test_terraform_has_them_as_well(rules: RuleSet, type: str) -> None:
    text = f'resource "{type}" "x" {{\n  name = "support"\n}}\n'
    assert [name for _, name, _ in agents(read(Terraform, "main.tf", text, rules))] == ["support"]


def test_an_agent_identity_of_entra_signs_in_by_its_blueprint(rules: RuleSet) -> None:
    text = """\
        resource "msgraph_resource" "support" {
          url = "servicePrincipals/microsoft.graph.agentIdentity"
          body = {
            displayName              = "support"
            agentIdentityBlueprintId = "11111111-2222-3333-4444-555555555555"
          }
        }
        resource "msgraph_resource" "other" {
          url  = "applications"
          body = { displayName = "other" }
        }
        """
    observed = read(Terraform, "main.tf", text, rules)
    assert agents(observed) == [("entra-agent-id", "support", "")]
    assert [one for _, one in consumed(observed)] == ["azure:11111111-2222-3333-4444-555555555555"]
