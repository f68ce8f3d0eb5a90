"""Secrets in plain text among the settings of objects: passwords of databases, tokens of apps, variables
of functions and containers, scripts that instances start with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.literals import is_literal, kind_by_name
from keymuster.collect.meanings.aws.workloads import at
from keymuster.collect.syntax import json
from keymuster.collect.syntax.node import Broken, Node
from keymuster.model import Credential, CredentialKind, Observation

_PASSWORD = CredentialKind.PASSWORD
_TOKEN = CredentialKind.ACCESS_TOKEN
_API_KEY = CredentialKind.API_KEY
_PRIVATE_KEY = CredentialKind.PRIVATE_KEY
_CLIENT = CredentialKind.CLIENT_SECRET

SECRET: dict[str, dict[str, CredentialKind]] = {
    "AWS::Amplify::App": {"AccessToken": _TOKEN, "OauthToken": _TOKEN},
    "AWS::ApiGateway::ApiKey": {"Value": _API_KEY},
    "AWS::CodeBuild::SourceCredential": {"Token": _TOKEN},
    "AWS::CodePipeline::Webhook": {"AuthenticationConfiguration.SecretToken": _TOKEN},
    "AWS::CodeStar::GitHubRepository": {"RepositoryAccessToken": _TOKEN},
    "AWS::DataSync::LocationObjectStorage": {"SecretKey": CredentialKind.ACCESS_KEY},
    "AWS::ElastiCache::User": {"Passwords": _PASSWORD},
    "AWS::EMR::Cluster": {
        "KerberosAttributes.KdcAdminPassword": _PASSWORD,
        "KerberosAttributes.CrossRealmTrustPrincipalPassword": _PASSWORD,
        "KerberosAttributes.ADDomainJoinPassword": _PASSWORD,
    },
    "AWS::Events::Connection": {
        "AuthParameters.ApiKeyAuthParameters.ApiKeyValue": _API_KEY,
        "AuthParameters.BasicAuthParameters.Password": _PASSWORD,
        "AuthParameters.OAuthParameters.ClientParameters.ClientSecret": _CLIENT,
    },
    "AWS::IAM::ServerCertificate": {"PrivateKey": _PRIVATE_KEY},
    "AWS::KinesisFirehose::DeliveryStream": {
        "HttpEndpointDestinationConfiguration.EndpointConfiguration.AccessKey": _API_KEY,
        "RedshiftDestinationConfiguration.Password": _PASSWORD,
        "SnowflakeDestinationConfiguration.KeyPassphrase": _PASSWORD,
        "SnowflakeDestinationConfiguration.PrivateKey": _PRIVATE_KEY,
        "SplunkDestinationConfiguration.HECToken": _TOKEN,
    },
    "AWS::MemoryDB::User": {"AuthenticationMode.Passwords": _PASSWORD},
    "AWS::OpsWorks::App": {
        "AppSource.SshKey": _PRIVATE_KEY,
        "SslConfiguration.PrivateKey": _PRIVATE_KEY,
    },
    "AWS::OpsWorks::Stack": {"CustomCookbooksSource.SshKey": _PRIVATE_KEY},
    "AWS::Pinpoint::APNSChannel": {"PrivateKey": _PRIVATE_KEY, "TokenKey": _PRIVATE_KEY},
    "AWS::Pinpoint::BaiduChannel": {"SecretKey": _API_KEY, "ApiKey": _API_KEY},
    "AWS::Pinpoint::GCMChannel": {"ApiKey": _API_KEY},
    "AWS::SecretsManager::Secret": {"SecretString": _PASSWORD},
    "AWS::SecretsManager::SecretVersion": {"SecretString": _PASSWORD},
}
"""Type -> settings that hold a secret and do not say so by their name alone."""

_TYPES = [
    "AWS::AmazonMQ::Broker",
    "AWS::Amplify::Branch",
    "AWS::AppFlow::ConnectorProfile",
    "AWS::AppRunner::Service",
    "AWS::AppStream::DirectoryConfig",
    "AWS::ApiGateway::Stage",
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::Batch::JobDefinition",
    "AWS::BedrockAgentCore::ApiKeyCredentialProvider",
    "AWS::BedrockAgentCore::OAuth2CredentialProvider",
    "AWS::BedrockAgentCore::Runtime",
    "AWS::CloudFormation::Parameter",
    "AWS::CodeBuild::Project",
    "AWS::CodePipeline::Pipeline",
    "AWS::Cognito::UserPoolIdentityProvider",
    "AWS::DataSync::LocationAzureBlob",
    "AWS::DataSync::LocationFSxONTAP",
    "AWS::DataSync::LocationFSxWindows",
    "AWS::DataSync::LocationHDFS",
    "AWS::DataSync::LocationSMB",
    "AWS::DirectoryService::MicrosoftAD",
    "AWS::DirectoryService::SimpleAD",
    "AWS::DMS::Endpoint",
    "AWS::DocDB::DBCluster",
    "AWS::DocDBElastic::Cluster",
    "AWS::EC2::ClientVpnEndpoint",
    "AWS::EC2::Instance",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::SpotFleet",
    "AWS::EC2::VPNConnection",
    "AWS::ECS::TaskDefinition",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElasticBeanstalk::Environment",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::Elasticsearch::Domain",
    "AWS::FSx::FileSystem",
    "AWS::FSx::StorageVirtualMachine",
    "AWS::GameLift::Fleet",
    "AWS::Glue::Connection",
    "AWS::Glue::Job",
    "AWS::IAM::User",
    "AWS::Kendra::DataSource",
    "AWS::Lambda::Function",
    "AWS::Lightsail::Database",
    "AWS::Lightsail::Instance",
    "AWS::ManagedBlockchain::Member",
    "AWS::MWAA::Environment",
    "AWS::Neptune::DBCluster",
    "AWS::OpenSearchService::Domain",
    "AWS::OpsWorks::Layer",
    "AWS::OpsWorksCM::Server",
    "AWS::Pinpoint::ADMChannel",
    "AWS::Pinpoint::APNSSandboxChannel",
    "AWS::Pinpoint::APNSVoipChannel",
    "AWS::Pinpoint::APNSVoipSandboxChannel",
    "AWS::QuickSight::DataSource",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::GlobalCluster",
    "AWS::Redshift::Cluster",
    "AWS::RedshiftServerless::Namespace",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::NotebookInstanceLifecycleConfig",
    "AWS::Serverless::Function",
    "AWS::Serverless::StateMachine",
    "AWS::SSM::Parameter",
    "AWS::StepFunctions::StateMachine",
    "AWS::Synthetics::Canary",
    "AWS::Transfer::Server",
    "AWS::WorkSpaces::Workspace",
    "Alexa::ASK::Skill",
]


def literals(one: Declared) -> Iterator[Observation]:
    """The secrets among all settings, each once."""
    seen: set[tuple[str, int]] = set()
    for credential in _all(one):
        place = credential.id, credential.location.line or 0  # type: ignore[union-attr]
        if place not in seen:
            seen.add(place)
            yield credential


def _all(one: Declared) -> Iterator[Credential]:
    for path, kind in SECRET.get(one.type, {}).items():
        for node in at(one.settings, path):
            for value in _values(node):
                name = path.rpartition(".")[2]
                yield from _found(one, value, name, kind)
    for name, node in _named(one.settings):
        if name.rpartition(".")[2] in _SCRIPTS:
            yield from _in_script(one, node)
        elif (named := _secret_kind(one, name)) is not None:
            yield from _found(one, node, name, named)


def _secret_kind(one: Declared, name: str) -> CredentialKind | None:
    """What a setting of this name holds, if a secret. What an API is called is no secret of it."""
    if name in _NO_SECRETS:
        return None
    if one.type == "AWS::CloudFormation::Parameter":
        return kind_by_name(one.text("Name")) if name == "Default" else None
    if one.type == "AWS::SSM::Parameter" and name == "Value":
        return kind_by_name(one.text("Name").replace("/", "_")) or kind_by_name(one.name)
    return kind_by_name(name)


def _found(one: Declared, node: Node, name: str, kind: CredentialKind) -> Iterator[Credential]:
    credential = one.sealing.credential(node, name, kind, identity=_identity(one, name))
    if credential is not None:
        yield credential


def _identity(one: Declared, name: str) -> str | None:
    return one.id if one.type == "AWS::IAM::User" else None


_NO_SECRETS = frozenset(
    [
        "PartitionKey",
        "SortKey",
        "HashKey",
        "RangeKey",
        "Key",
        "PublicKey",
        "TagKey",
        "NextToken",
        "ServiceToken",
        "ClientToken",
        "ClientRequestToken",
        "KmsKey",
        "MasterKey",
        "EncryptionKey",
        "RoutingKey",
        "S3Key",
        "ObjectKey",
        "CodeS3Key",
        "AccountKey",
        "Pin",
    ]
)
"""Settings whose names only look like those of secrets."""

_SCRIPTS = frozenset(("UserData", "OnCreate", "OnStart", "Content"))


def _values(node: Node) -> Iterator[Node]:
    """A text, or the texts in it that are secrets, if it is JSON."""
    text = node.text().lstrip()
    if not text.startswith("{") or text.startswith("{{"):
        yield node
        return
    try:
        inside = json.parse(text, node.file)
    except Broken:
        yield node
        return
    named = [value for name, value in _named(inside) if kind_by_name(name) is not None]
    yield from (node.holding(value.value) for value in named)
    if not named:
        yield node


def _named(node: Node) -> Iterator[tuple[str, Node]]:
    """Every scalar below a map, with the name it has: its key, or what stands beside it as `Name`."""
    stack: list[tuple[str, Node]] = [("", node)]
    while stack:
        name, one = stack.pop()
        match one.value:
            case dict() as entries:
                if (pair := _pair(entries)) is not None:
                    yield pair
                stack += [(key, value) for key, value in entries.items()]
            case list() as items:
                stack += [(name, item) for item in items]
            case str() | int() | float() if name:
                yield name, one


def _pair(entries: dict[str, Node]) -> tuple[str, Node] | None:
    """`Name: X, Value: Y`, as lists of variables have it; None if the value is the name of a place."""
    name = next((entries[key] for key in ("Name", "name", "Key") if key in entries), None)
    value = next((entries[key] for key in ("Value", "value") if key in entries), None)
    if name is None or value is None or isinstance(value.value, dict | list | bool):
        return None
    type = entries.get("Type")
    if type and type.text() in ("PARAMETER_STORE", "SECRETS_MANAGER"):
        return None
    return name.text(), value


_ASSIGNED = re.compile(
    r"(?m)^[ \t]*(?:export[ \t]+|set[ \t]+|\$env:)?([A-Za-z_]\w{1,80})[ \t]?=[ \t]?"
    r"(?:\"([^\"\n$`]{1,400})\"|'([^'\n]{1,400})'|([^\s\"'$`;|&()<>]{1,400}))"
)


def _in_script(one: Declared, node: Node) -> Iterator[Credential]:
    """Variables that a script sets to a secret."""
    text = node.text()
    if len(text) > _MOST:
        return
    for found in _ASSIGNED.finditer(text):
        kind = kind_by_name(found[1])
        value = found[2] or found[3] or found[4]
        if kind is not None and value and is_literal(value):
            yield from _found(one, node.holding(value), f"{found[1]} in a start script", kind)


_MOST = 1_000_000

TYPES = dict.fromkeys((*SECRET, *_TYPES), literals)
