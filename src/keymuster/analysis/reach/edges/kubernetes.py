"""From a service account of Kubernetes to others and to secrets: by running pods as them, by making their tokens,
by reading secrets; in the namespaces where it may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from keymuster.analysis.kubernetes_rbac import PROVIDER, effective
from keymuster.analysis.kubernetes_roles import Roles
from keymuster.analysis.kubernetes_rules import dangers
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Identity, IdentityKind

BECOMES = Kind(
    "takes-over-accounts", "{start} acts as {to} ({way})", "Take from {start} what {way} needs"
)
READS = Kind("reads-secrets", "{start} reads {to}", "Take from {start} the right to read secrets")
IN = Kind("in-namespace", "{start} includes {to}")

_BECOMES = (
    "impersonate",
    "mint-tokens",
    "create-workloads",
    "change-workloads",
    "exec-into-pods",
    "add-debug-containers",
)
"""Dangers by which one acts as any account of a namespace."""
_ONLY_RUNNING = ("exec-into-pods", "add-debug-containers", "change-workloads")
"""Of those, ways that lead to the accounts that pods run as."""


def edges(basis: Basis) -> Iterator[Node | Edge]:
    inventory = basis.inventory
    accounts = [
        one
        for one in basis.of(Identity)
        if one.provider == PROVIDER and one.kind is IdentityKind.SERVICE_ACCOUNT
    ]
    if not accounts:
        return
    spaces = sorted({one.account for one in accounts})
    yield from (_accounts(""), *map(_accounts, spaces))
    for one in accounts:
        used = bool(inventory.uses(one.id))
        doubt = "" if used else "no pod was seen that runs as it"
        yield Edge(_accounts(one.account).id, one.id, IN, (one.id,), doubt)
    for space in spaces:
        yield Edge(_accounts("").id, _accounts(space).id, IN)
    yield from _rights(accounts, basis)


def _rights(accounts: list[Identity], basis: Basis) -> Iterator[Node | Edge]:
    roles = Roles(basis.inventory)
    for one in accounts:
        if not basis.told(one.id).get("dangers"):
            continue
        by_space = defaultdict(list)
        for rule in effective(one, basis.inventory, roles).rules:
            by_space[rule.namespace].append(rule)
        bindings = tuple(grant.id for grant in basis.inventory.grants(one.id))
        for space, rules in by_space.items():
            brought = dangers(rules)
            ways = [way for way in _BECOMES if way in brought]
            if ways:
                way = next((each for each in ways if each not in _ONLY_RUNNING), ways[0])
                yield Edge(one.id, _accounts(space).id, BECOMES, bindings, "", way)
            if "read-secrets" in brought:
                secrets = _secrets(space)
                yield secrets
                yield Edge(one.id, secrets.id, READS, bindings)


def _accounts(space: str) -> Node:
    where = f"namespace {space}" if space else "the cluster"
    return Node(
        id=f"accounts:{PROVIDER}:{space}", kind="accounts", name=f"the service accounts of {where}",
        group=True,
    )  # fmt: skip


def _secrets(space: str) -> Node:
    where = f"namespace {space}" if space else "the cluster"
    return Node(
        id=f"secrets:{PROVIDER}:{space}",
        kind="secrets",
        name=f"the secrets of {where}",
        jewel="secrets",
    )
