"""What objects of Kubernetes are called in records.

What a file declares is called by its kind and its place, `kubernetes:Role/prod/reader`, in whatever cluster that
will be. What exists in a cluster that was asked has the cluster before that, which is known by the uid of its
namespace kube-system: `kubernetes:0f1e6d2c-...:Role/prod/reader`. So the names of two clusters never meet.
"""

from __future__ import annotations

import re

PROVIDER = "kubernetes"

CONTROLLERS = frozenset((
    "attachdetach-controller", "bootstrap-signer", "certificate-controller", "cloud-provider",
    "clusterrole-aggregation-controller", "cronjob-controller", "daemon-set-controller", "deployment-controller",
    "device-taint-eviction-controller", "disruption-controller", "endpoint-controller", "endpointslice-controller",
    "endpointslicemirroring-controller", "ephemeral-volume-controller", "expand-controller", "generic-garbage-collector",
    "horizontal-pod-autoscaler", "job-controller", "legacy-service-account-token-cleaner", "namespace-controller",
    "node-controller", "persistent-volume-binder", "pod-garbage-collector", "pv-protection-controller",
    "pvc-protection-controller", "replicaset-controller", "replication-controller", "resource-claim-controller",
    "resourcequota-controller", "root-ca-cert-publisher", "route-controller", "selinux-warning-controller",
    "service-account-controller", "service-cidrs-controller", "service-controller", "statefulset-controller",
    "storage-version-migrator-controller", "token-cleaner", "ttl-after-finished-controller", "ttl-controller",
    "validatingadmissionpolicy-status-controller", "volumeattributesclass-protection-controller",
))  # fmt: skip
"""The service accounts in kube-system that controllers of the control plane itself sign in as: the cluster makes them,
and makes them again if somebody deletes them."""

_IN_CLUSTER = re.compile(
    r"kubernetes:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(.+)", re.DOTALL
)


def called(name: str, cluster: str = "") -> str:
    """How records speak of something: of what a cluster has, or of what files declare if there is none."""
    return f"{PROVIDER}:{cluster}:{name}" if cluster else f"{PROVIDER}:{name}"


def cluster_of(id: str) -> str:
    """The cluster that an id is of; empty for what is not of one that was asked."""
    found = _IN_CLUSTER.match(id)
    return found[1] if found else ""


def local(id: str) -> str:
    """What it is called inside its cluster: `Role/prod/reader`, `system:masters`."""
    found = _IN_CLUSTER.match(id)
    return found[2] if found else id.removeprefix(f"{PROVIDER}:")


_BY_ISSUER = re.compile(r"kubernetes:([^:/]+(?::\d+)?(?:/[^:]*)?):ServiceAccount/(.+)")


def issuer_of(alias: str) -> tuple[str, str]:
    """The issuer and the account that an alias of `by_issuer` names; empty if it is another one."""
    found = None if cluster_of(alias) else _BY_ISSUER.fullmatch(alias)
    return (found[1], found[2]) if found and "." in found[1] else ("", "")


def by_issuer(issuer: str, namespace: str, account: str) -> str:
    """What clouds know a service account by: who issues its tokens, and what these say of it."""
    address = issuer.removeprefix("https://").rstrip("/")
    return f"{PROVIDER}:{address}:ServiceAccount/{namespace}/{account}"
