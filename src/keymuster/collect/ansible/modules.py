"""What modules of Ansible declare in clouds, in the words of the clouds' own templates.

AWS is spoken of in CloudFormation's words, Azure in those of its Resource Manager, Google Cloud in
those of its Terraform provider; so what is known of a role there holds for one that a task makes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from keymuster import regex
from keymuster.collect.syntax.node import Node

_EXPRESSION = regex.later(r"\{\{[-+]?([^{}]{0,400}?)[-+]?\}\}")
_TEXT = regex.later(r"\"[^\"]*+\"|'[^']*+'")
_DEEPEST = 60


class Form(Struct, frozen=True):
    """What a module declares. `words` say which parameter becomes which property (of Azure, with the
    path to it); a property in `documents` may be JSON in a text, one in `lists` is always a list.
    What is declared needs one of the `given` parameters."""

    type: str
    words: Mapping[str, str]
    documents: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    given: tuple[str, ...] = ()


_NAMED = {"name": "Name"}
_POLICY = ("PolicyDocument",)

_GOOGLE_INSTANCE = {
    "name": "name", "service_accounts": "service_account", "metadata": "metadata",
    "zone": "zone", "project": "project", "can_ip_forward": "can_ip_forward",
}  # fmt: skip

FORMS: dict[str, tuple[Form, ...]] = {
    # --- AWS
    "iam_role": (
        Form(
            "AWS::IAM::Role",
            {
                "name": "RoleName", "role_name": "RoleName", "path": "Path", "description": "Description",
                "assume_role_policy_document": "AssumeRolePolicyDocument", "tags": "Tags",
                "managed_policies": "ManagedPolicyArns", "managed_policy": "ManagedPolicyArns",
                "boundary": "PermissionsBoundary", "max_session_duration": "MaxSessionDuration",
            },
            ("AssumeRolePolicyDocument",),
            ("ManagedPolicyArns",),
        ),
    ),
    "iam_managed_policy": (
        Form(
            "AWS::IAM::ManagedPolicy",
            {"policy_name": "ManagedPolicyName", "name": "ManagedPolicyName", "policy": "PolicyDocument"},
            _POLICY,
        ),
    ),
    "iam_user": (
        Form(
            "AWS::IAM::User",
            {
                "name": "UserName", "path": "Path", "managed_policies": "ManagedPolicyArns",
                "managed_policy": "ManagedPolicyArns", "boundary": "PermissionsBoundary", "tags": "Tags",
                "password": "LoginProfile.Password",
            },
            (),
            ("ManagedPolicyArns",),
        ),
    ),
    "iam_group": (
        Form(
            "AWS::IAM::Group",
            {"name": "GroupName", "managed_policies": "ManagedPolicyArns", "path": "Path"},
            (),
            ("ManagedPolicyArns",),
        ),
        Form(
            "AWS::IAM::UserToGroupAddition",
            {"name": "GroupName", "users": "Users"},
            (),
            ("Users",),
            ("users",),
        ),
    ),
    "iam_access_key": (
        Form("AWS::IAM::AccessKey", {"user_name": "UserName", "active": "Status"}),
    ),
    "iam_instance_profile": (
        Form(
            "AWS::IAM::InstanceProfile",
            {"name": "InstanceProfileName", "role": "Roles", "path": "Path"},
            (),
            ("Roles",),
        ),
    ),
    "iam_saml_federation": (
        Form("AWS::IAM::SAMLProvider", {"name": "Name", "saml_metadata_document": "SamlMetadataDocument"}),
    ),
    "s3_bucket": (
        Form("AWS::S3::BucketPolicy", {"name": "Bucket", "policy": "PolicyDocument"}, _POLICY, (), ("policy",)),
    ),
    "sqs_queue": (
        Form(
            "AWS::SQS::QueuePolicy",
            {"name": "Queues", "policy": "PolicyDocument"},
            _POLICY,
            ("Queues",),
            ("policy",),
        ),
    ),
    "sns_topic": (
        Form(
            "AWS::SNS::TopicPolicy",
            {"name": "Topics", "policy": "PolicyDocument"},
            _POLICY,
            ("Topics",),
            ("policy",),
        ),
    ),
    "ecs_ecr": (
        Form(
            "AWS::ECR::Repository",
            {"name": "RepositoryName", "policy": "RepositoryPolicyText"},
            ("RepositoryPolicyText",),
        ),
    ),
    "lambda_policy": (
        Form(
            "AWS::Lambda::Permission",
            {
                "function_name": "FunctionName", "action": "Action", "principal": "Principal",
                "source_arn": "SourceArn", "source_account": "SourceAccount",
                "event_source_token": "EventSourceToken", "principal_organization_id": "PrincipalOrgID",
            },
        ),
    ),
    "lambda": (
        Form(
            "AWS::Lambda::Function",
            {
                "name": "FunctionName", "role": "Role", "tags": "Tags",
                "environment_variables": "Environment.Variables", "kms_key_arn": "KmsKeyArn",
            },
        ),
    ),
    "kms_key": (
        Form(
            "AWS::KMS::Key",
            {
                "policy": "KeyPolicy", "enable_key_rotation": "EnableKeyRotation",
                "key_spec": "KeySpec", "key_usage": "KeyUsage", "description": "Description",
            },
            ("KeyPolicy",),
        ),
    ),
    "ecs_service": (
        Form(
            "AWS::ECS::Service",
            {"name": "ServiceName", "role": "Role", "cluster": "Cluster", "task_definition": "TaskDefinition"},
        ),
    ),
    "ecs_taskdefinition": (
        Form(
            "AWS::ECS::TaskDefinition",
            {
                "family": "Family", "task_role_arn": "TaskRoleArn", "execution_role_arn": "ExecutionRoleArn",
                "containers": "ContainerDefinitions", "network_mode": "NetworkMode",
            },
        ),
    ),
    "ec2_instance": (
        Form(
            "AWS::EC2::Instance",
            {
                "iam_instance_profile": "IamInstanceProfile", "instance_role": "IamInstanceProfile",
                "user_data": "UserData", "metadata_options": "MetadataOptions", "key_name": "KeyName",
                "image_id": "ImageId", "tags": "Tags",
            },
        ),
    ),
    "ec2_launch_template": (
        Form(
            "AWS::EC2::LaunchTemplate",
            {
                "template_name": "LaunchTemplateName", "user_data": "LaunchTemplateData.UserData",
                "iam_instance_profile": "LaunchTemplateData.IamInstanceProfile",
                "metadata_options": "LaunchTemplateData.MetadataOptions",
            },
        ),
    ),
    "ec2_lc": (
        Form(
            "AWS::AutoScaling::LaunchConfiguration",
            {
                "name": "LaunchConfigurationName", "user_data": "UserData", "key_name": "KeyName",
                "instance_profile_name": "IamInstanceProfile",
            },
        ),
    ),
    "rds_instance": (
        Form(
            "AWS::RDS::DBInstance",
            {
                "db_instance_identifier": "DBInstanceIdentifier", "id": "DBInstanceIdentifier",
                "master_username": "MasterUsername", "username": "MasterUsername",
                "master_user_password": "MasterUserPassword", "password": "MasterUserPassword",
                "enable_iam_database_authentication": "EnableIAMDatabaseAuthentication", "engine": "Engine",
                "publicly_accessible": "PubliclyAccessible",
            },
        ),
    ),
    "rds_cluster": (
        Form(
            "AWS::RDS::DBCluster",
            {
                "cluster_id": "DBClusterIdentifier", "master_username": "MasterUsername",
                "master_user_password": "MasterUserPassword", "engine": "Engine",
                "enable_iam_database_authentication": "EnableIAMDatabaseAuthentication",
            },
        ),
    ),
    "redshift": (
        Form(
            "AWS::Redshift::Cluster",
            {
                "identifier": "ClusterIdentifier", "username": "MasterUsername",
                "password": "MasterUserPassword", "publicly_accessible": "PubliclyAccessible",
            },
        ),
    ),
    "secretsmanager_secret": (
        Form(
            "AWS::SecretsManager::Secret",
            {"name": "Name", "secret": "SecretString", "kms_key_id": "KmsKeyId", "tags": "Tags"},
        ),
        Form(
            "AWS::SecretsManager::ResourcePolicy",
            {"name": "SecretId", "resource_policy": "ResourcePolicy"},
            ("ResourcePolicy",),
            (),
            ("resource_policy",),
        ),
        Form(
            "AWS::SecretsManager::RotationSchedule",
            {
                "name": "SecretId", "rotation_lambda": "RotationLambdaARN",
                "rotation_interval": "RotationRules.AutomaticallyAfterDays",
            },
            (),
            (),
            ("rotation_lambda",),
        ),
    ),
    "ssm_parameter": (
        Form("AWS::SSM::Parameter", {"name": "Name", "string_type": "Type", "value": "Value"}),
    ),
    "ses_identity_policy": (
        Form(
            "AWS::SES::IdentityPolicy", {"identity": "Identity", "policy": "Policy"}, ("Policy",), (), ("policy",)
        ),
    ),
    "opensearch": (
        Form(
            "AWS::OpenSearchService::Domain",
            {"domain_name": "DomainName", "access_policies": "AccessPolicies"},
            ("AccessPolicies",),
        ),
    ),
    "eks_cluster": (
        Form("AWS::EKS::Cluster", {"name": "Name", "role_arn": "RoleArn", "version": "Version"}),
    ),
    "stepfunctions_state_machine": (
        Form("AWS::StepFunctions::StateMachine", {"name": "StateMachineName", "role_arn": "RoleArn"}),
    ),
    "codebuild_project": (
        Form("AWS::CodeBuild::Project", {"name": "Name", "service_role": "ServiceRole", "source": "Source"}),
    ),
    # --- Azure
    "azure_rm_containerregistry": (
        Form(
            "Microsoft.ContainerRegistry/registries",
            {"name": "name", "admin_user_enabled": "properties.adminUserEnabled", "location": "location"},
        ),
    ),
    "azure_rm_roleassignment": (
        Form(
            "Microsoft.Authorization/roleAssignments",
            {
                "name": "name", "scope": "scope",
                "assignee": "properties.principalId", "assignee_object_id": "properties.principalId",
                "role_definition_id": "properties.roleDefinitionId",
            },
        ),
    ),
    "azure_rm_roledefinition": (
        Form(
            "Microsoft.Authorization/roleDefinitions",
            {
                "name": "properties.roleName", "permissions": "properties.permissions",
                "assignable_scopes": "properties.assignableScopes",
            },
        ),
    ),
    "azure_rm_storageaccount": (
        Form(
            "Microsoft.Storage/storageAccounts",
            {
                "name": "name", "allow_shared_key_access": "properties.allowSharedKeyAccess",
                "allow_blob_public_access": "properties.allowBlobPublicAccess",
                "https_only": "properties.supportsHttpsTrafficOnly",
            },
        ),
    ),
    "azure_rm_aks": (
        Form(
            "Microsoft.ContainerService/managedClusters",
            {
                "name": "name", "enable_rbac": "properties.enableRBAC",
                "service_principal.client_id": "properties.servicePrincipalProfile.clientId",
                "service_principal.client_secret": "properties.servicePrincipalProfile.secret",
                "aad_profile": "properties.aadProfile",
            },
        ),
    ),
    "azure_rm_virtualmachine": (
        Form(
            "Microsoft.Compute/virtualMachines",
            {
                "name": "name", "admin_username": "properties.osProfile.adminUsername",
                "admin_password": "properties.osProfile.adminPassword",
                "vm_identity": "identity.type",
            },
        ),
    ),
    "azure_rm_keyvault": (
        Form(
            "Microsoft.KeyVault/vaults",
            {
                "vault_name": "name", "access_policies": "properties.accessPolicies",
                "enable_rbac_authorization": "properties.enableRbacAuthorization",
            },
        ),
    ),
    "azure_rm_cosmosdbaccount": (
        Form(
            "Microsoft.DocumentDB/databaseAccounts",
            {"name": "name", "disable_local_auth": "properties.disableLocalAuth"},
        ),
    ),
    # --- Google Cloud
    "gcp_compute_instance": (Form("google_compute_instance", _GOOGLE_INSTANCE, (), ("service_account",)),),
    "gcp_compute_instance_template": (
        Form(
            "google_compute_instance_template",
            {"name": "name", "properties.service_accounts": "service_account",
             "properties.metadata": "metadata"},
            (),
            ("service_account",),
        ),
    ),
    "gcp_iam_service_account": (
        Form("google_service_account", {"name": "account_id", "display_name": "display_name", "project": "project"}),
    ),
    "gcp_iam_service_account_key": (
        Form("google_service_account_key", {"service_account": "service_account_id", "path": "path"}),
    ),
    "gcp_iam_role": (
        Form(
            "google_project_iam_custom_role",
            {"name": "role_id", "included_permissions": "permissions", "project": "project"},
        ),
    ),
    "gcp_container_cluster": (
        Form(
            "google_container_cluster",
            {
                "name": "name", "master_auth": "master_auth", "legacy_abac.enabled": "enable_legacy_abac",
                "node_config": "node_config", "location": "location",
            },
        ),
    ),
    "gcp_container_node_pool": (
        Form(
            "google_container_node_pool",
            {"name": "name", "config": "node_config", "cluster": "cluster"},
        ),
    ),
    "gcp_bigquery_dataset": (
        Form("google_bigquery_dataset", {"name": "dataset_id", "access": "access"}, (), ("access",)),
    ),
    "gcp_storage_default_object_acl": (
        Form(
            "google_storage_default_object_access_control",
            {"bucket": "bucket", "entity": "entity", "role": "role"},
        ),
    ),
    "gcp_sql_user": (
        Form("google_sql_user", {"name": "name", "password": "password", "instance": "instance"}),
    ),
    "gcp_storage_bucket_access_control": (
        Form(
            "google_storage_bucket_access_control",
            {"bucket": "bucket", "entity": "entity", "role": "role"},
        ),
    ),
    "gcp_kms_crypto_key": (
        Form("google_kms_crypto_key", {"name": "name", "rotation_period": "rotation_period"}),
    ),
}  # fmt: skip
"""What each module declares, by its name without its collection."""

_OTHER_NAMES = {
    "ec2": "ec2_instance", "ec2_iam": "iam_role", "rds": "rds_instance", "aws_kms": "kms_key",
    "aws_secret": "secretsmanager_secret", "aws_ses_identity_policy": "ses_identity_policy", "aws_ssm_parameter_store": "ssm_parameter",
    "ecs_repository": "ecs_ecr", "aws_eks_cluster": "eks_cluster", "lambda_function": "lambda",
    "redshift_cluster": "redshift", "aws_s3_bucket": "s3_bucket", "azure_rm_acr": "azure_rm_containerregistry",

    "aws_step_functions_state_machine": "stepfunctions_state_machine",
    "aws_codebuild": "codebuild_project", "autoscaling_launch_config": "ec2_lc",
}  # fmt: skip


def forms(module: str, parameters: Node) -> Iterator[tuple[str, Node]]:
    """(type, settings) of each object that a task with these parameters declares."""
    name = module.rpartition(".")[2]
    name = _OTHER_NAMES.get(name, name)
    state = parameters.get("state")
    if state is not None and state.text() in ("absent", "terminated", "deleted", "query"):
        return
    if name in _SPECIAL:
        yield from _SPECIAL[name](parameters)
    for form in FORMS.get(name, ()):
        if form.given and not any(parameters.get(one) for one in form.given):
            continue
        yield form.type, _settings(form, parameters)


def _settings(form: Form, parameters: Node) -> Node:
    settings: dict[str, Any] = {}
    for parameter, word in form.words.items():
        node = parameters.get(*parameter.split("."))
        if node is None or node.value is None:
            continue
        node = known(node)
        if word in form.documents:
            node = _document(node)
        elif word in form.lists and not isinstance(node.value, list):
            node = node.holding([node])
        elif word == "Tags" and isinstance(node.value, dict):
            node = node.made([{"Key": key, "Value": one} for key, one in node.value.items()])
        _put(settings, word.split("."), node if word in form.documents else _truth(node))
    return parameters.made(settings)


def _put(settings: dict[str, Any], path: list[str], node: Node) -> None:
    for key in path[:-1]:
        settings = settings.setdefault(key, {})
    settings.setdefault(path[-1], node)


def _document(node: Node) -> Node:
    """A policy that may be written as JSON in a text."""
    if not isinstance(node.value, str) or not node.value.lstrip().startswith(("{", "[")):
        return node
    try:
        return node.made(json.loads(node.value))
    except (ValueError, RecursionError):
        return node


def _truth(node: Node, depth: int = 0) -> Node:
    """`yes` and `no` as Ansible understands them."""
    match node.value:
        case str() as text if text.lower() in _WORDS:
            return node.holding(_WORDS[text.lower()])
        case dict() as entries if depth < _DEEPEST:
            return node.holding({key: _truth(one, depth + 1) for key, one in entries.items()})
        case list() as items if depth < _DEEPEST:
            return node.holding([_truth(one, depth + 1) for one in items])
        case _:
            return node


_WORDS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def known(node: Node, depth: int = 0) -> Node:
    """The same settings, with `{{ name }}` as the unknown `${name}` and without what is vaulted."""
    if node.tag in ("!vault", "!vault-encrypted"):
        return node.holding("${vault}")
    if depth > _DEEPEST:
        return node.holding("${nested}")
    match node.value:
        case dict():
            value: Any = {key: known(one, depth + 1) for key, one in node.value.items()}
        case list():
            value = [known(one, depth + 1) for one in node.value]
        case str() if "{{" in node.value:
            value = _EXPRESSION.sub(_unknown, node.value)
            if "{{" in value or "{%" in value:
                value = "${template}"
        case _:
            return node
    return node.holding(value)


def _unknown(expression: re.Match[str]) -> str:
    """What stands in quotation marks may be a secret, and what a value depends on is printed."""
    return f"${{{_TEXT.sub('...', expression[1]).strip()}}}"


# --- modules that declare different things ------------------------------------------------------


def _inline_policy(parameters: Node) -> Iterator[tuple[str, Node]]:
    """`iam_policy` puts a policy into a user, a role or a group."""
    kinds = {"user": "Users", "role": "Roles", "group": "Groups"}
    settings: dict[str, Any] = {}
    document = parameters.get("policy_json") or parameters.get("policy_document")
    if document is None:
        return
    if name := parameters.get("policy_name"):
        settings["PolicyName"] = known(name)
    settings["PolicyDocument"] = _document(known(document))
    if (holder := parameters.get("iam_name")) is not None:
        settings[kinds.get(parameters.text("iam_type"), "Users")] = [known(holder)]
    yield "AWS::IAM::Policy", parameters.made(settings)


def _old_iam(parameters: Node) -> Iterator[tuple[str, Node]]:
    """`iam`, which made users with their keys, roles and groups until it was taken apart."""
    kind, name = parameters.text("iam_type"), parameters.get("name")
    if name is None:
        return
    called = known(name)
    if kind == "user":
        yield "AWS::IAM::User", parameters.made({"UserName": called})
    elif kind == "group":
        yield "AWS::IAM::Group", parameters.made({"GroupName": called})
    elif kind == "role":
        settings: dict[str, Any] = {"RoleName": called}
        if trust := parameters.get("trust_policy"):
            settings["AssumeRolePolicyDocument"] = _document(known(trust))
        yield "AWS::IAM::Role", parameters.made(settings)
    if parameters.text("access_key_state").lower() in ("create", "active"):
        key = {"UserName": called, "Status": "Active", "OfNewUser": True}
        yield "AWS::IAM::AccessKey", parameters.made(key)


def _bucket_lists(parameters: Node) -> Iterator[tuple[str, Node]]:
    """Who may use a bucket of Google Cloud, and what comes into it."""
    for key, kind in (
        ("acl", "google_storage_bucket_access_control"),
        ("default_object_acl", "google_storage_default_object_access_control"),
    ):
        listed = parameters.get(key)
        for one in listed.items() if listed is not None else ():
            if isinstance(one.value, dict):
                yield kind, known(one)
    if (given := parameters.get("predefined_default_object_acl")) is not None:
        settings = {"predefined_acl": known(given)}
        yield "google_storage_default_object_acl", parameters.made(settings)


_Special: TypeAlias = Callable[[Node], Iterator[tuple[str, Node]]]
_SPECIAL: dict[str, _Special] = {
    "iam_policy": _inline_policy, "iam": _old_iam, "gcp_storage_bucket": _bucket_lists,
}  # fmt: skip

SECRETS: dict[str, tuple[str, ...]] = {
    "azure_rm_keyvaultsecret": ("secret_value",),
    "secretsmanager_secret": ("secret",),
    "aws_secret": ("secret",),
    "gcp_secret_manager": ("value",),
    "hashivault_secret": ("data",),
    "docker_secret": ("data",),
}
"""Parameters that hold the secret that a module stores, by its name without its collection."""
