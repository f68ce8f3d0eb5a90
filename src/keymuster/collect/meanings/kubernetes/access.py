"""Service accounts, roles, bindings and secrets of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.literals.names import is_open
from keymuster.collect.literals.search import lines
from keymuster.collect.literals.values import decoded, is_reference
from keymuster.collect.meanings import Meaning
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Credential,
    CredentialKind,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Use,
    UseKind,
)

PROVIDER = "kubernetes"
DEFAULT = "default"
_OF_RELEASE = "${.Release.Namespace}"
_MOST_PAIRS = 500
"""Pairs of API group and resource that are told apart in one rule; people write a few dozen."""

_CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding")

_ROLE_ARN = "eks.amazonaws.com/role-arn"
_GOOGLE_ACCOUNT = "iam.gke.io/gcp-service-account"
_AZURE_CLIENT = "azure.workload.identity/client-id"


def alias(kind: str, namespace: str, name: str) -> str:
    """What others call an object: `kubernetes:Role/prod/reader`, `kubernetes:ClusterRole/view`."""
    place = "" if kind in _CLUSTER_WIDE else f"{_home(namespace)}/"
    return f"{PROVIDER}:{kind}/{place}{name}"


def namespace(one: Declared) -> str:
    return _home(one.text("metadata", "namespace"))


def _home(namespace: str) -> str:
    """Where an object is: in the templates of a chart, one that does not say it is where the chart is
    released, as one that does."""
    return DEFAULT if namespace in ("", _OF_RELEASE) else namespace


def name(one: Declared) -> str:
    return one.text("metadata", "name") or one.text("metadata", "generateName")


def _service_account(one: Declared) -> Iterator[Observation]:
    automount = one.text("automountServiceAccountToken")
    yield Identity(
        id=one.id,
        kind=IdentityKind.SERVICE_ACCOUNT,
        provider=PROVIDER,
        name=name(one),
        account=namespace(one),
        location=one.location,
        aliases=(alias("ServiceAccount", namespace(one), name(one)),),
        tags=_tags(one) | ({_AUTOMOUNT: automount} if automount else {}),
    )
    for subject in _cloud_identities(one):
        yield Use(
            id=f"{one.id}#{subject}", subject=subject, by=one.id, kind=UseKind.WORKLOAD,
            location=one.location,
        )  # fmt: skip


_LONGEST_TAG = 256
_AUTOMOUNT = "automount"


def _tags(one: Declared) -> dict[str, str]:
    """Labels, and the annotations that are as short as those: people write owners into both."""
    found = _map(one.get("metadata", "annotations")) | _map(one.get("metadata", "labels"))
    return {
        key: text for key, text in found.items() if len(text) <= _LONGEST_TAG and key != _AUTOMOUNT
    }


def _map(node: Node | None) -> dict[str, str]:
    return {key: value.text() for key, value in node.entries()} if node else {}


def _cloud_identities(one: Declared) -> Iterator[str]:
    """The identities of clouds that the pods of a service account act as."""
    annotations = one.get("metadata", "annotations")
    for key, node in annotations.entries() if annotations else ():
        value = node.text()
        if not value:
            continue
        if key == _ROLE_ARN:
            yield f"aws:role/{value.rpartition('/')[2]}" if ":role/" in value else value
        elif key == _GOOGLE_ACCOUNT:
            yield f"gcp:{value}"
        elif key == _AZURE_CLIENT:
            yield f"azure:{value}"


def _role(one: Declared) -> Iterator[Observation]:
    yield Resource(
        id=one.id,
        type=f"{one.type}Holder",
        name=name(one),
        location=one.location,
        aliases=(alias(one.type, namespace(one), name(one)),),
        settings={"labels": _map(one.get("metadata", "labels")), "aggregates": _gathers(one)},
    )
    rules = one.get("rules")
    for number, rule in enumerate(rules.items() if rules else ()):
        verbs, resources = _texts(rule, "verbs"), tuple(_resources(rule))
        if not verbs or not resources:
            continue
        conditions: dict[str, Any] = {}
        if names := _texts(rule, "resourceNames"):
            conditions["resourceNames"] = list(names)
        if one.type == "Role":
            conditions["namespace"] = namespace(one)
        yield Grant(
            id=f"{one.id}#{number}",
            identity=one.id,
            kind=GrantKind.POLICY,
            provider=PROVIDER,
            actions=verbs,
            resources=resources,
            conditions=conditions,
            location=rule.location(),
        )


def _gathers(one: Declared) -> list[dict[str, str]]:
    """The labels of roles whose rules this one gathers; each map is asked for by itself."""
    selectors = one.get("aggregationRule", "clusterRoleSelectors")
    asked = [_map(each.get("matchLabels")) for each in (selectors.items() if selectors else ())]
    return [labels for labels in asked if labels]


def _resources(rule: Node) -> Iterator[str]:
    """`apps/deployments`, `/pods/exec` for the core group, `url:/healthz` for what is no resource."""
    groups, resources = _texts(rule, "apiGroups") or ("",), _texts(rule, "resources")
    for group, resource in islice(product(groups, resources), _MOST_PAIRS):
        yield f"{group}/{resource}"
    for url in _texts(rule, "nonResourceURLs"):
        yield f"url:{url}"


def _texts(node: Node, key: str) -> tuple[str, ...]:
    """The texts of a list; the core group is the empty one."""
    found = node.get(key)
    if found is None:
        return ()
    return tuple(item.value for item in found.items() if isinstance(item.value, str))


def _binding(one: Declared) -> Iterator[Observation]:
    role = one.text("roleRef", "name")
    if not role:
        return
    kind = one.text("roleRef", "kind") or "ClusterRole"
    via = alias(kind, namespace(one), role)
    conditions = {} if one.type == "ClusterRoleBinding" else {"namespace": namespace(one)}
    subjects = one.get("subjects")
    for number, subject in enumerate(subjects.items() if subjects else ()):
        if holder := _subject(subject, namespace(one)):
            yield Grant(
                id=f"{one.id}#{number}",
                identity=holder,
                kind=GrantKind.ROLE_BINDING,
                provider=PROVIDER,
                via=via,
                conditions=conditions,
                location=one.location,
            )


def _subject(subject: Node, here: str) -> str:
    """A service account by its alias; a user or group by its name."""
    found = subject.get("name")
    called = found.text() if found else ""
    kind = subject.get("kind")
    if called and kind and kind.text() == "ServiceAccount":
        home = subject.get("namespace")
        return alias("ServiceAccount", (home.text() if home else "") or here, called)
    return called


def _secret(one: Declared) -> Iterator[Observation]:
    if one.text("type") == "kubernetes.io/service-account-token":
        yield _token(one)
        return
    for section, is_base64 in (("data", True), ("stringData", False)):
        values = one.get(section)
        for key, node in values.entries() if values else ():
            if is_open(key):
                continue
            text = node.text()
            value = decoded(text) if is_base64 and not is_reference(text) else text
            found = one.sealing.credential(
                node, key, value, declared_as="kubernetes-secret", holder=True
            )
            yield from filter(None, (found,))


def _token(one: Declared) -> Credential:
    """The token that the cluster makes for a service account, and that has no end."""
    annotations = one.get("metadata", "annotations")
    account = annotations.get("kubernetes.io/service-account.name") if annotations else None
    return Credential(
        id=one.id,
        kind=CredentialKind.SERVICE_TOKEN,
        name=name(one),
        identity=alias("ServiceAccount", namespace(one), account.text()) if account else None,
        storage=one.storage,
        location=one.location,
        tags={"declared_as": "service-account-token"},
    )


def _config_map(one: Declared) -> Iterator[Observation]:
    values = one.get("data")
    for key, node in values.entries() if values else ():
        value = node.text()
        for called, text in [(key, value), *lines(value)]:
            found = one.sealing.credential(node, called, text, declared_as="configmap")
            if found is not None and "\n" not in text:
                yield found


TYPES: dict[str, Meaning] = {
    "ServiceAccount": _service_account,
    "Role": _role,
    "ClusterRole": _role,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "Secret": _secret,
    "ConfigMap": _config_map,
}
