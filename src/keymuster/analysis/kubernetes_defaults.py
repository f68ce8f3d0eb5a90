"""What every cluster has without anybody's doing: roles and bindings that the API server and kubeadm make, and what
is dangerous about them.

A cluster puts back what somebody takes away from these, and leaves what somebody adds. So what is judged is what was
added: a right beyond those here, another subject, another role.

By the default policy that a server of 1.20 makes, and that the sources of later ones state (the test data of
`bootstrappolicy`). What a provider of clusters adds (`eks:*`, `gce:*`) is none of it.
"""

from __future__ import annotations

from keymuster.analysis.kubernetes_rules import ALL, Rule, dangers
from keymuster.model.kubernetes import local

_WORKING = frozenset(("change-workloads", "create-workloads"))
_EDIT = _WORKING | {
    "exec-into-pods", "forward-ports", "impersonate", "map-cloud-identities", "mint-tokens", "read-secrets",
    "write-secrets",
}  # fmt: skip
_MANAGER = frozenset(("mint-tokens", "read-secrets", "write-secrets"))
_COLLECTOR = _EDIT - {"create-workloads", "impersonate", "mint-tokens"} | {
    "add-debug-containers", "approve-certificates", "change-admission-webhooks", "change-roles", "reach-kubelets",
    "redirect-services", "sign-certificates",
}  # fmt: skip
"""Of what touches objects of every kind, such as owner references."""

_EVERYTHING = None
"""Stands for all dangers there are."""

_CONTROLLERS: dict[str, frozenset[str]] = {
    "certificate-controller": frozenset(("approve-certificates", "sign-certificates")),
    "clusterrole-aggregation-controller": frozenset(("change-roles", "escalate-roles")),
    "cronjob-controller": _WORKING,
    "daemon-set-controller": _WORKING,
    "deployment-controller": _WORKING,
    "expand-controller": frozenset(("read-secrets",)),
    "generic-garbage-collector": _COLLECTOR,
    "job-controller": _WORKING,
    "legacy-service-account-token-cleaner": frozenset(("write-secrets",)),
    "namespace-controller": frozenset(("exec-into-pods", "forward-ports", "reach-kubelets", "read-secrets")),
    "persistent-volume-binder": frozenset(("create-volumes", "create-workloads", "read-secrets")),
    "replicaset-controller": _WORKING,
    "replication-controller": _WORKING,
    "resourcequota-controller": frozenset(("read-secrets",)),
    "root-ca-cert-publisher": frozenset(("map-cloud-identities",)),
    "service-controller": frozenset(("redirect-services",)),
    "statefulset-controller": _WORKING,
    "storage-version-migrator-controller": _COLLECTOR,
}  # fmt: skip

_ROLES: dict[str, frozenset[str] | None] = {
    "ClusterRole/cluster-admin": _EVERYTHING,
    "ClusterRole/admin": _EDIT | {"change-roles"},
    "ClusterRole/edit": _EDIT,
    "ClusterRole/system:aggregate-to-admin": frozenset(("change-roles",)),
    "ClusterRole/system:aggregate-to-edit": _EDIT,
    "ClusterRole/system:kube-controller-manager": _MANAGER,
    "ClusterRole/system:kubelet-api-admin": frozenset(("reach-kubelets",)),
    "ClusterRole/system:persistent-volume-provisioner": frozenset(("create-volumes",)),
    "ClusterRole/system:node": frozenset(("create-workloads", "mint-tokens", "read-secrets")),
    "Role/kube-system/system:controller:bootstrap-signer": frozenset(("read-secrets",)),
    "Role/kube-system/system:controller:token-cleaner": frozenset(("read-secrets",)),
    **{f"ClusterRole/system:controller:{name}": known for name, known in _CONTROLLERS.items()},
}
"""Role -> its dangers. One that is not here has none."""

_WITH_ASTERISK = frozenset((
    "cluster-admin", "system:kube-controller-manager", "system:kubelet-api-admin",
    *(
        f"system:controller:{name}"
        for name in (
            "disruption-controller", "generic-garbage-collector", "horizontal-pod-autoscaler",
            "namespace-controller", "resourcequota-controller", "storage-version-migrator-controller",
        )
    ),
))  # fmt: skip
"""ClusterRoles some of whose rules have one."""

_BINDINGS: dict[str, tuple[str, frozenset[str]]] = {
    "ClusterRoleBinding/cluster-admin": ("ClusterRole/cluster-admin", frozenset(("system:masters",))),
    "ClusterRoleBinding/kubeadm:cluster-admins": (
        "ClusterRole/cluster-admin", frozenset(("kubeadm:cluster-admins",))
    ),
    "ClusterRoleBinding/system:kube-controller-manager": (
        "ClusterRole/system:kube-controller-manager", frozenset(("system:kube-controller-manager",))
    ),
    "RoleBinding/kube-system/system:controller:bootstrap-signer": (
        "Role/kube-system/system:controller:bootstrap-signer",
        frozenset(("ServiceAccount/kube-system/bootstrap-signer",)),
    ),
    "RoleBinding/kube-system/system:controller:token-cleaner": (
        "Role/kube-system/system:controller:token-cleaner",
        frozenset(("ServiceAccount/kube-system/token-cleaner",)),
    ),
    "RoleBinding/kube-public/kubeadm:bootstrap-signer-clusterinfo": (
        "Role/kube-public/kubeadm:bootstrap-signer-clusterinfo",
        frozenset(("system:anonymous",)),
    ),
}  # fmt: skip
"""Binding -> its role, and those whom it is for."""

_CONTROLLER = "ClusterRoleBinding/system:controller:"

_SHOWN_TO_ALL = Rule(verbs=("get",), resources=("/configmaps",), names=("cluster-info",))
"""All that kubeadm shows to whoever wants to join: where the cluster is, and its certificate authority."""


def beyond(role: str, rules: list[Rule]) -> list[str]:
    """The dangers of rules of a role that it has not in every cluster."""
    name = local(role)
    found = dangers(rules)
    known = _ROLES.get(name, frozenset())
    return [] if known is _EVERYTHING else [one for one in found if one not in known]


def is_default_rule(role: str, rule: Rule) -> bool:
    """Whether a rule brings nothing that the role lacks in other clusters, as far as that is of interest."""
    name = local(role)
    kind, _, called = name.partition("/")
    if name not in _ROLES and not (kind == "ClusterRole" and called in _WITH_ASTERISK):
        return False
    has_asterisk = ALL in rule.verbs or any(ALL in one for one in rule.resources)
    if has_asterisk and not (kind == "ClusterRole" and called in _WITH_ASTERISK):
        return False
    return not beyond(role, [rule])


def is_default_binding(binding: str, role: str, holder: str, rules: list[Rule] | None) -> bool:
    """Whether every cluster binds a role to a holder so, and it has nothing to show to strangers but what it has
    everywhere."""
    name = local(binding).partition("#")[0]
    who, what = local(holder), local(role)
    if name.startswith(_CONTROLLER):
        controller = name.removeprefix(_CONTROLLER)
        return (what, who) == (
            f"ClusterRole/system:controller:{controller}", f"ServiceAccount/kube-system/{controller}",
        )  # fmt: skip
    known = _BINDINGS.get(name)
    if known is None or known[0] != what or who not in known[1]:
        return False
    return (
        who != "system:anonymous"
        or rules is None
        or [Rule(verbs=one.verbs, resources=one.resources, names=one.names) for one in rules]
        == [_SHOWN_TO_ALL]
    )
