"""From a service account of Kubernetes to others and to secrets: by running pods as them, by making their tokens,
by reading secrets, and the tokens among these; in the namespaces where it may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product

from keymuster.analysis.kubernetes_rbac import effective
from keymuster.analysis.kubernetes_roles import Roles
from keymuster.analysis.kubernetes_rules import Request, Rule, covers, dangers
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Credential, Identity, IdentityKind
from keymuster.model.kubernetes import PROVIDER, cluster_of, local

BECOMES = Kind(
    "takes-over-accounts", "{start} acts as {to} ({way})", "Take from {start} what {way} needs"
)
READS = Kind("reads-secrets", "{start} reads {to}", "Take from {start} the right to read secrets")
HOLD = Kind(
    "token-in-secret", "{start} hold {to}", "Delete {to}: its account can have tokens that end"
)
IN = Kind("in-namespace", "{start} includes {to}")

_BECOMES = (
    "impersonate",
    "mint-tokens",
    "create-workloads",
    "change-workloads",
    "exec-into-pods",
    "add-debug-containers",
    "reach-kubelets",
)
"""Dangers by which one acts as any account of a namespace."""
_ONLY_RUNNING = ("exec-into-pods", "add-debug-containers", "change-workloads", "reach-kubelets")
"""Of those, ways that lead to the accounts that pods run as."""

_ONE = {
    "impersonate": ("impersonate", "/serviceaccounts"),
    "mint-tokens": ("create", "/serviceaccounts/token"),
}
"""Those that a rule may allow for accounts that it names."""


def edges(basis: Basis) -> Iterator[Node | Edge]:
    inventory = basis.inventory
    accounts = [
        one
        for one in basis.of(Identity)
        if one.provider == PROVIDER and one.kind is IdentityKind.SERVICE_ACCOUNT
    ]
    if not accounts:
        return
    homes = sorted({cluster_of(one.id) for one in accounts})
    spaces = sorted({(cluster_of(one.id), one.account) for one in accounts})
    yield from (_accounts(home, "") for home in homes)
    yield from (_accounts(home, space) for home, space in spaces)
    for one in accounts:
        used = bool(inventory.uses(one.id))
        doubt = "" if used else "no pod was seen that runs as it"
        yield Edge(_accounts(cluster_of(one.id), one.account).id, one.id, IN, (one.id,), doubt)
    for home, space in spaces:
        yield Edge(_accounts(home, "").id, _accounts(home, space).id, IN)
    yield from _rights(accounts, basis)
    yield from _tokens(basis)


def _rights(accounts: list[Identity], basis: Basis) -> Iterator[Node | Edge]:
    roles = Roles(basis.inventory)
    named = defaultdict(list)
    for one in accounts:
        named[cluster_of(one.id), one.name].append(one)
    for one in accounts:
        told = basis.told(one.id)
        if not told.get("dangers") and not told.get("is_bound"):
            continue
        by_space = defaultdict(list)
        for rule in effective(one, basis.inventory, roles).rules:
            by_space[rule.namespace].append(rule)
        bindings = tuple(grant.id for grant in basis.inventory.grants(one.id))
        home = cluster_of(one.id)
        yield from _named(one, by_space, bindings, named)
        for space, rules in by_space.items():
            brought = dangers(rules)
            ways = [way for way in _BECOMES if way in brought]
            if ways:
                way = next((each for each in ways if each not in _ONLY_RUNNING), ways[0])
                yield Edge(one.id, _accounts(home, space).id, BECOMES, bindings, "", way)
            if "read-secrets" in brought:
                secrets = _secrets(home, space)
                yield secrets
                yield Edge(one.id, secrets.id, READS, bindings)


def _named(
    one: Identity,
    by_space: Mapping[str, list[Rule]],
    bindings: tuple[str, ...],
    named: Mapping[tuple[str, str], list[Identity]],
) -> Iterator[Edge]:
    """To accounts that a rule names: those of its namespace, and of every one if it holds everywhere."""
    for space, rules in by_space.items():
        names = sorted({name for rule in rules for name in rule.names})
        for (way, (verb, resource)), name in product(_ONE.items(), names):
            if any(
                covers(rule, Request(verb=verb, resource=resource, name=name)) for rule in rules
            ):
                for other in named.get((cluster_of(one.id), name), ()):
                    if other.id != one.id and space in ("", other.account):
                        yield Edge(one.id, other.id, BECOMES, bindings, "", way)


def _tokens(basis: Basis) -> Iterator[Node | Edge]:
    """From secrets to those of them that hold a token of an account."""
    for one in basis.of(Credential):
        kind, _, account = local(one.identity or "").partition("/")
        if one.tags.get("declared_as") == "service-account-token" and kind == "ServiceAccount":
            for space in ("", account.partition("/")[0]):
                secrets = _secrets(cluster_of(one.identity or ""), space)
                yield secrets
                yield Edge(secrets.id, one.id, HOLD, (one.id,))


def _accounts(home: str, space: str) -> Node:
    return Node(
        id=_id("accounts", home, space), kind="accounts",
        name=f"the service accounts of {_where(home, space)}", group=True,
    )  # fmt: skip


def _secrets(home: str, space: str) -> Node:
    return Node(
        id=_id("secrets", home, space), kind="secrets", name=f"the secrets of {_where(home, space)}",
        jewel="secrets",
    )  # fmt: skip


def _id(kind: str, home: str, space: str) -> str:
    """One for what files declare, and one for each cluster that was asked."""
    return f"{kind}:{PROVIDER}:{home}/{space}" if home else f"{kind}:{PROVIDER}:{space}"


def _where(home: str, space: str) -> str:
    where = f"namespace {space}" if space else "the cluster"
    return f"{where} ({home})" if home else where
