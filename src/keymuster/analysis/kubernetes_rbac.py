"""What follows for Kubernetes: what its service accounts may do by all their bindings, who shares one,
and where a token lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from keymuster.analysis.known import Known
from keymuster.analysis.kubernetes_defaults import beyond, is_default_binding, is_default_rule
from keymuster.analysis.kubernetes_roles import Roles, rule_of
from keymuster.analysis.kubernetes_rules import Rule, dangers
from keymuster.analysis.privilege import Level
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Grant, Identity, Resource, Use
from keymuster.model.kubernetes import PROVIDER, cluster_of, local
from keymuster.model.kubernetes import called as named
from keymuster.model.unknown import is_unknown
from keymuster.settings import Settings


class Effective(Struct, frozen=True, kw_only=True):
    """Rules, each in the namespace where it is bound, and whether they are all there are. Those that were `added` are
    given to this account, and no rights that it has in every cluster."""

    rules: tuple[Rule, ...]
    all_known: bool
    added: tuple[Rule, ...] = ()


def effective(identity: Identity, inventory: Inventory, roles: Roles) -> Effective:
    """Everything that a service account may do, itself and as one of its groups."""
    cluster = cluster_of(identity.id)
    groups = (
        "system:authenticated", "system:serviceaccounts",
        f"system:serviceaccounts:{identity.account}",
    )  # fmt: skip
    found: list[Rule] = []
    added: list[Rule] = []
    all_known = True
    for holder in (identity.id, *(named(one, cluster) if cluster else one for one in groups)):
        for binding in inventory.grants(holder):
            if not binding.via or binding.provider != PROVIDER:
                continue
            place = str(binding.conditions.get("namespace", ""))
            rules = roles.rules(binding.via)
            all_known = all_known and rules is not None
            here = [replace(rule, namespace=place) for rule in rules or ()]
            found += here
            if holder != identity.id:  # what all accounts may is told of the binding of their group
                continue
            is_default = _is_default(binding, rules)
            added += (one for one in here if not is_default or beyond(binding.via, [one]))
    return Effective(rules=tuple(found), all_known=all_known, added=tuple(added))


def _is_default(binding: Grant, rules: list[Rule] | None) -> bool:
    """Whether every cluster has this binding; nobody declares those in files without meaning them."""
    return bool(cluster_of(binding.id)) and is_default_binding(
        binding.id, binding.via, binding.identity, rules
    )


_ANY_RIGHT = {
    "everything",
    "escalate-roles",
    "bind-roles",
    "impersonate",
    "mint-tokens",
    "map-cloud-identities",
}
"""Dangers by which one who has them in the whole cluster can give itself all there is."""

_LOOKING = {"get", "list", "watch"}


def privilege(has: Effective) -> Level:
    """How much a service account may do."""
    everywhere = [rule for rule in has.rules if not rule.namespace]
    if not _ANY_RIGHT.isdisjoint(dangers(everywhere)):
        return Level.ADMIN
    if not has.all_known:
        return Level.UNKNOWN
    if any(not _LOOKING.issuperset(rule.verbs) for rule in has.rules):
        return Level.WRITE
    return Level.READ if has.rules else Level.NONE


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """What follows for grants, service accounts, their uses and workloads of Kubernetes."""
    roles = Roles(inventory)
    found: dict[str, dict[str, Any]] = {}
    for grant in inventory.of(Grant):
        if grant.provider == PROVIDER:
            found[grant.id] = dict(_of_grant(grant, inventory, roles))
    unseen = _unseen(inventory)
    for identity in inventory.of(Identity):
        if identity.provider == PROVIDER:
            has = effective(identity, inventory, roles)
            holes = unseen.get(cluster_of(identity.id), frozenset())
            if not _BINDING.isdisjoint(holes):
                has = replace(has, all_known=False)
            found[identity.id] = {
                "privilege": str(privilege(has)),
                "dangers": dangers(has.rules),
                "cluster_dangers": dangers(rule for rule in has.added if not rule.namespace),
                "is_used": bool(inventory.uses(identity.id)) or not _RUNNING.isdisjoint(holes),
                "is_bound": bool(inventory.grants(identity.id)) or not _BINDING.isdisjoint(holes),
            }
    found |= _of_uses(inventory)
    found |= {id: {"token_mounted": value} for id, value in _mounted(inventory)}
    return found


CLUSTER = "KubernetesCluster"
"""The type of the resource that stands for a cluster that was asked."""

_BINDING = frozenset(("rolebindings", "clusterrolebindings"))
_RUNNING = frozenset((
    "pods", "deployments", "statefulsets", "daemonsets", "replicasets", "replicationcontrollers", "jobs",
    "other-workloads",
))  # fmt: skip


def _unseen(inventory: Inventory) -> dict[str, frozenset[str]]:
    """Cluster -> the parts of it that were not seen: of what uses an account nobody knows then that it does not. If
    only some namespaces were looked at, nobody knows it either."""
    return {
        str(one.settings.get("uid", "")): frozenset((
            *(one.settings.get("unseen") or ()),
            *(_BINDING if one.settings.get("namespaces") else ()),
        ))
        for one in inventory.of(Resource)
        if one.type == CLUSTER
    }  # fmt: skip


def _of_grant(grant: Grant, inventory: Inventory, roles: Roles) -> Iterator[tuple[str, Any]]:
    place = str(grant.conditions.get("namespace", ""))
    is_live = bool(cluster_of(grant.id))
    yield "holder", called(grant.identity, inventory)
    yield "cluster_wide", not place
    if not grant.via:
        rule = rule_of(grant)
        yield "dangers", beyond(grant.identity, [rule]) if is_live else dangers([rule])
        yield "by_default", is_live and is_default_rule(grant.identity, rule)
        return
    is_role = not is_live or local(grant.via).startswith(("Role/", "ClusterRole/"))
    rules = roles.rules(grant.via) if is_role else roles.of_group(grant.via)
    is_default = _is_default(grant, rules)
    yield "by_default", is_default
    yield "dangers", beyond(grant.via, rules or []) if is_default else dangers(rules or ())
    is_open = rules is None and is_unknown(grant.via)
    yield "role", UNKNOWN if is_open else called(grant.via, inventory)
    kind, _, home = called(grant.identity, inventory).partition("/")
    home = home.partition("/")[0]
    if kind == "ServiceAccount" and place and not is_unknown(place) and not is_unknown(home):
        yield "cross_namespace", home != place


def called(id: str, inventory: Inventory) -> str:
    """What people call a holder: `ServiceAccount/prod/app`, `ClusterRole/view`, a user or group."""
    record = inventory.records.get(id)
    if isinstance(record, Identity | Resource) and record.aliases:
        id = record.aliases[0]
    return local(id)


def _of_uses(inventory: Inventory) -> dict[str, dict[str, Any]]:
    """Who else consumes what a workload, or a service account, consumes."""
    consumers: dict[str, dict[str, Use]] = {}
    for use in inventory.of(Use):
        if _is_by_workload(use, inventory) and not is_unknown(use.subject):
            consumers.setdefault(use.subject, {})[use.by] = use
    found = {}
    for subject, uses in consumers.items():
        names = sorted({called(by, inventory) for by in uses})
        spaces = sorted({space for by in uses if (space := _space(by, inventory))})
        for use in uses.values():
            found[use.id] = {
                "subject_name": called(subject, inventory),
                "consumers": names,
                "namespaces": spaces,
            }
    return found


def _space(by: str, inventory: Inventory) -> str:
    """The namespace of a consumer, and its cluster, where one is known: a namespace of another is another one."""
    name, cluster = called(by, inventory), cluster_of(by)
    if name.count("/") != 2:
        return ""
    space = name.split("/")[1]
    return f"{space} of {_name_of(cluster, inventory)}" if cluster else space


def _name_of(cluster: str, inventory: Inventory) -> str:
    record = inventory.records.get(named("cluster", cluster))
    return record.name if isinstance(record, Resource) else cluster


def _is_by_workload(use: Use, inventory: Inventory) -> bool:
    """Whether one of Kubernetes consumes it, whatever language declares that one."""
    record = inventory.records.get(use.by)
    return use.by.startswith(f"{PROVIDER}:") or (
        isinstance(record, Resource) and record.type == "Workload"
    )


def _mounted(inventory: Inventory) -> Iterator[tuple[str, str]]:
    """Whether a pod finds a token of its service account: the pod decides, then the account."""
    accounts = {
        alias: identity
        for identity in inventory.of(Identity)
        if identity.provider == PROVIDER
        for alias in identity.aliases
    }
    uses = {use.by: use.subject for use in inventory.of(Use) if _is_by_workload(use, inventory)}
    for resource in inventory.of(Resource):
        if resource.type != "Workload":
            continue
        if resource.settings.get("control_plane"):  # run by the kubelet, which mounts no token
            yield resource.id, "no"
            continue
        said = str(resource.settings.get("automount", ""))
        subject = next((uses[by] for by in (resource.id, *resource.aliases) if by in uses), "")
        account = inventory.records.get(subject) or accounts.get(subject)
        if not said and isinstance(account, Identity):
            said = account.tags.get("automount", "")
        yield resource.id, UNKNOWN if is_unknown(said) else "no" if said == "false" else "yes"
