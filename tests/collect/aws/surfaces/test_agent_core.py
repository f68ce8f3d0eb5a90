"""AgentCore, as the SDK's model of it has it: nothing plays it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from asking_aws import ACCOUNT, answering, objects, records
from keymuster.analysis import analysed
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Credential, Identity, IdentityKind, Use
from keymuster.rules.schema import RuleSet
from keymuster.selftest import NOW
from keymuster.settings import Settings
from reading import only

ROLE = f"arn:aws:iam::{ACCOUNT}:role/agents"
BASE = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:"
PASSWORD = "hiccup-" + "wagon-99-rusk"
ISSUER = "https://login.example.com/.well-known/openid-configuration"
ANY_TOKEN = {"customJWTAuthorizer": {"discoveryUrl": ISSUER}}
MADE = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = {"createdAt": 1, "updatedAt": 1}


def judged(found: list[Any], rules: RuleSet) -> set[str]:
    known = analysed(build(found), Settings(), rules)
    return {one.policy for one in evaluate(known, rules, Choice(), NOW).findings}


def runtime(name: str) -> dict[str, Any]:
    return {
        "agentRuntimeArn": f"{BASE}runtime/{name}-1234567890", "agentRuntimeName": name,
        "agentRuntimeId": f"{name}-1234567890", "agentRuntimeVersion": "1", "createdAt": 1,
        "lastUpdatedAt": 1, "roleArn": ROLE, "networkConfiguration": {"networkMode": "PUBLIC"},
        "status": "READY", "lifecycleConfiguration": {}, "description": "Answers customers",
        "environmentVariables": {"DB_PASSWORD": PASSWORD},
        "requestHeaderConfiguration": {"requestHeaderAllowlist": ["Authorization"]},
        "authorizerConfiguration": ANY_TOKEN,
    }  # fmt: skip


def listed(one: dict[str, Any]) -> dict[str, Any]:
    keys = ("Arn", "Id", "Version", "Name")
    return {
        **{f"agentRuntime{key}": one[f"agentRuntime{key}"] for key in keys},
        "description": one["description"], "lastUpdatedAt": 1, "status": "READY",
    }  # fmt: skip


def test_a_runtime_has_a_role_variables_and_a_door(rules: RuleSet) -> None:
    one, other = runtime("support"), runtime("sales")
    with answering(
        "agentcore-agentruntimes",
        ("list_agent_runtimes", {"agentRuntimes": [listed(one), listed(other)]}),
        ("get_agent_runtime", one),
        ("get_agent_runtime", other),
    ) as ask:
        found = records(objects(ask)["AWS::BedrockAgentCore::Runtime"], rules)
    assert {(each.kind, each.name) for each in only(Identity, found)} == {
        (IdentityKind.AGENT, "support"), (IdentityKind.AGENT, "sales"),
    }  # fmt: skip
    assert {each.name for each in only(Credential, found)} == {"DB_PASSWORD"}
    assert judged(found, rules) >= {
        "aws-agent-takes-any-token", "aws-agent-hands-on-authorization", "aws-shared-role",
        "secret-in-cloud-setting",
    }  # fmt: skip


def test_a_gateway_and_the_tools_behind_it(rules: RuleSet) -> None:
    gateway = {
        "gatewayArn": f"{BASE}gateway/tools-1234567890", "gatewayId": "tools-1234567890", "name": "tools",
        "status": "READY", "roleArn": ROLE, "protocolType": "MCP", "authorizerType": "NONE", **TIMES,
    }  # fmt: skip
    target = {
        "gatewayArn": gateway["gatewayArn"], "targetId": "TTTTTTTTTT", "name": "search", "status": "READY",
        "targetConfiguration": {"mcp": {"mcpServer": {"endpoint": "https://search.example/mcp"}}},
        "credentialProviderConfigurations": [{"credentialProviderType": "JWT_PASSTHROUGH"}],
        "metadataConfiguration": {"allowedRequestHeaders": ["authorization"]}, **TIMES,
    }  # fmt: skip
    short = {
        key: gateway[key]
        for key in ("gatewayId", "name", "status", "authorizerType", "protocolType", *TIMES)
    }
    tool = {key: target[key] for key in ("targetId", "name", "status", *TIMES)}
    with answering(
        "agentcore-gateways",
        ("list_gateways", {"items": [short]}),
        ("get_gateway", gateway),
        ("list_gateway_targets", {"items": [tool]}),
        ("get_gateway_target", target),
    ) as ask:
        told = objects(ask)
    assert told["AWS::BedrockAgentCore::GatewayTarget"][0].name == "tools/search"
    found = records([one for some in told.values() for one in some], rules)
    assert [one.subject for one in only(Use, found)] == [f"aws:{ACCOUNT}:role/agents"]
    assert judged(found, rules) >= {
        "aws-agent-gateway-open", "aws-agent-gateway-without-policy", "aws-agent-passes-tokens-through",
        "aws-agent-hands-on-authorization",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("surface", "listed", "answer", "type"),
    [
        (
            "agentcore-browsers",
            "list_browsers",
            {
                "browserId": "b-1", "browserArn": f"{BASE}browser-custom/b-1", "name": "b",
                "executionRoleArn": ROLE, "networkConfiguration": {"networkMode": "PUBLIC"},
                "status": "READY", "createdAt": 1, "lastUpdatedAt": 1,
            },
            "BrowserCustom",
        ),
        (
            "agentcore-codeinterpreters",
            "list_code_interpreters",
            {
                "codeInterpreterId": "c-1", "codeInterpreterArn": f"{BASE}code-interpreter-custom/c-1",
                "name": "c", "executionRoleArn": ROLE, "networkConfiguration": {"networkMode": "PUBLIC"},
                "status": "READY", "createdAt": 1, "lastUpdatedAt": 1,
            },
            "CodeInterpreterCustom",
        ),
    ],
)  # fmt: skip
def test_tools_of_agents_have_roles(
    surface: str, listed: str, answer: dict[str, Any], type: str, rules: RuleSet
) -> None:
    items = listed.removeprefix("list_").rstrip("s")
    key = "".join(
        word if not at else word.title() for at, word in enumerate(f"{items}_summaries".split("_"))
    )
    short = {
        name: value
        for name, value in answer.items()
        if name not in ("executionRoleArn", "networkConfiguration")
    }
    with answering(surface, (listed, {key: [short]}), (f"get_{items}", answer)) as ask:
        found = records(objects(ask)[f"AWS::BedrockAgentCore::{type}"], rules)
    assert [one.subject for one in only(Use, found)] == [f"aws:{ACCOUNT}:role/agents"]


def test_a_harness_and_a_memory_have_roles(rules: RuleSet) -> None:
    harness = {
        "harnessId": "helper-1234567890", "harnessName": "helper", "arn": f"{BASE}harness/helper-1234567890",
        "status": "READY", "executionRoleArn": ROLE, "model": {"bedrockModelConfig": {"modelId": "m"}},
        "systemPrompt": [], "tools": [], "skills": [], "allowedTools": [],
        "truncation": {"strategy": "none"}, "environmentVariables": {"DB_PASSWORD": PASSWORD},
        "environment": {
            "agentCoreRuntimeEnvironment": {
                "agentRuntimeArn": f"{BASE}runtime/helper-1234567890", "agentRuntimeName": "helper",
                "agentRuntimeId": "helper-1234567890", "lifecycleConfiguration": {},
                "networkConfiguration": {"networkMode": "PUBLIC"},
            }
        }, **TIMES,
    }  # fmt: skip
    short = {key: harness[key] for key in ("harnessId", "harnessName", "arn", "status", *TIMES)}
    with answering(
        "agentcore-harnesses",
        ("list_harnesses", {"harnesses": [short]}),
        ("get_harness", {"harness": harness}),
    ) as ask:
        found = records(objects(ask)["AWS::BedrockAgentCore::Harness"], rules)
    [use] = only(Use, found)
    assert use.subject == f"aws:{ACCOUNT}:role/agents"
    assert [one.name for one in only(Credential, found)] == ["DB_PASSWORD"]
    memory = {
        "arn": f"{BASE}memory/notes-1234567890", "id": "notes-1234567890", "name": "notes",
        "memoryExecutionRoleArn": ROLE, "eventExpiryDuration": 30, "status": "ACTIVE", **TIMES,
    }  # fmt: skip
    with answering(
        "agentcore-memories",
        ("list_memories", {"memories": [{"id": "notes-1234567890", **TIMES}]}),
        ("get_memory", {"memory": memory}),
    ) as ask:
        found = records(objects(ask)["AWS::BedrockAgentCore::Memory"], rules)
    assert [one.subject for one in only(Use, found)] == [f"aws:{ACCOUNT}:role/agents"]


def test_return_addresses_are_looked_at(rules: RuleSet) -> None:
    arn = f"{BASE}workload-identity-directory/default/workload-identity/support"
    with answering(
        "agentcore-workloadidentities",
        (
            "list_workload_identities",
            {"workloadIdentities": [{"name": "support", "workloadIdentityArn": arn}]},
        ),
        (
            "get_workload_identity",
            {
                "name": "support", "workloadIdentityArn": arn, "createdTime": 1, "lastUpdatedTime": 1,
                "allowedResourceOauth2ReturnUrls": ["http://app.example.com/done"],
            },
        ),
    ) as ask:  # fmt: skip
        found = records(objects(ask)["AWS::BedrockAgentCore::WorkloadIdentity"], rules)
    assert judged(found, rules) == {"aws-agent-return-address-open"}


def test_what_agents_sign_in_with_is_known_but_not_its_text(rules: RuleSet) -> None:
    vault = f"{BASE}token-vault/default/"
    key = {
        "name": "maps", "credentialProviderArn": f"{vault}apikeycredentialprovider/maps",
        "createdTime": MADE, "lastUpdatedTime": MADE,
    }  # fmt: skip
    client = {
        "name": "crm", "credentialProviderVendor": "CustomOauth2",
        "credentialProviderArn": f"{vault}oauth2credentialprovider/crm", "createdTime": MADE,
        "lastUpdatedTime": MADE,
    }  # fmt: skip
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:crm"
    exchange = {"grantType": "TOKEN_EXCHANGE"}
    settings = {
        "oauthDiscovery": {"discoveryUrl": ISSUER}, "clientId": "1",
        "onBehalfOfTokenExchangeConfig": exchange,
    }  # fmt: skip
    with answering(
        "agentcore-credentials",
        ("list_api_key_credential_providers", {"credentialProviders": [key]}),
        ("list_oauth2_credential_providers", {"credentialProviders": [client]}),
        (
            "get_oauth2_credential_provider",
            {
                **client, "clientSecretArn": {"secretArn": secret},
                "oauth2ProviderConfigOutput": {"customOauth2ProviderConfig": settings},
            },
        ),
    ) as ask:  # fmt: skip
        found = records([one for some in objects(ask).values() for one in some], rules)
    credentials = only(Credential, found)
    assert {str(one.kind) for one in credentials} == {"api_key", "client_secret"}
    assert all(one.created_at for one in credentials)
    assert "aws-agent-exchanges-tokens" in judged(found, rules)


def test_agents_that_can_pay_are_told_of(rules: RuleSet) -> None:
    manager = {
        "paymentManagerArn": f"{BASE}payment-manager/shop", "paymentManagerId": "shop-1234567890",
        "name": "shop", "authorizerType": "AWS_IAM", "roleArn": ROLE, "status": "READY",
        "createdAt": 1, "lastUpdatedAt": 1,
    }  # fmt: skip
    connector = {
        "paymentConnectorId": "card-1234567890", "name": "card", "type": "CoinbaseCDP", "status": "READY",
        "lastUpdatedAt": 1,
    }  # fmt: skip
    with answering(
        "agentcore-payments",
        ("list_payment_managers", {"paymentManagers": [manager]}),
        ("list_payment_connectors", {"paymentConnectors": [connector]}),
        ("list_payment_credential_providers", {"credentialProviders": []}),
    ) as ask:
        found = records([one for some in objects(ask).values() for one in some], rules)
    assert "aws-agent-can-pay" in judged(found, rules)


def test_agents_of_the_registry_are_agents(rules: RuleSet) -> None:
    registry = {
        "name": "all", "registryId": "all-1234567890", "registryArn": f"{BASE}registry/all", "status": "READY",
        "authorizerType": "AWS_IAM", **TIMES,
    }  # fmt: skip

    def record(name: str, kind: str) -> dict[str, Any]:
        return {
            "registryArn": registry["registryArn"], "recordArn": f"{registry['registryArn']}/record/{name}",
            "recordId": f"{name}-12345678", "name": name, "descriptorType": kind, "recordVersion": "1",
            "status": "APPROVED", **TIMES,
        }  # fmt: skip

    with answering(
        "agentcore-registry",
        ("list_registries", {"registries": [registry]}),
        (
            "list_registry_records",
            {"registryRecords": [record("support", "A2A"), record("search", "MCP")]},
        ),
    ) as ask:
        found = records(objects(ask)["AWS::BedrockAgentCore::RegistryRecord"], rules)
    assert [one.name for one in only(Identity, found)] == ["support"]
