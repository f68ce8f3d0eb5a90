"""What Kubernetes lets its service accounts do: RBAC, evaluated as the API server does.

Rules only ever allow. A rule covers a request if its verbs, its API groups with their resources, and
its names all do; a binding in a namespace hands on what a role allows there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Grant, Identity, Resource, Use
from keymuster.model.unknown import is_unknown
from keymuster.settings import Settings

PROVIDER = "kubernetes"
ALL = "*"

_RBAC = "rbac.authorization.k8s.io"


class Rule(Struct, frozen=True, kw_only=True):
    """What a rule of a role allows, in one namespace or, without one, everywhere. Resources are
    `group/resource` or `group/resource/subresource`; of the core group, `/pods`."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...] = ()
    namespace: str = ""


class Request(Struct, frozen=True, kw_only=True):
    """What somebody asks the API server for. Without a `name` it is about all of a kind."""

    verb: str
    resource: str
    name: str = ""


def covers(rule: Rule, request: Request) -> bool:
    """Whether a rule allows a request in its namespace."""
    return (
        (ALL in rule.verbs or request.verb in rule.verbs)
        and (not rule.names or (request.name != "" and request.name in rule.names))
        and any(_matches(pattern, request.resource) for pattern in rule.resources)
    )


def _matches(pattern: str, resource: str) -> bool:
    """`*` is any group or resource, `*/scale` any with that subresource; there are no other patterns."""
    if pattern.startswith("url:") or resource.startswith("url:"):
        return pattern == resource or (pattern[-1:] == ALL and resource.startswith(pattern[:-1]))
    group, _, kind = pattern.partition("/")
    asked_group, _, asked = resource.partition("/")
    if group not in (ALL, asked_group):
        return False
    if kind in (ALL, asked):
        return True
    _, slash, subresource = asked.partition("/")
    return slash != "" and kind == f"*/{subresource}"


# --- what is dangerous ------------------------------------------------------------------------

_WORKLOADS = (
    "/pods", "/replicationcontrollers", "apps/deployments", "apps/statefulsets", "apps/daemonsets",
    "apps/replicasets", "batch/jobs", "batch/cronjobs",
)  # fmt: skip


def _requests(verbs: Iterable[str], resources: Iterable[str]) -> tuple[Request, ...]:
    resources = tuple(resources)
    return tuple(Request(verb=verb, resource=one) for verb in verbs for one in resources)


