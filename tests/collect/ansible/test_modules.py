"""Modules of Ansible in the words of the clouds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from keymuster.collect.ansible import modules
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import File, Node


def node(text: str) -> Node:
    return yaml.parse(text, File(path="a.yml"))[0]


def forms(module: str, parameters: str) -> list[tuple[str, Any]]:
    return [(kind, one.plain()) for kind, one in modules.forms(module, node(parameters))]


@pytest.mark.parametrize(
    ("module", "parameters", "expected"),
    [
        ("community.aws.iam_managed_policy", "{policy_name: p, policy: {Statement: []}}",
         [("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "p", "PolicyDocument": {"Statement": []}})]),
        ("iam_policy", "{iam_type: role, iam_name: r, policy_name: p, policy_json: '{\"Statement\": 1}'}",
         [("AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": {"Statement": 1}, "Roles": ["r"]})]),
        ("iam", "{iam_type: user, name: u, access_key_state: create}",
         [("AWS::IAM::User", {"UserName": "u"}), ("AWS::IAM::AccessKey", {"UserName": "u", "Status": "Active", "OfNewUser": True})]),
        ("amazon.aws.s3_bucket", "{name: b}", []),
        ("amazon.aws.s3_bucket", "{name: b, policy: {Statement: []}}",
         [("AWS::S3::BucketPolicy", {"Bucket": "b", "PolicyDocument": {"Statement": []}})]),
        ("community.aws.sqs_queue", "{name: q, policy: '{{ policy }}'}",
         [("AWS::SQS::QueuePolicy", {"Queues": ["q"], "PolicyDocument": "${policy}"})]),
        ("lambda", "{name: f, role: r, environment_variables: {A: b}}",
         [("AWS::Lambda::Function", {"FunctionName": "f", "Role": "r", "Environment": {"Variables": {"A": "b"}}})]),
        ("azure.azcollection.azure_rm_containerregistry", "{name: r, admin_user_enabled: yes}",
         [("Microsoft.ContainerRegistry/registries", {"name": "r", "properties": {"adminUserEnabled": True}})]),
        ("azure_rm_aks", "{name: k, service_principal: {client_id: a}}",
         [("Microsoft.ContainerService/managedClusters",
           {"name": "k", "properties": {"servicePrincipalProfile": {"clientId": "a"}}})]),
        ("google.cloud.gcp_compute_instance", "{name: i, service_accounts: [{scopes: [cloud-platform]}]}",
         [("google_compute_instance", {"name": "i", "service_account": [{"scopes": ["cloud-platform"]}]})]),
        ("amazon.aws.iam_group", "{name: g, users: u}",
         [("AWS::IAM::Group", {"GroupName": "g"}), ("AWS::IAM::UserToGroupAddition", {"GroupName": "g", "Users": ["u"]})]),
        ("google.cloud.gcp_container_cluster",
         "{name: c, master_auth: {client_certificate_config: {issue_client_certificate: yes}}}",
         [("google_container_cluster",
           {"name": "c", "master_auth": {"client_certificate_config": {"issue_client_certificate": True}}})]),
        ("google.cloud.gcp_storage_bucket", "{name: b, default_object_acl: [{entity: allUsers, role: READER}]}",
         [("google_storage_default_object_access_control", {"entity": "allUsers", "role": "READER"})]),
        ("google.cloud.gcp_storage_bucket", "{name: b, predefined_default_object_acl: publicRead}",
         [("google_storage_default_object_acl", {"predefined_acl": "publicRead"})]),
        ("community.aws.aws_ses_identity_policy", "{identity: i, policy: {Statement: []}}",
         [("AWS::SES::IdentityPolicy", {"Identity": "i", "Policy": {"Statement": []}})]),
        ("amazon.aws.iam_user", "{name: u, state: absent}", []),
        ("ansible.builtin.copy", "{src: a}", []),
        ("iam_role", "[]", [("AWS::IAM::Role", {})]),
    ],
)  # fmt: skip
def test_a_task_declares(module: str, parameters: str, expected: list[tuple[str, Any]]) -> None:
    assert forms(module, parameters) == expected


def test_unknown_values_name_what_they_depend_on() -> None:
    text = "{z: \"{{ lookup('env', 'letmein') }}\", a: '{{ item.name }}-x', b: !vault secret, c: [\"{{ {'a': 1} }}\"], d: '{% if a %}b{% endif %}{{ c }}'}"
    assert modules.known(node(text)).plain() == {
        "z": "${lookup(..., ...)}", "a": "${item.name}-x", "b": "${vault}", "c": ["${template}"], "d": "${template}",
    }  # fmt: skip


def test_a_policy_that_is_no_json_stays_as_it_is() -> None:
    [(_, settings)] = forms("iam_managed_policy", "{name: p, policy: '{broken'}")
    assert settings["PolicyDocument"] == "{broken"


def test_types_are_those_of_the_clouds() -> None:
    types = [form.type for some in modules.FORMS.values() for form in some]
    shapes = r"AWS::\w+::\w+|Microsoft\.\w+/\w+|google_\w+"
    assert [one for one in types if not re.fullmatch(shapes, one)] == []
