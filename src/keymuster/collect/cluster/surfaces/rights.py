"""Roles, and who is bound to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.cluster.objects import told
from keymuster.collect.cluster.scope import Scope

_GROUP = "rbac.authorization.k8s.io"
_KINDS = {
    "roles": "Role",
    "clusterroles": "ClusterRole",
    "rolebindings": "RoleBinding",
    "clusterrolebindings": "ClusterRoleBinding",
}


def _of(resource: str) -> Callable[[Scope], Iterator[Told]]:
    def look(ask: Scope) -> Iterator[Told]:
        for one in ask.listed(f"list {_GROUP}/{resource}"):
            yield told(ask, _KINDS[resource], one)

    return look


SURFACES = tuple(
    Surface(
        name=resource,
        calls=(f"list {_GROUP}/{resource}",), types=(kind,), look=_of(resource), always=True,
    )
    for resource, kind in _KINDS.items()
)  # fmt: skip
