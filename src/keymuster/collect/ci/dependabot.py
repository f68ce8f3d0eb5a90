"""Dependabot's settings: the registries it signs in to, and whether code of others runs with that."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.ci.common import Pipeline
from keymuster.collect.ci.expressions import contexts, spans
from keymuster.collect.ci.places import Places
from keymuster.collect.ci.things import Thing
from keymuster.collect.syntax.node import Node
from keymuster.model import FileLocation

_SECRETS = ("password", "token", "key")


def pipelines(root: Node, scope: str, places: Places) -> Iterator[Pipeline]:
    registries = root.get("registries")
    if registries is None:
        return
    secrets: dict[str, FileLocation] = {}
    for node in registries.walk():
        for span in spans(node.text()):
            for path in contexts(span.expression) if span.expression else ():
                if path[0] == "secrets" and len(path) > 1:
                    secrets.setdefault(path[1].upper(), places.head(node))
    yield Pipeline(
        id=scope, provider="github", name="dependabot", location=places.head(registries),
        secrets=tuple(secrets.items()), purpose="updates dependencies",
    )  # fmt: skip


def things(root: Node, places: Places) -> Iterator[Thing]:
    updates = root.get("updates")
    for one in updates.items() if updates else ():
        allows = one.get("insecure-external-code-execution")
        ecosystem = (one.get("package-ecosystem") or one.holding("")).text()
        if allows is not None and allows.text() == "allow":
            registries = one.get("registries")
            yield Thing(
                "GitHub::Dependabot::Update", ecosystem, ecosystem, places.head(allows),
                {"runs_code_of_others": True, "has_registries": registries is not None},
            )  # fmt: skip


def written(root: Node) -> Iterator[tuple[str, Node, str]]:
    """Passwords of registries that stand in the file."""
    registries = root.get("registries")
    for _, one in registries.entries() if registries else ():
        for key in _SECRETS:
            node = one.get(key)
            if node is not None:
                yield "password" if key == "password" else "token", node, node.text()
