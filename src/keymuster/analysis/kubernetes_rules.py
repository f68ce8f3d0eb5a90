"""Rules of Kubernetes' RBAC: what one covers, as the API server has it, and what is dangerous about it.

Rules only ever allow. A rule covers a request if its verbs, its API groups with their resources, and
its names all do.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

ALL = "*"
RBAC = "rbac.authorization.k8s.io"

MASTERS = "system:masters"
"""The group whom no role is asked for: it may do everything."""


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

WORKLOADS = (
    "/pods", "/replicationcontrollers", "apps/deployments", "apps/statefulsets", "apps/daemonsets",
    "apps/replicasets", "batch/jobs", "batch/cronjobs",
)  # fmt: skip


def _requests(verbs: Iterable[str], resources: Iterable[str]) -> tuple[Request, ...]:
    resources = tuple(resources)
    return tuple(Request(verb=verb, resource=one) for verb in verbs for one in resources)


DANGERS: dict[str, tuple[Request, ...]] = {
    "escalate-roles": _requests(["escalate"], [f"{RBAC}/roles", f"{RBAC}/clusterroles"]),
    "bind-roles": (
        *_requests(["bind"], [f"{RBAC}/roles", f"{RBAC}/clusterroles"]),
        Request(verb="bind", resource=f"{RBAC}/clusterroles", name="cluster-admin"),
    ),
    "change-roles": _requests(
        ["create", "update", "patch"],
        [f"{RBAC}/{kind}" for kind in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")],
    ),
    "impersonate": (
        *_requests(
            ["impersonate"],
            ["/users", "/groups", "/serviceaccounts", "authentication.k8s.io/uids",
             "authentication.k8s.io/userextras"],
        ),
        Request(verb="impersonate", resource="/groups", name=MASTERS),
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
    "create-workloads": _requests(["create"], WORKLOADS),
    "change-workloads": _requests(["update", "patch"], WORKLOADS),
    "create-volumes": _requests(["create"], ["/persistentvolumes"]),
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
