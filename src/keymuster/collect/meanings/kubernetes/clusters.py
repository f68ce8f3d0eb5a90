"""Configuration files of a Kubernetes cluster's own parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.meanings import Meaning
from keymuster.collect.meanings.kubernetes.control_plane import resource, set_flag
from keymuster.collect.syntax.node import Node
from keymuster.model import Observation

_KUBELET = {
    "anonymous_auth": ("authentication", "anonymous", "enabled"),
    "client_ca_file": ("authentication", "x509", "clientCAFile"),
    "authentication_token_webhook": ("authentication", "webhook", "enabled"),
    "authorization_mode": ("authorization", "mode"),
    "read_only_port": ("readOnlyPort",),
    "rotate_certificates": ("rotateCertificates",),
}
"""The flag for each setting of a KubeletConfiguration."""

_KUBEADM = {
    "kube-apiserver": ("apiServer", "extraArgs"),
    "kube-controller-manager": ("controllerManager", "extraArgs"),
    "kube-scheduler": ("scheduler", "extraArgs"),
    "etcd": ("etcd", "local", "extraArgs"),
}


def _kubelet(one: Declared) -> Iterator[Observation]:
    flags: dict[str, Any] = {}
    for flag, path in _KUBELET.items():
        if text := one.text(*path):
            set_flag(flags, flag, text)
    yield resource("kubelet", one, one.settings, flags, managed=True)


def _kubeadm(one: Declared) -> Iterator[Observation]:
    for kind, path in _KUBEADM.items():
        arguments = one.get(*path)
        if arguments is None:
            continue
        flags: dict[str, Any] = {}
        for name, value in _arguments(arguments):
            set_flag(flags, name, value)
        yield resource(kind, one, arguments, flags, managed=True)


def _arguments(node: Node) -> Iterator[tuple[str, str]]:
    """A map, or since v1beta4 a list of names and values."""
    for key, value in node.entries():
        yield key, value.text()
    for item in node.items() if isinstance(node.value, list) else ():
        name, said = item.get("name"), item.get("value")
        if name and said:
            yield name.text(), said.text()


TYPES: dict[str, Meaning] = {
    "KubeletConfiguration": _kubelet,
    "ClusterConfiguration": _kubeadm,
}
