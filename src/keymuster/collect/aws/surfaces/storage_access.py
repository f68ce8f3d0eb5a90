"""Policies of what keeps data: image registries, file systems, search domains, archives and backups."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_GONE = "ResourceNotFoundException"


def repositories(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("ecr:DescribeRepositories", "repositories"):
        name = one["repositoryName"]
        found = ask.answer(
            "ecr:GetRepositoryPolicy", "RepositoryPolicyNotFoundException", "RepositoryNotFoundException",
            repositoryName=name,
        )  # fmt: skip
        yield told(
            "AWS::ECR::Repository", one["repositoryArn"],
            {"RepositoryName": name, "RepositoryPolicyText": found["policyText"] if found else None},
            name=name,
        )  # fmt: skip
    found = ask.answer("ecr:GetRegistryPolicy", "RegistryPolicyNotFoundException")
    if found:
        yield told(
            "AWS::ECR::RegistryPolicy",
            ask.arn("ecr", "registry-policy"),
            {"PolicyText": found["policyText"]},
        )


def file_systems(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("efs:DescribeFileSystems", "FileSystems"):
        id = one["FileSystemId"]
        found = ask.answer(
            "efs:DescribeFileSystemPolicy", "PolicyNotFound", "FileSystemNotFound", FileSystemId=id
        )
        yield told(
            "AWS::EFS::FileSystem",
            one.get("FileSystemArn") or ask.arn("elasticfilesystem", f"file-system/{id}"),
            {"FileSystemPolicy": found["Policy"] if found else None},
            name=one.get("Name") or id,
        )


_AT_ONCE = 5
"""Domains that one call describes at most."""


def search_domains(ask: Scope) -> Iterator[Told]:
    names = [one["DomainName"] for one in ask.pages("opensearch:ListDomainNames", "DomainNames")]
    for first in range(0, len(names), _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        for one in ask.pages("opensearch:DescribeDomains", "DomainStatusList", DomainNames=some):
            is_old = one.get("EngineVersion", "").startswith("Elasticsearch")
            yield told(
                "AWS::Elasticsearch::Domain" if is_old else "AWS::OpenSearchService::Domain", one["ARN"],
                {
                    "DomainName": one["DomainName"], "EngineVersion": one.get("EngineVersion"),
                    "AccessPolicies": one.get("AccessPolicies"), "VPCOptions": one.get("VPCOptions"),
                    "AdvancedSecurityOptions": one.get("AdvancedSecurityOptions"),
                },
            )  # fmt: skip


def archives(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("glacier:ListVaults", "VaultList", accountId="-"):
        name = one["VaultName"]
        found = ask.answer("glacier:GetVaultAccessPolicy", _GONE, accountId="-", vaultName=name)
        policy = found.get("policy", {}).get("Policy") if found else None
        yield told(
            "AWS::Glacier::Vault", one["VaultARN"], {"VaultName": name, "AccessPolicy": policy}
        )


def backups(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("backup:ListBackupVaults", "BackupVaultList"):
        name = one["BackupVaultName"]
        found = ask.answer("backup:GetBackupVaultAccessPolicy", _GONE, BackupVaultName=name)
        yield told(
            "AWS::Backup::BackupVault", one["BackupVaultArn"],
            {"BackupVaultName": name, "AccessPolicy": found.get("Policy") if found else None},
        )  # fmt: skip


SURFACES = (
    Surface(
        name="ecr",
        calls=("ecr:DescribeRepositories", "ecr:GetRepositoryPolicy", "ecr:GetRegistryPolicy"),
        types=("AWS::ECR::Repository", "AWS::ECR::RegistryPolicy"),
        look=repositories,
    ),
    Surface(
        name="efs",
        calls=("efs:DescribeFileSystems", "efs:DescribeFileSystemPolicy"),
        types=("AWS::EFS::FileSystem",),
        look=file_systems,
    ),
    Surface(
        name="opensearch",
        calls=("opensearch:ListDomainNames", "opensearch:DescribeDomains"),
        types=("AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain"),
        look=search_domains,
    ),
    Surface(
        name="glacier",
        calls=("glacier:ListVaults", "glacier:GetVaultAccessPolicy"),
        types=("AWS::Glacier::Vault",),
        look=archives,
    ),
    Surface(
        name="backup",
        calls=("backup:ListBackupVaults", "backup:GetBackupVaultAccessPolicy"),
        types=("AWS::Backup::BackupVault",),
        look=backups,
    ),
)
