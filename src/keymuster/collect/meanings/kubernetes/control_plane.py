"""The parts of a Kubernetes cluster that say who may talk to it: API server, kubelet, controller
manager, etcd. Each is a resource of that name, whatever configures it; its settings are its flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Node
from keymuster.model import Resource

COMPONENTS = (
    "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "etcd",
)  # fmt: skip
_HYPERKUBE = {
    "apiserver": "kube-apiserver", "controller-manager": "kube-controller-manager",
    "scheduler": "kube-scheduler",
}  # fmt: skip

_LISTS = {
    "authorization_mode", "enable_admission_plugins", "disable_admission_plugins",
    "admission_control", "feature_gates", "anonymous_auth_paths",
}  # fmt: skip


def component(one: Declared, container: Node) -> Iterator[Resource]:
    """The part that a container runs, if it runs one."""
    words = list(_words(container))
    found = _component(words)
    if found:
        yield resource(found, one, container, _flags(words))


def resource(
    kind: str, one: Declared, node: Node, settings: dict[str, Any], managed: bool = False
) -> Resource:
    """`managed` is one whose other flags somebody sets to what is safe."""
    return Resource(
        id=f"{kind}:{one.id}#{node.line}",
        type=kind,
        name=one.text("metadata", "name") or kind,
        location=node.location(),
        settings={**settings, "managed": managed},
    )


def _words(container: Node) -> Iterator[str]:
    """The command line. A shell gets it as one text."""
    for key in ("command", "args"):
        found = container.get(key)
        for item in found.items() if found else ():
            text = item.text()
            yield from text.split() if " --" in text else [text]


def _component(words: list[str]) -> str:
    for word in words[:8]:
        called = word.rpartition("/")[2]
        if called in COMPONENTS:
            return called
    if words[:1] and words[0].rpartition("/")[2] == "hyperkube" and len(words) > 1:
        return _HYPERKUBE.get(words[1], words[1] if words[1] in COMPONENTS else "")
    return ""


def _flags(words: Iterable[str]) -> dict[str, Any]:
    """`--anonymous-auth=false` as `anonymous_auth: "false"`; a flag without a value is true."""
    flags: dict[str, Any] = {}
    waiting = ""
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            waiting = "" if equals else name
            set_flag(flags, name, value if equals else "true")
        elif waiting:
            set_flag(flags, waiting, word)
            waiting = ""
    return flags


def set_flag(flags: dict[str, Any], name: str, value: str) -> None:
    key = name.replace("-", "_")
    value = value.strip("\"'")
    flags[key] = [part.strip() for part in value.split(",")] if key in _LISTS else value
