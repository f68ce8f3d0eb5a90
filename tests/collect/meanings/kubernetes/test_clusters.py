"""Parts of a cluster, however they are configured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keymuster.collect.readers.kubernetes import Kubernetes
from keymuster.model import Resource
from reading import only, read

PARTS = ("kube-apiserver", "kubelet", "etcd", "kube-controller-manager", "kube-scheduler")


def parts(text: str) -> dict[str, dict[str, Any]]:
    found = only(Resource, read(Kubernetes, "a.yaml", text))
    return {one.type: one.settings for one in found if one.type in PARTS}


def run(*command: str, args: list[str] | None = None) -> dict[str, dict[str, Any]]:
    container = {"name": "a", "image": "b", "command": list(command), "args": args or []}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container]}}  # fmt: skip
    return parts(json.dumps(pod, indent=1))


@pytest.mark.parametrize(
    ("command", "args"),
    [
        (["kube-apiserver", "--anonymous-auth=false"], []),
        (["/usr/local/bin/kube-apiserver"], ["--anonymous-auth=false"]),
        (["kube-apiserver", "--anonymous-auth", "false"], []),
        (["sh", "-c", "exec kube-apiserver --anonymous-auth=false"], []),
        (["hyperkube", "apiserver", "--anonymous-auth=false"], []),
        (["kube-apiserver", "--anonymous-auth='false'"], []),
    ],
)
def test_flags_are_read_however_they_are_written(command: list[str], args: list[str]) -> None:
    assert run(*command, args=args) == {
        "kube-apiserver": {"anonymous_auth": "false", "managed": False}
    }


def test_lists_are_lists_and_a_flag_alone_is_true() -> None:
    found = run("kubelet", "--authorization-mode=Webhook, RBAC", "--rotate-certificates")
    assert found["kubelet"]["authorization_mode"] == ["Webhook", "RBAC"]
    assert found["kubelet"]["rotate_certificates"] == "true"


def test_other_commands_are_no_part_of_a_cluster() -> None:
    assert run("nginx", "--kubelet=x") == {}
    assert run() == {}


def test_a_kubelet_configuration_says_the_same_in_other_words() -> None:
    text = """\
    apiVersion: kubelet.config.k8s.io/v1beta1
    kind: KubeletConfiguration
    authentication: {anonymous: {enabled: true}, x509: {clientCAFile: /ca.crt}}
    authorization: {mode: AlwaysAllow}
    readOnlyPort: 10255
    rotateCertificates: false
    """
    assert parts(text)["kubelet"] == {
        "anonymous_auth": "true", "client_ca_file": "/ca.crt", "authorization_mode": ["AlwaysAllow"],
        "read_only_port": "10255", "rotate_certificates": "false", "managed": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments", ["{anonymous-auth: 'true'}", "[{name: anonymous-auth, value: 'true'}]"]
)
def test_a_kubeadm_configuration_adds_flags(arguments: str) -> None:
    text = f"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: {{extraArgs: {arguments}}}\n"
    assert parts(text) == {"kube-apiserver": {"anonymous_auth": "true", "managed": True}}