DANGERS: dict[str, tuple[Request, ...]] = {
    "escalate-roles": _requests(["escalate"], [f"{_RBAC}/roles", f"{_RBAC}/clusterroles"]),
    "bind-roles": _requests(["bind"], [f"{_RBAC}/roles", f"{_RBAC}/clusterroles"]),
    "change-roles": _requests(
        ["create", "update", "patch"],
        [f"{_RBAC}/{kind}" for kind in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")],
    ),
    "impersonate": _requests(
        ["impersonate"],
        ["/users", "/groups", "/serviceaccounts", "authentication.k8s.io/uids",
         "authentication.k8s.io/userextras"],
    ),
    "mint-tokens": _requests(["create"], ["/serviceaccounts/token"]),
    "read-secrets": _requests(["get", "list", "watch"], ["/secrets"]),
    "write-secrets": _requests(["create", "update", "patch"], ["/secrets"]),
    "exec-into-pods": _requests(
        ["create", "get"], ["/pods/exec", "/pods/attach"]
    ),
    "forward-ports": _requests(["create", "get"], ["/pods/portforward"]),
    "add-debug-containers": _requests(["update", "patch"], ["/pods/ephemeralcontainers"]),
    "reach-kubelets": _requests(["get", "create", "update", "patch"], ["/nodes/proxy"]),
    "create-workloads": _requests(["create"], _WORKLOADS),
    "change-workloads": _requests(["update", "patch"], _WORKLOADS[1:]),
    "approve-certificates": _requests(
        ["update", "patch"], ["certificates.k8s.io/certificatesigningrequests/approval"]
    ),
    "sign-certificates": _requests(
        ["update", "patch"], ["certificates.k8s.io/certificatesigningrequests/status"]
    ),
    "redirect-services": _requests(["update", "patch"], ["/services/status"]),
    "change-admission-webhooks": _requests(
        ["create", "update", "patch"],
        ["admissionregistration.k8s.io/mutatingwebhookconfigurations",
         "admissionregistration.k8s.io/validatingwebhookconfigurations"],
    ),
    "map-cloud-identities": (
        Request(verb="update", resource="/configmaps", name="aws-auth"),
        Request(verb="patch", resource="/configmaps", name="aws-auth"),
    ),
    "everything": (Request(verb=ALL, resource="*/*"),),
}  # fmt: skip
"""What lets an identity become another one or take over the cluster: any of these requests is enough."""


def dangers(rules: Iterable[Rule]) -> list[str]:
    """The dangers that any of the rules brings, in a fixed order."""
    rules = list(rules)
    return [name for name, asked in DANGERS.items() if _brings(rules, asked)]


def _brings(rules: list[Rule], asked: tuple[Request, ...]) -> bool:
    return any(covers(rule, request) for rule in rules for request in asked)


# --- roles that every cluster has -------------------------------------------------------------

_EDIT = (
    Rule(
        verbs=("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"),
        resources=(
            *_WORKLOADS, "/secrets", "/configmaps", "/services", "/serviceaccounts", "/pods/exec",
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
            resources=(f"{_RBAC}/roles", f"{_RBAC}/rolebindings"),
        ),
    ),
    "kubernetes:ClusterRole/view": (),
    "kubernetes:ClusterRole/system:node-bootstrapper": (),
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


# --- what an inventory says -------------------------------------------------------------------


def rules_of(role: str, inventory: Inventory) -> list[Rule] | None:
    """What a role allows; None for one that nobody declares."""
    declared = [grant for grant in inventory.grants(role) if not grant.via]
    if declared or role in inventory.records:
        return [rule_of(grant) for grant in declared]
    return list(BUILT_IN[role]) if role in BUILT_IN else None


def rule_of(grant: Grant) -> Rule:
    return Rule(
        verbs=grant.actions,
        resources=grant.resources,
        names=tuple(map(str, grant.conditions.get("resourceNames", ()))),
        namespace=str(grant.conditions.get("namespace", "")),
    )


def effective(identity: Identity, inventory: Inventory) -> list[Rule]:
    """Everything that a service account may do, itself and as one of its groups."""
    groups = (
        "system:authenticated", "system:serviceaccounts",
        f"system:serviceaccounts:{identity.account}",
    )  # fmt: skip
    found = []
    for holder in (identity.id, *groups):
        for binding in inventory.grants(holder):
            if not binding.via or binding.provider != PROVIDER:
                continue
            place = str(binding.conditions.get("namespace", ""))
            found += [
                Rule(verbs=rule.verbs, resources=rule.resources, names=rule.names, namespace=place)
                for rule in rules_of(binding.via, inventory) or ()
            ]
    return found


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """What follows for grants, service accounts, their uses and workloads of Kubernetes."""
    found: dict[str, dict[str, Any]] = {}
    for grant in inventory.of(Grant):
        if grant.provider == PROVIDER:
            found[grant.id] = dict(_of_grant(grant, inventory))
    for identity in inventory.of(Identity):
        if identity.provider == PROVIDER:
            rules = effective(identity, inventory)
            found[identity.id] = {
                "dangers": dangers(rules),
                "cluster_dangers": dangers(rule for rule in rules if not rule.namespace),
                "is_used": bool(inventory.uses(identity.id)),
                "is_bound": bool(inventory.grants(identity.id)),
            }
    found |= _of_uses(inventory)
    found |= {id: {"token_mounted": value} for id, value in _mounted(inventory)}
    return found


def _of_grant(grant: Grant, inventory: Inventory) -> Iterator[tuple[str, Any]]:
    place = str(grant.conditions.get("namespace", ""))
    yield "holder", called(grant.identity, inventory)
    yield "cluster_wide", not place
    if not grant.via:
        yield "dangers", dangers([rule_of(grant)])
        return
    rules = rules_of(grant.via, inventory)
    yield "dangers", dangers(rules or ())
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
    return id.removeprefix(f"{PROVIDER}:")


def _of_uses(inventory: Inventory) -> dict[str, dict[str, Any]]:
    """Who else consumes what a workload, or a service account, consumes."""
    consumers: dict[str, dict[str, Use]] = {}
    for use in inventory.of(Use):
        if _is_by_workload(use, inventory) and not is_unknown(use.subject):
            consumers.setdefault(use.subject, {})[use.by] = use
    found = {}
    for subject, uses in consumers.items():
        names = sorted({called(by, inventory) for by in uses})
        spaces = sorted({name.split("/")[1] for name in names if name.count("/") == 2})
        for use in uses.values():
            found[use.id] = {
                "subject_name": called(subject, inventory),
                "consumers": names,
                "namespaces": spaces,
            }
    return found


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
