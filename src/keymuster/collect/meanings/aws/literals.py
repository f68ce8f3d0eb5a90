"""Secrets in plain text among the settings of objects: passwords of databases, tokens of apps, variables
of functions and containers, scripts that instances start with."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.literals.names import kind_of
from keymuster.collect.literals.sealing import PARAMETER, SCRIPT, SETTING
from keymuster.collect.literals.search import in_script, named, once
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
    "AWS::ApiGatewayV2::Stage",
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::Batch::JobDefinition",
    "AWS::BedrockAgentCore::ApiKeyCredentialProvider",
    "AWS::BedrockAgentCore::OAuth2CredentialProvider",
    "AWS::BedrockAgentCore::GatewayTarget",
    "AWS::BedrockAgentCore::Harness",
    "AWS::BedrockAgentCore::Runtime",
    "AWS::CloudFormation::Parameter",
    "AWS::CloudFormation::Stack",
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
    "AWS::Glue::DevEndpoint",
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
    "AWS::SSM::Document",
    "AWS::SSM::Parameter",
    "AWS::StepFunctions::StateMachine",
    "AWS::Synthetics::Canary",
    "AWS::Transfer::Server",
    "AWS::WorkSpaces::Workspace",
    "Alexa::ASK::Skill",
]


def literals(one: Declared) -> Iterator[Observation]:
    """The secrets among all settings, each once."""
    return once(found for found in _all(one) if found is not None)


def _all(one: Declared) -> Iterator[Credential | None]:
    for path, kind in SECRET.get(one.type, {}).items():
        for node in at(one.settings, path):
            for value in _values(node):
                yield _known(one, value, path.rpartition(".")[2], kind)
    for name, key, node, _ in named(one.settings):
        if name.rpartition(".")[2] in _SCRIPTS or key in _SCRIPTS:
            yield from _in_script(one, node)
        elif key not in _NO_SECRETS and name not in _NO_SECRETS:
            yield _found(one, node, _told(one, name, key))


def _told(one: Declared, name: str, key: str) -> str:
    """The name that says what a setting holds; empty if only others of the object may."""
    if one.type == "AWS::CloudFormation::Parameter":
        return one.text("Name") if key == "Default" else ""
    if one.type == "AWS::SSM::Parameter" and key == "Value":
        return name if kind_of(name) is not None else one.name
    return name


def _found(one: Declared, node: Node, name: str) -> Credential | None:
    is_parameter = one.type == "AWS::CloudFormation::Parameter"
    return one.sealing.credential(
        node, name, declared_as=PARAMETER if is_parameter else SETTING, identity=_identity(one)
    )


def _known(one: Declared, node: Node, name: str, kind: CredentialKind) -> Credential | None:
    return one.sealing.credential(
        node, name, kind=kind, declared_as=SETTING, identity=_identity(one)
    )


def _identity(one: Declared) -> str | None:
    return one.id if one.type == "AWS::IAM::User" else None


_NO_SECRETS = frozenset(
    [
        "Key",
        "ServiceToken",
        "ClientToken",
        "ClientRequestToken",
        "KmsKey",
        "MasterKey",
        "EncryptionKey",
        "S3Key",
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
    secrets = [each.node for each in named(inside) if kind_of(each.name) is not None]
    yield from (node.holding(value.value) for value in secrets)
    if not secrets:
        yield node


def _in_script(one: Declared, node: Node) -> Iterator[Credential | None]:
    for name, value in in_script(node.text()):
        yield one.sealing.credential(node, name, value, declared_as=SCRIPT)


TYPES = dict.fromkeys((*SECRET, *_TYPES), literals)
