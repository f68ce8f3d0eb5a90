"""What workloads of Kubernetes mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keymuster.collect.readers.kubernetes import Kubernetes
from keymuster.model import Resource, Use
from reading import only, read, said

CONTAINERS = [{"name": "a", "image": "b"}]


def manifest(kind: str, spec: dict[str, Any], version: str = "v1") -> str:
    return json.dumps(
        {"apiVersion": version, "kind": kind, "metadata": {"name": "w", "namespace": "prod"}} | spec
    )


def pod(**spec: Any) -> str:
    return manifest("Pod", {"spec": {"containers": CONTAINERS} | spec})


def of(kind: str, text: str) -> list[Resource]:
    return [one for one in only(Resource, read(Kubernetes, "a.json", text)) if one.type == kind]


SPEC = {"serviceAccountName": "ci", "containers": CONTAINERS}


@pytest.mark.parametrize(
    ("kind", "version", "spec"),
    [
        ("Pod", "v1", {"spec": SPEC}),
        ("Deployment", "apps/v1", {"spec": {"template": {"spec": SPEC}}}),
        ("ReplicationController", "v1", {"spec": {"template": {"spec": SPEC}}}),
        ("Job", "batch/v1", {"spec": {"template": {"spec": SPEC}}}),
        ("CronJob", "batch/v1", {"spec": {"jobTemplate": {"spec": {"template": {"spec": SPEC}}}}}),
        ("Service", "serving.knative.dev/v1", {"spec": {"template": {"spec": SPEC}}}),
        ("Configuration", "serving.knative.dev/v1", {"spec": {"template": {"spec": SPEC}}}),
        ("PodTemplate", "v1", {"template": {"spec": SPEC}}),
    ],
)
def test_every_kind_that_makes_pods_uses_their_account(
    kind: str, version: str, spec: dict[str, Any]
) -> None:
    [use] = only(Use, read(Kubernetes, "a.json", manifest(kind, spec, version)))
    assert use.subject == "kubernetes:ServiceAccount/prod/ci"
    assert use.by == f"kubernetes:{kind}/prod/w"


def test_a_service_without_pods_is_no_workload() -> None:
    assert read(Kubernetes, "a.json", manifest("Service", {"spec": {"ports": []}})) == []


@pytest.mark.parametrize(
    ("spec", "account"),
    [({}, "default"), ({"serviceAccountName": ""}, "default"), ({"serviceAccount": "old"}, "old")],
)
def test_a_pod_that_names_no_account_has_the_default_one(
    spec: dict[str, Any], account: str
) -> None:
    [found] = of("Workload", pod(**spec))
    assert found.settings["service_account"] == account


def test_secrets_in_the_environment_are_named_with_their_place() -> None:
    env = [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "s", "key": "k"}}},
    ]
    container = {"name": "a", "env": env, "envFrom": [{"secretRef": {"name": "all"}}]}
    found = of("SecretInEnvironment", pod(containers=[container], initContainers=[container]))
    assert [(one.settings["variable"], one.settings["secret"]) for one in found] == [
        ("A", "s"), ("*", "all"), ("A", "s"), ("*", "all"),
    ]  # fmt: skip


def test_passwords_in_environment_and_command_are_credentials() -> None:
    container = {
        "name": "a", "env": [{"name": "DB_PASSWORD", "value": "letmein"}, {"name": "C_PASSWORD", "value": "$(P)"}],
        "args": ["--admin-password=letmein2", "--port=80"],
    }  # fmt: skip
    found = read(Kubernetes, "a.json", pod(containers=[container]))
    assert [name for name, _ in said(found)] == ["DB_PASSWORD", "admin-password"]


def test_static_cloud_keys_are_told_apart() -> None:
    env = [{"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    [found] = of("StaticCloudKey", pod(containers=[{"name": "a", "env": env}]))
    assert found.settings["variable"] == "AWS_ACCESS_KEY_ID"


def test_folders_of_the_host_and_projected_tokens_are_parts_of_a_pod() -> None:
    volumes = [
        {"name": "s", "hostPath": {"path": "/var/run/docker.sock"}},
        {
            "name": "t",
            "projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 9}}]},
        },
        {"name": "e", "emptyDir": {}},
    ]
    text = pod(volumes=volumes)
    assert [one.settings["path"] for one in of("HostPath", text)] == ["/var/run/docker.sock"]
    assert [one.settings for one in of("ProjectedToken", text)] == [{"expirationSeconds": 9}]


def test_parts_have_ids_of_their_own() -> None:
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}] * 3
    volumes = [{"name": "s", "hostPath": {"path": "/a"}}] * 2
    found = read(Kubernetes, "a.json", pod(containers=[{"name": "a", "env": env}], volumes=volumes))
    ids = [one.id for one in found]  # type: ignore[union-attr]
    assert len(ids) == len(set(ids))
