"""How a Kustomization renames what it is made of: namespace, prefix and suffix, and all that refers to
what is renamed.

https://kubectl.docs.kubernetes.io/references/kustomize/builtins/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from keymuster.collect.syntax.node import Node

DEEPEST = 60

_CLUSTER_WIDE = frozenset((
    "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterIssuer", "ClusterRole",
    "ClusterRoleBinding", "CustomResourceDefinition", "IngressClass", "MutatingWebhookConfiguration",
    "Namespace", "Node", "PersistentVolume", "PodSecurityPolicy", "PriorityClass", "RuntimeClass",
    "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration", "VolumeAttachment",
))  # fmt: skip
_KEEP_THEIR_NAMES = frozenset(("APIService", "CustomResourceDefinition", "Namespace"))
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_ACCOUNT = "ServiceAccount"

_REFERRING = {
    "serviceAccountName": _ACCOUNT,
    "serviceAccount": _ACCOUNT,
    "secretName": "Secret",
    "kubernetes.io/service-account.name": _ACCOUNT,
}
_REFERRING_BY_NAME = {"secretKeyRef": "Secret", "secretRef": "Secret"}
"""Settings that are the name of an object, and those whose `name` is."""


class Names(Struct, frozen=True):
    """What a Kustomization gives to names. Empty: nothing."""

    namespace: str = ""
    prefix: str = ""
    suffix: str = ""

    def __bool__(self) -> bool:
        return bool(self.namespace or self.prefix or self.suffix)


class Called(Struct, frozen=True):
    """What an object is called."""

    kind: str
    namespace: str
    name: str


def called(node: Node) -> Called:
    return Called(
        node.text("kind"), node.text("metadata", "namespace"), node.text("metadata", "name")
    )


def renamed(nodes: list[Node], names: Names) -> list[Node]:
    """The objects of one Kustomization under their new names."""
    if not names:
        return nodes
    before = [called(node) for node in nodes]
    made = [_named(node, one, names) for node, one in zip(nodes, before, strict=True)]
    changes: dict[tuple[str, str], list[tuple[Called, Called]]] = {}
    for old, node in zip(before, made, strict=True):
        changes.setdefault((old.kind, old.name), []).append((old, called(node)))
    return [_referring(node, old, changes, names) for old, node in zip(before, made, strict=True)]


def _named(node: Node, one: Called, names: Names) -> Node:
    metadata = node.get("metadata")
    if metadata is None or not isinstance(metadata.value, dict):
        return node
    entries = dict(metadata.entries())
    if names.namespace and one.kind not in _CLUSTER_WIDE:
        entries["namespace"] = metadata.holding(names.namespace)
    if one.name and one.kind not in _KEEP_THEIR_NAMES:
        entries["name"] = entries["name"].holding(f"{names.prefix}{one.name}{names.suffix}")
    return node.holding({**dict(node.entries()), "metadata": metadata.holding(entries)})


_Changes = Mapping[tuple[str, str], list[tuple[Called, Called]]]


def _referring(node: Node, old: Called, changes: _Changes, names: Names) -> Node:
    if old.kind in _BINDINGS:
        return _binding(node, old, changes, names)
    if not names.prefix and not names.suffix:
        return node
    return _walked(node, old.namespace, changes, 0)


def _binding(node: Node, old: Called, changes: _Changes, names: Names) -> Node:
    entries = dict(node.entries())
    role, subjects = entries.get("roleRef"), entries.get("subjects")
    if role is not None and (kind := role.text("kind")):
        home = "" if kind == "ClusterRole" else old.namespace
        if (new := _now(changes, kind, home, role.text("name"))) is not None:
            entries["roleRef"] = _with(role, name=new.name)
    if subjects is not None and isinstance(subjects.value, list):
        entries["subjects"] = subjects.holding(
            [_subject(one, old.namespace, changes, names) for one in subjects.items()]
        )
    return node.holding(entries)


def _subject(one: Node, here: str, changes: _Changes, names: Names) -> Node:
    if one.text("kind") != _ACCOUNT:
        return one
    name, namespace = one.text("name"), one.text("namespace") or here
    new = _now(changes, _ACCOUNT, namespace, name)
    if new is not None:
        return _with(one, name=new.name, namespace=new.namespace)
    if name == "default" and names.namespace:
        return _with(one, namespace=names.namespace)
    return one


def _walked(node: Node, here: str, changes: _Changes, depth: int) -> Node:
    if depth > DEEPEST:
        return node
    match node.value:
        case dict() as entries:
            made = {key: _entry(key, value, here, changes, depth) for key, value in entries.items()}
            return node if _is_same(made.values(), entries.values()) else node.holding(made)
        case list() as items:
            found = [_walked(one, here, changes, depth + 1) for one in items]
            return node if _is_same(found, items) else node.holding(found)
    return node


def _entry(key: str, value: Node, here: str, changes: _Changes, depth: int) -> Node:
    if key in _REFERRING and isinstance(value.value, str):
        new = _now(changes, _REFERRING[key], here, value.value)
        return value.holding(new.name) if new else value
    if key in _REFERRING_BY_NAME and isinstance(value.value, dict):
        new = _now(changes, _REFERRING_BY_NAME[key], here, value.text("name"))
        return _with(value, name=new.name) if new else value
    return _walked(value, here, changes, depth + 1)


def _now(changes: _Changes, kind: str, namespace: str, name: str) -> Called | None:
    """What the object of a name is called now; None if it is none of these."""
    candidates = changes.get((kind, name), ())
    for old, new in candidates:
        if old.namespace == namespace:
            return new
    if len(candidates) == 1 and not (candidates[0][0].namespace and namespace):
        return candidates[0][1]
    return None


def _with(node: Node, **values: str) -> Node:
    entries = dict(node.entries())
    for key, value in values.items():
        if value:
            entries[key] = entries.get(key, node).holding(value)
    return node.holding(entries)


def _is_same(these: Iterable[Node], those: Iterable[Node]) -> bool:
    return all(one is other for one, other in zip(these, those, strict=True))
