"""The rights that calls need, as a role of the cluster that holds no more than these."""

from __future__ import annotations

import re
from collections.abc import Iterable

CLUSTER_WIDE = frozenset((
    "namespaces", "clusterroles", "clusterrolebindings", "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations", "apiservices", "certificatesigningrequests",
))  # fmt: skip

_HEAD = """\
# kubectl apply -f - ; then let the scanner sign in as this service account (kubectl create token keymuster -n keymuster),
# or put the user or group that it signs in as among the subjects of the binding.
#
# RBAC cannot say "metadata only": whoever may list secrets may read them. keymuster asks for their metadata alone, so
# that the API server sends no value; it tells how old tokens of service accounts are, and whose. Take the rule away,
# and that is not looked at, and the report says so.
apiVersion: v1
kind: Namespace
metadata: {name: keymuster}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: keymuster, namespace: keymuster}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: keymuster}
rules:
"""

_TAIL = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: keymuster}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: keymuster}
subjects: [{kind: ServiceAccount, name: keymuster, namespace: keymuster}]
"""

_PARAMETERS = re.compile(r"\{.*")

OWN = "get namespaces"
"""Which cluster it is: the uid of the namespace kube-system."""


def needed(call: str) -> str:
    """The right that a call needs, in words that an administrator of a cluster knows."""
    verb, _, what = call.partition(" ")
    if what.startswith("/"):
        return f"{verb} on the URL {what} (system:service-account-issuer-discovery)"
    group, _, resource = what.rpartition("/")
    return f"{verb} on {resource}{f' of {group}' if group else ''}"


def role(calls: Iterable[str]) -> str:
    """Manifests of a role with all that calls need, and of a service account that has it."""
    verbs: dict[tuple[str, str], set[str]] = {}
    urls: set[str] = set()
    for call in {*calls, OWN}:
        verb, _, what = call.partition(" ")
        if what.startswith("/"):
            urls.add(_PARAMETERS.sub("*", what))
            continue
        group, _, resource = what.rpartition("/")
        verbs.setdefault((group, resource), set()).add(verb)
    by_right: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), asked in sorted(verbs.items()):
        by_right.setdefault((group, tuple(sorted(asked))), []).append(resource)
    lines = [
        f'  - {{apiGroups: ["{group}"], resources: [{", ".join(several)}], verbs: [{", ".join(asked)}]}}\n'
        for (group, asked), several in sorted(by_right.items())
    ]
    if urls:
        lines.append(
            f"  - {{nonResourceURLs: [{', '.join(map(_quoted, sorted(urls)))}], verbs: [get]}}\n"
        )
    return _HEAD + "".join(lines) + _TAIL.rstrip("\n")


def _quoted(url: str) -> str:
    return f'"{url}"' if "*" in url else url
