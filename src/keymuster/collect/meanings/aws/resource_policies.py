"""Policies that resources bring along: who may use a bucket, queue, key, function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws import documents
from keymuster.collect.meanings.aws.names import principal
from keymuster.collect.syntax.node import Node
from keymuster.model import Grant, GrantKind, Observation, Resource

_DOCUMENTS: dict[str, tuple[str, str]] = {
    "AWS::ACMPCA::Policy": ("Policy", "ResourceArn"),
    "AWS::ApiGateway::RestApi": ("Policy", ""),
    "AWS::ApiGateway::RestApiPolicy": ("Policy", "RestApiId"),
    "AWS::Backup::BackupVault": ("AccessPolicy", ""),
    "AWS::Backup::BackupVaultPolicy": ("AccessPolicy", "BackupVaultName"),
    "AWS::CloudSearch::AccessPolicy": ("AccessPolicy", "DomainName"),
    "AWS::CloudTrail::ResourcePolicy": ("ResourcePolicy", "ResourceArn"),
    "AWS::CodeArtifact::Domain": ("PermissionsPolicyDocument", ""),
    "AWS::CodeArtifact::DomainPermissionsPolicy": ("PolicyDocument", "Domain"),
    "AWS::CodeArtifact::Repository": ("PermissionsPolicyDocument", ""),
    "AWS::CodeArtifact::RepositoryPermissionsPolicy": ("PolicyDocument", "Repository"),
    "AWS::CodeBuild::ResourcePolicy": ("Policy", "ResourceArn"),
    "AWS::DynamoDB::ResourcePolicy": ("PolicyDocument", "ResourceArn"),
    "AWS::DynamoDB::Table": ("ResourcePolicy.PolicyDocument", ""),
    "AWS::ECR::PublicRepository": ("RepositoryPolicyText", ""),
    "AWS::ECR::PublicRepositoryPolicy": ("RepositoryPolicyText", "RepositoryName"),
    "AWS::ECR::RegistryPolicy": ("PolicyText", ""),
    "AWS::ECR::Repository": ("RepositoryPolicyText", ""),
    "AWS::ECR::RepositoryCreationTemplate": ("RepositoryPolicy", ""),
    "AWS::ECR::RepositoryPolicy": ("RepositoryPolicyText", "RepositoryName"),
    "AWS::EFS::FileSystem": ("FileSystemPolicy", ""),
    "AWS::EFS::FileSystemPolicy": ("PolicyDocument", "FileSystemId"),
    "AWS::Elasticsearch::Domain": ("AccessPolicies", ""),
    "AWS::Elasticsearch::DomainPolicy": ("AccessPolicies", "DomainName"),
    "AWS::Events::EventBus": ("Policy", ""),
    "AWS::Glacier::Vault": ("AccessPolicy", ""),
    "AWS::Glacier::VaultLock": ("Policy", "VaultName"),
    "AWS::Glue::ResourcePolicy": ("PolicyInJson", ""),
    "AWS::KMS::Key": ("KeyPolicy", ""),
    "AWS::KMS::KeyPolicy": ("KeyPolicy", "KeyId"),
    "AWS::KMS::ReplicaKey": ("KeyPolicy", ""),
    "AWS::Kinesis::ResourcePolicy": ("ResourcePolicy", "ResourceArn"),
    "AWS::Lex::ResourcePolicy": ("Policy", "ResourceArn"),
    "AWS::Logs::Destination": ("DestinationPolicy", ""),
    "AWS::Logs::DestinationPolicy": ("DestinationPolicy", "DestinationName"),
    "AWS::Logs::ResourcePolicy": ("PolicyDocument", ""),
    "AWS::MSK::ClusterPolicy": ("Policy", "ClusterArn"),
    "AWS::MediaStore::Container": ("Policy", ""),
    "AWS::MediaStore::ContainerPolicy": ("Policy", "ContainerName"),
    "AWS::OpenSearchService::Domain": ("AccessPolicies", ""),
    "AWS::OpenSearchService::DomainPolicy": ("AccessPolicies", "DomainName"),
    "AWS::Organizations::ResourcePolicy": ("Content", ""),
    "AWS::Redshift::ResourcePolicy": ("Policy", "ResourceArn"),
    "AWS::RedshiftServerless::ResourcePolicy": ("Policy", "ResourceArn"),
    "AWS::S3::AccessPoint": ("Policy", "Bucket"),
    "AWS::S3::Bucket": ("Policy", ""),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::S3::MultiRegionAccessPointPolicy": ("Policy", "MrapName"),
    "AWS::S3Express::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::S3ObjectLambda::AccessPointPolicy": ("PolicyDocument", "ObjectLambdaAccessPoint"),
    "AWS::S3Outposts::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::S3Tables::TableBucketPolicy": ("ResourcePolicy", "TableBucketARN"),
    "AWS::SES::IdentityPolicy": ("Policy", "Identity"),
    "AWS::SNS::Topic": ("Policy", ""),
    "AWS::SNS::TopicInlinePolicy": ("PolicyDocument", "TopicArn"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::SQS::Queue": ("Policy", ""),
    "AWS::SQS::QueueInlinePolicy": ("PolicyDocument", "Queue"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues"),
    "AWS::SSM::ResourcePolicy": ("Policy", "ResourceArn"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "SecretId"),
    "AWS::SecretsManager::Secret": ("ResourcePolicy", ""),
    "AWS::VpcLattice::AuthPolicy": ("Policy", "ResourceIdentifier"),
    "AWS::VpcLattice::ResourcePolicy": ("Policy", "ResourceArn"),
}
"""Type -> where its policy is, and where it names the resources that the policy is of, if it is a
thing beside them. Some are inside the resource, or beside it, only in Terraform."""


def policy(one: Declared) -> Iterator[Observation]:
    where, of = _DOCUMENTS[one.type]
    document = one.get(*where.split("."))
    yield from documents.resource_grants(one, document, where, _resources(one, of))


def bus_policy(one: Declared) -> Iterator[Observation]:
    """Of a bus: a whole one, a statement, or what makes one in separate settings."""
    if (whole := one.get("Policy")) is not None:
        resources = _resources(one, "EventBusName")
        yield from documents.resource_grants(one, whole, "Policy", resources)
        return
    statement = one.get("Statement") or one.settings
    document = one.settings.holding({"Statement": statement})
    yield from documents.resource_grants(
        one, document, "Statement", _resources(one, "EventBusName")
    )


def api_policy(one: Declared) -> Iterator[Observation]:
    """Of an API of SAM."""
    statements = one.get("Auth", "ResourcePolicy", "CustomStatements")
    if statements is not None:
        document = statements.holding({"Statement": statements})
        yield from documents.resource_grants(one, document, "CustomStatements", (one.id,))


def permission(one: Declared) -> Iterator[Observation]:
    """One statement of the policy of a function or a layer, in settings of their own."""
    who = one.text("Principal")
    if not who:
        return
    resources = _resources(one, "FunctionName") or _resources(one, "LayerVersionArn")
    whole = one.get("Condition")  # a service tells conditions as the policy has them
    conditions: dict[str, Any] = whole.plain() if whole else {}
    for key, operator, meant in _LIMITS:
        if value := one.text(key):
            conditions.setdefault(operator, {})[meant] = value
    yield Grant(
        id=f"{one.id}#{who}",
        identity=principal(one, who),
        kind=GrantKind.RESOURCE_POLICY,
        provider="aws",
        location=one.location,
        actions=tuple(one.texts("Action")),
        resources=resources,
        conditions=conditions,
    )


def key_grant(one: Declared) -> Iterator[Observation]:
    """What somebody may do with a key, whatever its policy says."""
    who = one.text("GranteePrincipal")
    if not who:
        return
    conditions: dict[str, Any] = {}
    for key in ("EncryptionContextEquals", "EncryptionContextSubset"):
        context = one.get("Constraints", key)
        for name, value in context.entries() if context else ():
            limits = conditions.setdefault("StringEquals", {})
            limits[f"kms:EncryptionContext:{name}"] = value.text()
    if source := one.text("Constraints", "SourceArn"):
        conditions["ArnLike"] = {"aws:SourceArn": source}
    yield Grant(
        id=one.id,
        identity=principal(one, who),
        kind=GrantKind.RESOURCE_POLICY,
        provider="aws",
        location=one.location,
        actions=tuple(f"kms:{operation}" for operation in one.texts("Operations")),
        resources=_resources(one, "KeyId"),
        conditions=conditions,
        granted_at=one.time("CreationDate"),
    )


_LIMITS = (
    ("SourceArn", "ArnLike", "aws:SourceArn"),
    ("SourceAccount", "StringEquals", "aws:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("OrganizationId", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
)
"""Setting of a permission -> the condition it makes."""


def device_policy(one: Declared) -> Iterator[Observation]:
    """What certificates of devices may do that have it; nobody in IAM does."""
    yield from documents.grants(one, one.get("PolicyDocument"), "policy")


def endpoint_policy(one: Declared) -> Iterator[Observation]:
    """What may be done through an endpoint of a network: it limits, and grants nothing."""
    document = one.get("PolicyDocument")
    yield from documents.grants(one, document, "PolicyDocument", GrantKind.BOUNDARY)


def _resources(one: Declared, key: str) -> tuple[str, ...]:
    node = one.get(key) if key else None
    if node is None:
        return () if key else (one.id,)
    return tuple(_resource(one, item) for item in node.items() if item.text())


def _resource(one: Declared, node: Node) -> str:
    return one.target(node.text()) or node.text()


def loose(one: Declared) -> Iterator[Observation]:
    """A policy that Terraform makes and nothing takes, so far as was seen: of identities, of a resource
    or of who may become a role, as its statements tell."""
    yield Resource(id=one.id, type="aws:policy", name=one.name, location=one.location)
    listed = one.get("PolicyDocument", "Statement")
    for index, item in enumerate(listed.items() if listed else ()):
        document = item.holding({"Statement": item})
        label = f"statement-{index}"
        if not item.get("Principal") and not item.get("NotPrincipal"):
            yield from documents.grants(one, document, label)
            continue
        if all(map(documents.lets_assume, documents.statements(document))):
            yield from documents.trusts(one, document, label)
        else:
            yield from documents.resource_grants(one, document, label, (one.id,))


TYPES = {
    **dict.fromkeys(_DOCUMENTS, policy),
    "AWS::EC2::VPCEndpoint": endpoint_policy,
    "AWS::EC2::VPCEndpointPolicy": endpoint_policy,
    "AWS::Events::EventBusPolicy": bus_policy,
    "AWS::IoT::Policy": device_policy,
    "AWS::KMS::Grant": key_grant,
    "AWS::Lambda::LayerVersionPermission": permission,
    "AWS::Lambda::Permission": permission,
    "AWS::Serverless::Api": api_policy,
    "aws_iam_policy_document": loose,
}
