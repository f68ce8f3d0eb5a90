"""Objects in the words of their vendors."""

from __future__ import annotations

import pytest

from keymuster.rules import loader
from terraforming import objects, settings


def test_a_role_is_what_cloudformation_calls_it() -> None:
    text = """
resource "aws_iam_role" "r" {
  name                  = "ci"
  max_session_duration  = 7200
  permissions_boundary  = aws_iam_policy.b.arn
  managed_policy_arns   = ["a"]
  assume_role_policy    = jsonencode({ Statement = [{ Principal = "*" }] })
  description           = null
  tags                  = { owner_team = "x" }
  inline_policy {
    name   = "p"
    policy = jsonencode({ Statement = [] })
  }
  lifecycle {
    ignore_changes = [name]
  }
}
"""
    assert objects(text)[".:aws_iam_role.r"].type == "AWS::IAM::Role"
    assert settings(text, "aws_iam_role.r") == {
        "RoleName": "ci",
        "MaxSessionDuration": 7200,
        "PermissionsBoundary": "${aws_iam_policy.b.arn}",
        "ManagedPolicyArns": ["a"],
        "AssumeRolePolicyDocument": {"Statement": [{"Principal": "*"}]},
        "Tags": {"owner_team": "x"},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": []}}],
    }


def test_one_where_a_list_is_meant_is_a_list() -> None:
    text = 'resource "aws_iam_instance_profile" "p" {\n  role = "r"\n}\n'
    assert settings(text, "aws_iam_instance_profile.p") == {"Roles": ["r"]}


def test_blocks_that_stand_once_are_maps() -> None:
    text = """
resource "aws_instance" "i" {
  metadata_options {
    http_tokens = "required"
  }
}
resource "aws_lambda_function" "f" {
  environment {
    variables = { my_key = "v" }
  }
}
resource "aws_launch_template" "t" {
  user_data = "x"
}
"""
    assert settings(text, "aws_instance.i") == {"MetadataOptions": {"HttpTokens": "required"}}
    assert settings(text, "aws_lambda_function.f") == {
        "Environment": {"Variables": {"my_key": "v"}}
    }
    assert settings(text, "aws_launch_template.t") == {"LaunchTemplateData": {"UserData": "x"}}


def test_containers_have_the_names_of_cloudformation() -> None:
    text = """
resource "aws_ecs_task_definition" "t" {
  container_definitions = jsonencode([{ name = "a", environment = [{ name = "K", value = "v" }] }])
}
"""
    assert settings(text, "aws_ecs_task_definition.t")["ContainerDefinitions"] == [
        {"Name": "a", "Environment": [{"Name": "K", "Value": "v"}]}
    ]


def test_arm_has_its_settings_under_properties() -> None:
    text = """
resource "azurerm_storage_account" "s" {
  name                      = "s"
  location                  = "west"
  shared_access_key_enabled = false
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.u.id]
  }
}
resource "azurerm_cognitive_account" "c" {
  local_auth_enabled = true
}
resource "azurerm_search_service" "u" {
  local_authentication_enabled = var.local
}
"""
    assert settings(text, "azurerm_storage_account.s") == {
        "name": "s",
        "location": "west",
        "properties": {"allowSharedKeyAccess": False},
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {"${azurerm_user_assigned_identity.u.id}": {}},
        },
    }
    assert settings(text, "azurerm_cognitive_account.c") == {
        "properties": {"disableLocalAuth": False}
    }
    assert settings(text, "azurerm_search_service.u") == {
        "properties": {"disableLocalAuth": "${var.local}"}
    }


def test_objects_of_kubernetes_are_kinds() -> None:
    text = """
resource "kubernetes_cluster_role_v1" "r" {
  metadata {
    name   = "r"
    labels = { app_name = "x" }
  }
  rule {
    api_groups = [""]
    resources  = ["secrets"]
    verbs      = ["get"]
  }
}
resource "kubernetes_deployment" "d" {
  spec {
    template {
      spec {
        service_account_name = "s"
        container {
          env {
            name = "K"
            value_from {
              secret_key_ref {
                name = "n"
                key  = "k"
              }
            }
          }
        }
      }
    }
  }
}
resource "kubernetes_manifest" "m" {
  manifest = { kind = "ServiceAccount", apiVersion = "v1", metadata = { name = "m" } }
}
"""
    found = objects(text)
    role = found[".:kubernetes_cluster_role_v1.r"]
    assert role.type == "ClusterRole"
    assert role.settings.plain() == {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "r", "labels": {"app_name": "x"}},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
    }
    pod = found[".:kubernetes_deployment.d"].settings.plain()["spec"]["template"]["spec"]
    reference = {"secretKeyRef": {"name": "n", "key": "k"}}
    assert pod == {
        "serviceAccountName": "s",
        "containers": [{"env": [{"name": "K", "valueFrom": reference}]}],
    }
    assert found[".:kubernetes_manifest.m"].type == "ServiceAccount"


def test_others_keep_their_own_words() -> None:
    text = """
resource "google_project_iam_member" "m" {
  role   = "roles/editor"
  member = "serviceAccount:${google_service_account.s.email}"
  condition {
    expression = "e"
  }
}
resource "google_compute_instance" "i" {
  network_interface {
    network = "n"
  }
}
"""
    assert settings(text, "google_project_iam_member.m") == {
        "role": "roles/editor",
        "member": "serviceAccount:${google_service_account.s.email}",
        "condition": {"expression": "e"},
    }
    assert settings(text, "google_compute_instance.i") == {"network_interface": [{"network": "n"}]}


def _tables() -> list[tuple[str, str, str]]:
    root = loader.builtin_root() / "known"
    files = [(path, path.read_bytes()) for path in root.glob("terraform-*.yaml")]
    return [
        (table.words, name, one.type)
        for table in loader.read(files).terraform
        for name, one in table.types.items()
    ]


@pytest.mark.parametrize(("words", "name", "type"), _tables())
def test_every_type_can_be_converted(words: str, name: str, type: str) -> None:
    (one,) = objects(f'resource "{name}" "x" {{\n  some_name = "v"\n}}\n').values()
    assert one.type == type
    expected = {"pascal": "SomeName", "camel": "someName", "arm": "properties"}
    assert expected[words] in one.settings.plain()
    assert type.count("::") == (2 if words == "pascal" else 0)
