"""Bedrock AgentCore: runtimes and harnesses of agents, gateways to their tools, what they sign in with, what
they may spend, and the registry of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec import Struct

from keymuster.collect.aws.objects import capitalized, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_API = "bedrock-agentcore-control"
_TYPE = "AWS::BedrockAgentCore::"
_GONE = "ResourceNotFoundException"
_FREE = (
    "environmentVariables", "tags", "headers", "customParameters", "staticQueryParameters",
    "additionalHeaderClaims", "additionalPayloadClaims", "advertisedScopeMapping",
)  # fmt: skip


class Kind(Struct, frozen=True, kw_only=True):
    """How one kind of thing is listed, and how each is asked for: only the whole of it tells the role.
    `inside` is the member of the answer that holds it, if it is not the answer itself."""

    type: str
    list: str
    items: str
    only: dict[str, str] = {}
    get: str
    by: str
    id: str
    inside: str = ""
    arn: str
    name: str


_KINDS = (
    Kind(
        type="Runtime", list="ListAgentRuntimes", items="agentRuntimes", get="GetAgentRuntime",
        by="agentRuntimeId", id="agentRuntimeId", arn="agentRuntimeArn", name="agentRuntimeName",
    ),
    Kind(
        type="Harness", list="ListHarnesses", items="harnesses", get="GetHarness", by="harnessId",
        id="harnessId", inside="harness", arn="arn", name="harnessName",
    ),
    Kind(
        type="BrowserCustom", list="ListBrowsers", items="browserSummaries", only={"type": "CUSTOM"},
        get="GetBrowser", by="browserId", id="browserId", arn="browserArn", name="name",
    ),
    Kind(
        type="CodeInterpreterCustom", list="ListCodeInterpreters", items="codeInterpreterSummaries",
        only={"type": "CUSTOM"}, get="GetCodeInterpreter", by="codeInterpreterId",
        id="codeInterpreterId", arn="codeInterpreterArn", name="name",
    ),
    Kind(
        type="Memory", list="ListMemories", items="memories", get="GetMemory", by="memoryId", id="id",
        inside="memory", arn="arn", name="name",
    ),
    Kind(
        type="WorkloadIdentity", list="ListWorkloadIdentities", items="workloadIdentities",
        get="GetWorkloadIdentity", by="name", id="name", arn="workloadIdentityArn", name="name",
    ),
)  # fmt: skip


def _of_kind(kind: Kind, ask: Scope) -> Iterator[Told]:
    for listed in ask.pages(f"{_API}:{kind.list}", kind.items, **kind.only):
        one = ask.answer(f"{_API}:{kind.get}", _GONE, **{kind.by: listed[kind.id]})
        if one is not None:
            found = one[kind.inside] if kind.inside else one
            yield _told(kind.type, found[kind.arn], found, found.get(kind.name, ""))


def gateways(ask: Scope) -> Iterator[Told]:
    """Gateways, and the tools that stand behind each."""
    for listed in ask.pages(f"{_API}:ListGateways", "items"):
        id = listed["gatewayId"]
        one = ask.answer(f"{_API}:GetGateway", _GONE, gatewayIdentifier=id)
        if one is None:
            continue
        yield _told("Gateway", one["gatewayArn"], one, one["name"])
        for each in ask.pages(f"{_API}:ListGatewayTargets", "items", gatewayIdentifier=id):
            target = ask.answer(
                f"{_API}:GetGatewayTarget", _GONE, gatewayIdentifier=id, targetId=each["targetId"]
            )
            if target is not None:
                yield _told(
                    "GatewayTarget",
                    f"{one['gatewayArn']}/target/{each['targetId']}",
                    {**target, "gatewayIdentifier": id},
                    f"{one['name']}/{target.get('name', each['targetId'])}",
                )


def credentials(ask: Scope) -> Iterator[Told]:
    """What agents sign in to other services with. The keys themselves nobody is told."""
    for one in ask.pages(f"{_API}:ListApiKeyCredentialProviders", "credentialProviders"):
        yield _provider("ApiKeyCredentialProvider", one)
    for listed in ask.pages(f"{_API}:ListOauth2CredentialProviders", "credentialProviders"):
        one = ask.answer(f"{_API}:GetOauth2CredentialProvider", _GONE, name=listed["name"])
        if one is not None:
            settings = {**one, "oauth2ProviderConfigInput": one.get("oauth2ProviderConfigOutput")}
            settings.pop("oauth2ProviderConfigOutput", None)
            yield _provider("OAuth2CredentialProvider", settings)


def _provider(type: str, one: dict[str, Any]) -> Told:
    return _told(type, one["credentialProviderArn"], one, one["name"])


def payments(ask: Scope) -> Iterator[Told]:
    """What agents pay with."""
    for manager in ask.pages(f"{_API}:ListPaymentManagers", "paymentManagers"):
        arn = manager["paymentManagerArn"]
        yield _told("PaymentManager", arn, manager, manager["name"])
        for one in ask.pages(
            f"{_API}:ListPaymentConnectors", "paymentConnectors",
            paymentManagerId=manager["paymentManagerId"],
        ):  # fmt: skip
            id = f"{arn}/connector/{one['paymentConnectorId']}"
            yield _told("PaymentConnector", id, one, one["name"])
    for one in ask.pages(f"{_API}:ListPaymentCredentialProviders", "credentialProviders"):
        yield _provider("PaymentCredentialProvider", one)


def registries(ask: Scope) -> Iterator[Told]:
    """What the account says that it has: agents, servers of tools, skills."""
    for registry in ask.pages(f"{_API}:ListRegistries", "registries"):
        yield _told("Registry", registry["registryArn"], registry, registry["name"])
        for one in ask.pages(
            f"{_API}:ListRegistryRecords", "registryRecords", registryId=registry["registryId"]
        ):
            yield _told("RegistryRecord", one["recordArn"], one, one["name"])


def _told(type: str, arn: str, one: dict[str, Any], name: str) -> Told:
    return told(_TYPE + type, arn, capitalized(one, *_FREE), name)


def _calls(*operations: str) -> tuple[str, ...]:
    return tuple(f"{_API}:{one}" for one in operations)


def _types(*types: str) -> tuple[str, ...]:
    return tuple(_TYPE + one for one in types)


SURFACES = (
    *(
        Surface(
            name=f"agentcore-{kind.list.removeprefix('List').lower()}",
            calls=_calls(kind.list, kind.get),
            types=_types(kind.type),
            look=partial(_of_kind, kind),
        )
        for kind in _KINDS
    ),
    Surface(
        name="agentcore-gateways",
        calls=_calls("ListGateways", "GetGateway", "ListGatewayTargets", "GetGatewayTarget"),
        types=_types("Gateway", "GatewayTarget"),
        look=gateways,
    ),
    Surface(
        name="agentcore-credentials",
        calls=_calls(
            "ListApiKeyCredentialProviders", "ListOauth2CredentialProviders",
            "GetOauth2CredentialProvider",
        ),
        types=_types("ApiKeyCredentialProvider", "OAuth2CredentialProvider"),
        look=credentials,
    ),
    Surface(
        name="agentcore-payments",
        calls=_calls(
            "ListPaymentManagers", "ListPaymentConnectors", "ListPaymentCredentialProviders"
        ),
        types=_types("PaymentManager", "PaymentConnector", "PaymentCredentialProvider"),
        look=payments,
    ),
    Surface(
        name="agentcore-registry",
        calls=_calls("ListRegistries", "ListRegistryRecords"),
        types=_types("Registry", "RegistryRecord"),
        look=registries,
    ),
)  # fmt: skip
