"""Users and clusters of kubeconfig files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.model import Resource
from keymuster.model.ids import in_id

if TYPE_CHECKING:
    from keymuster.collect.syntax.node import Node

_SECRETS = ("token", "password", "client-key-data")
_PROVIDER_SECRETS = ("access-token", "refresh-token", "id-token", "client-secret")


class Kubeconfig(Reader):
    """`~/.kube/config` and what clusters hand out in its form: `admin.conf`, `prod.kubeconfig`."""

    name: ClassVar[str] = "kubeconfig"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return path.lower().endswith((".yaml", ".yml", ".conf", "config"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        if (
            b"kind: Config\n" not in blob.data.replace(b"\r", b"") + b"\n"
            or b"users:" not in blob.data
        ):
            return
        from keymuster.collect.syntax import documents

        for root in documents.documents(blob):
            kind = root.get("kind")
            if kind is None or kind.text() != "Config":
                continue
            for item in _named(root, "users"):
                yield from self._user(blob, item)
            for item in _named(root, "clusters"):
                yield _cluster(blob, item)

    def _user(self, blob: Blob, item: Node) -> Iterator[Observed]:
        from keymuster.collect.literals.names import kind_of
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.literals.values import decoded, is_reference
        from keymuster.model import Confidence

        sealing = Sealing.of(self._context, blob)
        places: list[tuple[str, ...]] = [("user", name) for name in _SECRETS]
        places += [("user", "auth-provider", "config", name) for name in _PROVIDER_SECRETS]
        name = item.get("name")
        for path in places:
            node = item.get(*path)
            text = node.text() if node else ""
            if node is None or is_reference(text) or text in _REMOVED:
                continue
            if not blob.counts(node.line, node.end_line):
                continue
            value = decoded(text) if path[-1] == "client-key-data" else text
            yield sealing.sealed(
                node, f"{path[-1]} of {name.text() if name else 'a user'}", value or text,
                declared_as="kubeconfig", sure=Confidence.HIGH, kind=kind_of(path[-1]),
            )  # fmt: skip


_REMOVED = ("REDACTED", "DATA+OMITTED")
"""What kubectl shows in place of a secret."""


def _named(root: Node, key: str) -> list[Node]:
    found = root.get(key)
    return found.items() if found else []


def _cluster(blob: Blob, item: Node) -> Resource:
    cluster = item.get("cluster")
    plain = cluster.plain() if cluster and isinstance(cluster.value, dict) else {}
    name = item.get("name")
    kept = ("server", "insecure-skip-tls-verify", "tls-server-name")
    return Resource(
        id=f"kubeconfig:{in_id(blob.path)}:{item.line}",
        type="KubeconfigCluster",
        name=name.text() if name else "",
        location=item.location(),
        settings={key.replace("-", "_"): plain[key] for key in kept if key in plain},
    )
