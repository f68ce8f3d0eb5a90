"""What a role of Kubernetes allows: its own rules, those of roles that it gathers by their labels, and
those of roles that every cluster brings along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from keymuster.analysis.kubernetes_rules import ALL, MASTERS, RBAC, WORKLOADS, Rule
from keymuster.inventory.build import Inventory
from keymuster.model import Grant, Resource
from keymuster.model.kubernetes import called, cluster_of, local

_EDIT = (
    Rule(
        verbs=("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"),
        resources=(
            *WORKLOADS, "/secrets", "/configmaps", "/services", "/serviceaccounts", "/pods/exec",
            "/pods/attach", "/pods/portforward", "/pods/proxy", "/services/proxy",
        ),
    ),
    Rule(verbs=("impersonate",), resources=("/serviceaccounts",)),
    Rule(verbs=("create",), resources=("/serviceaccounts/token",)),
)  # fmt: skip

BUILT_IN: dict[str, tuple[Rule, ...]] = {
    "kubernetes:ClusterRole/cluster-admin": (Rule(verbs=(ALL,), resources=("*/*", "url:*")),),
    "kubernetes:ClusterRole/edit": _EDIT,
    "kubernetes:ClusterRole/admin": (
        *_EDIT,
        Rule(
            verbs=("get", "list", "watch", "create", "update", "patch", "delete"),
            resources=(f"{RBAC}/roles", f"{RBAC}/rolebindings"),
        ),
    ),
    "kubernetes:ClusterRole/view": (
        Rule(
            verbs=("get", "list", "watch"),
            resources=(*WORKLOADS, "/configmaps", "/services", "/serviceaccounts"),
        ),
    ),
    "kubernetes:ClusterRole/system:node-bootstrapper": (
        Rule(
            verbs=("create", "get", "list", "watch"),
            resources=("certificates.k8s.io/certificatesigningrequests",),
        ),
    ),
    "kubernetes:ClusterRole/system:auth-delegator": (
        Rule(
            verbs=("create",),
            resources=(
                "authentication.k8s.io/tokenreviews",
                "authorization.k8s.io/subjectaccessreviews",
            ),
        ),
    ),
}
"""Roles that a cluster brings along and no file declares, as far as dangers go."""


_LABEL = f"{RBAC}/aggregate-to-"

_GATHERED: dict[str, tuple[Mapping[str, str], ...]] = {
    f"kubernetes:ClusterRole/{name}": tuple({f"{_LABEL}{one}": "true"} for one in below)
    for name, below in {
        "view": ["view"],
        "edit": ["view", "edit"],
        "admin": ["view", "edit", "admin"],
    }.items()
}
"""What roles of every cluster gather, and by which labels; each has what the one below it has."""

_CLUSTER_ROLE = "kubernetes:ClusterRole/"

HOLDER = "ClusterRoleHolder"
"""The type of the resource that stands for a role; its settings are the labels of the role, and those
by which it gathers others (`aggregates`)."""


class Roles:
    """What each role allows, by what an inventory declares, and by what each cluster has that was asked."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._labelled = [
            one
            for one in inventory.of(Resource)
            if one.type == HOLDER and one.settings["labels"] and not cluster_of(one.id)
        ]
        self._found: dict[str, list[Rule] | None] = {}

    def rules(self, role: str) -> list[Rule] | None:
        """None for a role that nobody declares and not every cluster has."""
        if role not in self._found:
            self._found[role] = self._rules(role)
        return self._found[role]

    def of_group(self, group: str) -> list[Rule] | None:
        """All that the roles of a group in a cluster allow; None if one of them is not known."""
        if local(group) == MASTERS:
            return list(BUILT_IN[f"{_CLUSTER_ROLE}cluster-admin"])
        found: list[Rule] = []
        for binding in self._inventory.grants(group):
            rules = self.rules(binding.via)
            if rules is None:
                return None
            found += rules
        return found

    def _rules(self, role: str) -> list[Rule] | None:
        own = self._own(role)
        if own is None:
            return None
        return [*own, *(rule for other in self._gathered(role) for rule in self._own(other) or ())]

    def _own(self, role: str) -> list[Rule] | None:
        declared = [grant for grant in self._inventory.grants(role) if not grant.via]
        if declared or role in self._inventory.records:
            return [rule_of(grant) for grant in declared]
        everywhere = BUILT_IN.get(called(local(role)))
        return None if everywhere is None else list(everywhere)

    def _gathered(self, role: str) -> Iterator[str]:
        """The roles whose rules a role gathers, and those that they gather."""
        seen, open_ = {role}, [role]
        while open_:
            for labels in self._asks(open_.pop()):
                for one in self._labelled:
                    if one.id not in seen and labels.items() <= one.settings["labels"].items():
                        seen.add(one.id)
                        open_.append(one.id)
                        yield one.id

    def _asks(self, role: str) -> Iterable[Mapping[str, str]]:
        record = self._inventory.records.get(role)
        if isinstance(record, Resource) and record.type == HOLDER:
            asked: list[Mapping[str, str]] = record.settings["aggregates"]
            return asked
        return _GATHERED.get(role, ())


def rule_of(grant: Grant) -> Rule:
    """The rule that a grant was made from."""
    return Rule(
        verbs=grant.actions,
        resources=grant.resources,
        names=tuple(map(str, grant.conditions.get("resourceNames", ()))),
        namespace=str(grant.conditions.get("namespace", "")),
    )
