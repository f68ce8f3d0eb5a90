"""Service accounts, with what the namespaces around them say, and who issues their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.cluster.objects import told
from keymuster.collect.cluster.scope import Scope
from keymuster.collect.meanings.kubernetes.access import CLUSTER, ISSUER, OF_NAMESPACE

_NAMESPACES = "list namespaces"
_ACCOUNTS = "list serviceaccounts"
_ISSUER = "get /.well-known/openid-configuration"


def accounts(ask: Scope) -> Iterator[Told]:
    around = {one["metadata"]["name"]: _said(one) for one in ask.listed(_NAMESPACES)}
    for name in ask.session.namespaces:  # of one that is not there, a cluster gives empty lists
        if name not in around and not ask.failures:
            ask.unseen(
                f"there is no namespace {name}",
                "See --namespaces: kubectl get namespaces lists them.",
            )
    issuer = _issuer(ask)
    for one in ask.listed(_ACCOUNTS):
        space = one["metadata"].get("namespace", "")
        more = {OF_NAMESPACE: around.get(space), ISSUER: issuer, CLUSTER: ask.name}
        yield told(ask, "ServiceAccount", one, more)


_OF_CLUSTER = ("kubernetes.io/", "k8s.io/")


def _said(one: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What people wrote on a namespace, and not the cluster itself."""
    metadata = one["metadata"]
    return {
        key: {
            name: text
            for name, text in (metadata.get(key) or {}).items()
            if not any(mark in name for mark in _OF_CLUSTER)
        }
        for key in ("labels", "annotations")
    }


def _issuer(ask: Scope) -> str:
    """By whom clouds know tokens of this cluster. One that is an address inside the cluster is that of many."""
    found = ask.answer(_ISSUER, "404") or {}
    issuer = str(found.get("issuer", "")) if isinstance(found, dict) else ""
    return issuer if issuer.startswith("https://") and not _is_inside(issuer) else ""


def _is_inside(issuer: str) -> bool:
    host = issuer.removeprefix("https://").partition("/")[0].partition(":")[0]
    return host.startswith("kubernetes.default") or host.endswith((".local", ".svc"))


SURFACES = (
    Surface(
        name="service-accounts", calls=(_NAMESPACES, _ACCOUNTS, _ISSUER), types=("ServiceAccount", "KubernetesCluster"),
        look=accounts, always=True,
    ),
)  # fmt: skip
