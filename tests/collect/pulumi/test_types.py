"""Types and settings of Pulumi in the words of their vendors."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.collect import meanings
from keymuster.collect.pulumi.types import Types
from keymuster.collect.pulumi.words import snake
from keymuster.collect.syntax.node import File
from keymuster.collect.syntax.yaml import parse
from keymuster.collect.terraform.values import Budget
from keymuster.rules.schema import RuleSet


@pytest.fixture(scope="module")
def types(rules: RuleSet) -> Types:
    wanted = {type for policy in rules.policies for type in policy.types}
    return Types(rules.pulumi, rules.terraform, wanted | set(meanings.known()))


def _made(types: Types, token: str, settings: str = "{}") -> tuple[str, Any]:
    [node] = parse(settings, File(path="Pulumi.yaml"))
    [(type, made)] = types.objects("x_y", token, node, Budget(100_000))
    return type, made.plain()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("assumeRolePolicy", "assume_role_policy"), ("kmsKeyARN", "kms_key_arn"), ("name", "name"),
        ("a-b", "a-b"), ("Version", "Version"), ("aws:SourceArn", "aws:SourceArn"),
    ],
)  # fmt: skip
def test_names_are_written_as_terraform_does(name: str, said: str) -> None:
    assert snake(name) == said


@pytest.mark.parametrize(
    ("token", "type"),
    [
        ("aws:iam:Role", "AWS::IAM::Role"),
        ("aws:iam/role:Role", "AWS::IAM::Role"),
        ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "AWS::IAM::OIDCProvider"),
        ("aws:iam:RolePolicyAttachment", "aws_iam_role_policy_attachment"),
        ("aws:rds:Instance", "AWS::RDS::DBInstance"),
        ("aws:ec2:Instance", "AWS::EC2::Instance"),
        ("aws:s3:BucketV2", "AWS::S3::Bucket"),
        ("aws:secretsmanager:SecretVersion", "AWS::SecretsManager::SecretVersion"),
        ("gcp:serviceaccount:Key", "google_service_account_key"),
        ("gcp:serviceAccount/key:Key", "google_service_account_key"),
        ("gcp:projects:IAMMember", "google_project_iam_member"),
        ("gcp:secretmanager:SecretIamMember", "google_secret_manager_secret_iam_member"),
        ("gcp:iam:WorkloadIdentityPoolProvider", "google_iam_workload_identity_pool_provider"),
        ("gcp:storage:BucketIAMBinding", "google_storage_bucket_iam_binding"),
        ("azure:storage:Account", "Microsoft.Storage/storageAccounts"),
        ("azure:authorization:Assignment", "Microsoft.Authorization/roleAssignments"),
        ("azure:appservice:LinuxWebApp", "Microsoft.Web/sites"),
        ("azuread:Application", "azuread_application"),
        ("azuread:index/applicationPassword:ApplicationPassword", "azuread_application_password"),
        ("github:ActionsSecret", "github_actions_secret"),
        ("github:index/repositoryDeployKey:RepositoryDeployKey", "github_repository_deploy_key"),
        ("random:RandomPassword", "random_password"),
        ("tls:PrivateKey", "tls_private_key"),
        ("vault:Token", "vault_token"),
        ("okta:app/oAuth:OAuth", "okta_app_oauth"),
        ("acme:web:BigThing", "acme_web_big_thing"),
        ("acme:RandomPassword", "acme_random_password"),
        ("azure-native:storage:StorageAccount", "Microsoft.Storage/storageAccounts"),
        ("azure-native:storage/v20230101:StorageAccount", "Microsoft.Storage/storageAccounts"),
        ("azure-native:authorization:RoleAssignment", "Microsoft.Authorization/roleAssignments"),
        ("azure-native:keyvault:Secret", "Microsoft.KeyVault/vaults/secrets"),
        ("azure-native:new:BigThing", "Microsoft.New/bigThings"),
        ("aws-native:iam:Role", "AWS::IAM::Role"),
        ("aws-native:new:Thing", "AWS::new::Thing"),
        ("kubernetes:core/v1:ServiceAccount", "ServiceAccount"),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "ClusterRole"),
        ("pulumi:providers:aws", "terraform:provider"),
    ],
)  # fmt: skip
def test_a_type_is_what_it_is_to_its_vendor(types: Types, token: str, type: str) -> None:
    assert _made(types, token)[0] == type


@pytest.mark.parametrize(
    "token", ["kubernetes:helm.sh/v3:Release", "pulumi:pulumi:StackReference", "pulumi:Stash"]
)
def test_what_is_no_object_of_a_vendor_is_none(types: Types, token: str) -> None:
    [node] = parse("{}", File(path="Pulumi.yaml"))
    assert list(types.objects("x", token, node, Budget(1000))) == []


def test_a_bridged_resource_speaks_as_if_terraform_had_declared_it(types: Types) -> None:
    settings = """
        name: ci
        maxSessionDuration: 3600
        tags: {keptAsIs: x}
        inlinePolicies: [{name: p, policy: '{"Statement": []}'}]
        assumeRolePolicy: {Version: '1', Statement: [{Condition: {StringLike: {'aws:sourceArn': x}}}]}
    """
    assert _made(types, "aws:iam:Role", settings)[1] == {
        "RoleName": "ci",
        "MaxSessionDuration": 3600,
        "Tags": {"keptAsIs": "x"},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": []}}],
        "AssumeRolePolicyDocument": {
            "Version": "1",
            "Statement": [{"Condition": {"StringLike": {"aws:sourceArn": "x"}}}],
        },
    }


def test_blocks_that_may_stand_more_than_once_are_known_in_the_plural(types: Types) -> None:
    settings = "{networkInterfaces: [{accessConfigs: [{natIp: x}]}], serviceAccount: {email: e}}"
    assert _made(types, "gcp:compute:Instance", settings)[1] == {
        "network_interface": [{"access_config": [{"nat_ip": "x"}]}],
        "service_account": {"email": "e"},
    }


def test_settings_of_azure_lie_under_properties(types: Types) -> None:
    settings = """
        accountName: st
        resourceGroupName: rg
        allowSharedKeyAccess: false
        tags: {a: b}
        identity: {type: UserAssigned, userAssignedIdentities: ['${[my_id].id}']}
    """
    assert _made(types, "azure-native:storage:StorageAccount", settings)[1] == {
        "name": "st",
        "tags": {"a": "b"},
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {"${[my_id].id}": {}},
        },
        "properties": {"allowSharedKeyAccess": False},
    }


def test_a_part_of_another_resource_of_azure_names_it(types: Types) -> None:
    settings = "{vaultName: '${vault.name}', secretName: s, properties: {value: v}}"
    assert _made(types, "azure-native:keyvault:Secret", settings)[1] == {
        "parent": "${vault.id}",
        "name": "s",
        "properties": {"value": "v"},
    }


def test_settings_of_cloudformation_are_capitalised(types: Types) -> None:
    settings = "{roleName: r, policies: [{policyName: p, policyDocument: {Statement: [{sid: x}]}}], tags: [{key: k}]}"
    assert _made(types, "aws-native:iam:Role", settings)[1] == {
        "RoleName": "r",
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [{"sid": "x"}]}}],
        "Tags": [{"key": "k"}],
    }


def test_a_manifest_says_its_kind_and_may_be_named_later(types: Types) -> None:
    assert _made(types, "kubernetes:core/v1:ServiceAccount", "{metadata: {namespace: n}}")[1] == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "${[x_y].metadata.name}", "namespace": "n"},
    }
