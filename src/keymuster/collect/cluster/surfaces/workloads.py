"""What runs: as whom, and with which secrets. What another object makes is told of with that one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.cluster.objects import told
from keymuster.collect.cluster.scope import Scope
from keymuster.collect.meanings.kubernetes.control_plane import COMPONENTS

_KINDS = {
    "list apps/deployments": "Deployment",
    "list apps/statefulsets": "StatefulSet",
    "list apps/daemonsets": "DaemonSet",
    "list apps/replicasets": "ReplicaSet",
    "list replicationcontrollers": "ReplicationController",
    "list batch/jobs": "Job",
    "list pods": "Pod",
}
_OTHERS = {
    "list batch/cronjobs": "CronJob",
    "list argoproj.io/rollouts": "Rollout",
    "list apps.openshift.io/deploymentconfigs": "DeploymentConfig",
    "list serving.knative.dev/services": "Service",
    "list serving.knative.dev/configurations": "Configuration",
}
"""What some clusters have, in some version."""

_GROUPS = "get /apis"
_GROUP = "get /apis/{group}/{version}"

_TOLD = {*_KINDS.values(), *_OTHERS.values()} - {"Pod", "Service", "Configuration"}

TYPES = (
    "Workload", "StaticCloudKey", "SecretInEnvironment", "HostPath", "ProjectedToken", "pod-environment",
    "pod-command", *COMPONENTS,
)  # fmt: skip
"""What comes of a workload, as policies call it."""


def _of(call: str) -> Callable[[Scope], Iterator[Told]]:
    def look(ask: Scope) -> Iterator[Told]:
        yield from _roots(ask, _KINDS[call], ask.listed(call))

    return look


def others(ask: Scope) -> Iterator[Told]:
    groups = _versions(ask)
    for call, kind in _OTHERS.items():
        group, _, resource = call.removeprefix("list ").rpartition("/")
        for version in groups.get(group, ()):
            found = ask.answer(_GROUP, "404", group=group, version=version) or {}
            if resource in {one.get("name") for one in found.get("resources") or ()}:
                yield from _roots(ask, kind, ask.listed(call, "404", version=version))
                break


def _versions(ask: Scope) -> dict[str, list[str]]:
    """The versions of each group of the API that this cluster has, the one that it likes best first."""
    found = ask.answer(_GROUPS) or {}
    return {
        one["name"]: [version["version"] for version in one.get("versions") or ()]
        for one in found.get("groups") or ()
    }


def _roots(ask: Scope, kind: str, several: Iterator[dict[str, Any]]) -> Iterator[Told]:
    """What nothing else makes; of what something makes that nobody here knows, one stands for all of them, under the
    name of that."""
    seen: set[tuple[str, str, str]] = set()
    for one in several:
        owner = _owner(one)
        if owner is None:
            yield told(ask, kind, one)
            continue
        if owner["kind"] in _TOLD:
            continue
        if owner["kind"] == "Node":  # a part of the control plane, whose own name tells its node
            yield told(ask, kind, one)
            continue
        what = (one["metadata"].get("namespace", ""), owner["kind"], owner["name"])
        if what not in seen:
            seen.add(what)
            name = f"{owner['kind']}-{owner['name']}".lower()
            yield told(ask, kind, {**one, "metadata": {**one["metadata"], "name": name}})


def _owner(one: dict[str, Any]) -> dict[str, Any] | None:
    """What controls it."""
    owners: list[dict[str, Any]] = one["metadata"].get("ownerReferences") or []
    return next((each for each in owners if each.get("controller")), None)


SURFACES = (
    *(
        Surface(name=call.rpartition("/")[2].removeprefix("list "), calls=(call,), types=(kind, *TYPES), look=_of(call))
        for call, kind in _KINDS.items()
    ),
    Surface(
        name="other-workloads", calls=(_GROUPS, _GROUP, *_OTHERS), types=(*_OTHERS.values(), *TYPES),
        look=others,
    ),
)  # fmt: skip
