"""Workloads of Kubernetes: whom their pods act as, and which secrets they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster import regex
from keymuster.collect.declared import Declared
from keymuster.collect.meanings import Meaning
from keymuster.collect.meanings.kubernetes import control_plane
from keymuster.collect.meanings.kubernetes.access import DEFAULT, alias, name, namespace
from keymuster.collect.syntax.node import Node
from keymuster.model import Location, Observation, Resource, Use, UseKind
from keymuster.model.kubernetes import local

_TEMPLATE = ("spec", "template", "spec")
_POD_SPEC: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        (
            "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job",
            "Rollout", "DeploymentConfig", "Configuration", "Service",
        ),
        _TEMPLATE,
    ),
    "Revision": ("spec",),
}  # fmt: skip
"""Where the pod is described in each kind. A `Service` is one of Knative if it has such a place."""

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")

STATIC_CLOUD_KEYS = frozenset({
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET",
    "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS", "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_ACCOUNT_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
})  # fmt: skip
"""Environment variables that cloud SDKs take long-lived keys from."""

_FLAG = regex.later(r"--?(?P<name>[A-Za-z][\w.-]{1,60})=(?P<value>.{1,400})", re.DOTALL)


def _workload(one: Declared) -> Iterator[Observation]:
    spec = one.get(*_POD_SPEC[one.type])
    if spec is None or spec.get("containers") is None:
        return
    here = alias(one.type, namespace(one), name(one), one.account)
    account = _service_account(spec)
    subject = alias("ServiceAccount", namespace(one), account, one.account)
    yield Use(
        id=f"{one.id}#serviceaccount", subject=subject, by=here, kind=UseKind.WORKLOAD,
        location=_place(spec, "serviceAccountName", "serviceAccount") or one.location,
    )  # fmt: skip
    automount = spec.get("automountServiceAccountToken")
    containers = list(_containers(spec))
    components = [part for each in containers for part in control_plane.component(one, each)]
    yield Resource(
        id=f"{one.id}#workload",
        type="Workload",
        name=local(here),
        location=one.location,
        aliases=(here,),
        settings={
            "kind": one.type,
            "namespace": namespace(one),
            "service_account": account,
            "service_account_alias": subject,
            "automount": automount.text() if automount else "",
            "control_plane": bool(components),
            "images": [image.text() for each in containers if (image := each.get("image"))],
        },
    )
    yield from _volumes(one, spec, here)
    for container in containers:
        yield from _environment(one, container, here)
        yield from _arguments(one, container)
    yield from components


def _service_account(spec: Node) -> str:
    for key in ("serviceAccountName", "serviceAccount"):
        found = spec.get(key)
        if found is not None and found.text():
            return found.text()
    return DEFAULT


def _place(spec: Node, *keys: str) -> Location | None:
    found = next((node for key in keys if (node := spec.get(key))), None)
    return found.location() if found else None


def _containers(spec: Node) -> Iterator[Node]:
    for key in _CONTAINERS:
        found = spec.get(key)
        for one in found.items() if found else ():
            if isinstance(one.value, dict):
                yield one


def _environment(one: Declared, container: Node, by: str) -> Iterator[Observation]:
    env, sources = container.get("env"), container.get("envFrom")
    for number, item in enumerate(env.items() if env else ()):
        called, literal = item.text("name"), item.get("value")
        reference = item.get("valueFrom", "secretKeyRef")
        if reference is not None:
            key = _key(one, container, item.line, called, number)
            yield _in_environment(one, item, key, called, reference.text("name"), by)
        if called in STATIC_CLOUD_KEYS and (reference is not None or literal is not None):
            key = _key(one, container, container.line, called, number)
            yield _part("StaticCloudKey", one, item, key, by, variable=called)
        if literal is not None:
            found = one.sealing.credential(
                item, called, literal.text(), declared_as="pod-environment"
            )
            yield from filter(None, (found,))
    for number, item in enumerate(sources.items() if sources else ()):
        if (reference := item.get("secretRef")) is not None:
            key = _key(one, container, item.line, f"*{reference.text('name')}", number)
            yield _in_environment(one, item, key, "*", reference.text("name"), by)


def _key(one: Declared, container: Node, line: int, called: str, number: int) -> str:
    """What tells a variable apart from others: its place in a file, its name in a cluster."""
    return f"{container.text('name')}/{called}" if one.account else f"{line}.{number}"


def _in_environment(
    one: Declared, item: Node, key: str, variable: str, secret: str, by: str
) -> Resource:
    return _part("SecretInEnvironment", one, item, key, by, variable=variable, secret=secret)


def _part(kind: str, one: Declared, node: Node, key: str, by: str, **settings: str) -> Resource:
    """A part of a workload that policies look at by itself."""
    return Resource(
        id=f"{kind}:{one.id}#{key}",
        type=kind,
        name=next(iter(settings.values()), "") or kind,
        location=node.location(),
        settings={"workload": local(by), **settings},
    )


def _volumes(one: Declared, spec: Node, by: str) -> Iterator[Observation]:
    volumes = spec.get("volumes")
    for number, volume in enumerate(volumes.items() if volumes else ()):
        if path := volume.text("hostPath", "path"):
            yield _part("HostPath", one, volume, str(number), by, path=path)
        sources = volume.get("projected", "sources")
        for index, source in enumerate(sources.items() if sources else ()):
            if (token := source.get("serviceAccountToken")) is not None:
                yield Resource(
                    id=f"ProjectedToken:{one.id}#{number}.{index}",
                    type="ProjectedToken",
                    name=volume.text("name"),
                    location=token.location(),
                    settings=token.plain() if isinstance(token.value, dict) else {},
                )


def _arguments(one: Declared, container: Node) -> Iterator[Observation]:
    """Passwords on the command line."""
    for key in ("command", "args"):
        found = container.get(key)
        for item in found.items() if found else ():
            flag = _FLAG.fullmatch(item.text())
            if flag is not None:
                secret = one.sealing.credential(
                    item, flag["name"], flag["value"], declared_as="pod-command"
                )
                yield from filter(None, (secret,))


TYPES: dict[str, Meaning] = dict.fromkeys(_POD_SPEC, _workload)
