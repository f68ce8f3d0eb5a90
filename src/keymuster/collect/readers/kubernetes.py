"""Objects declared in Kubernetes manifests, and in the templates of Helm charts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Fragment, Observed, Reader
from keymuster.collect.marks import has, has_one
from keymuster.model.ids import in_id

if TYPE_CHECKING:
    from keymuster.collect.declared import Declared
    from keymuster.collect.kubernetes.pieces import Piece
    from keymuster.collect.syntax.node import Node
    from keymuster.model import Observation, Trouble

_KIND = regex.later(
    r"kind[\"']?[ \t]{0,8}:[ \t]{0,8}[\"']?(?:ServiceAccount|(?:Cluster)?Role(?:Binding)?|"
    r"Secret|ConfigMap|Pod(?:Template)?|CronJob|Job|Deployment(?:Config)?|StatefulSet|DaemonSet|"
    r"ReplicaSet|ReplicationController|Rollout|Configuration|Service|Revision|KubeletConfiguration|"
    r"ClusterConfiguration|(?:Mutating|Validating)WebhookConfiguration|APIService|\w{0,40}List)\b"
)
_DEFINITION = regex.later(r"\nkind:[ \t]{1,8}[\"']?CustomResourceDefinition[\"']?\s")
_ITEMS = regex.later(r"\n[\"']?items[\"']?\s{0,8}:")
"""Behind the end of a line. A definition, large as they are, declares nothing by itself, whatever kinds it speaks of."""
_VERSION = regex.later(rb"(?m)^[\s{[\"'-]{0,20}apiVersion[\"']?[ \t]{0,8}:")
_OPERATION = (b"op:", b"op ", b"op\t", b'op"', b"op'")
"""One of these stands where `_OPERATIONS` finds something."""
_OPERATIONS = regex.later(
    rb"(?m)^[\s{[\"'-]{0,20}op[\"']?[ \t]{0,8}:[ \t]{0,8}[\"']?(?:add|replace|remove|move|copy)\b"
)
_LARGEST_PATCH = 256 * 1024
_MOST_IN_LISTS = 10_000
_DEEPEST_LIST = 4

_GROUP = regex.later(
    r"(?:apps|batch|extensions|policy|(?:[\w-]{1,40}\.){1,4}k8s\.io|(?:[\w-]{1,40}\.){0,3}openshift\.io|"
    r"serving\.knative\.dev|argoproj\.io)/\w{1,20}|v1|\$\{.{0,100}\}"
)
"""API groups of the cluster itself; kinds of others mean something else by the same word."""


class Kubernetes(Reader):
    """Manifests in YAML and JSON, with several documents and lists, and what Kustomizations make of
    them; what a Go template fills in is unknown."""

    name: ClassVar[str] = "kubernetes"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rules = context.rules  # not looked at before a file needs it: that loads them

    def reads(self, path: str) -> bool:
        return path.endswith((".yaml", ".yml", ".json")) or path.endswith("ustomization")

    def read(self, blob: Blob) -> Iterator[Observed]:
        if blob.core is not None:
            return
        from keymuster.collect.kubernetes.pieces import Kind, Piece, is_kustomization

        if is_kustomization(blob.path):
            yield self._fragment(Piece.of(blob, Kind.KUSTOMIZATION))
        elif has(blob.data, b"apiVersion") and _VERSION.search(blob.data):
            documents = _documents(blob)
            records = self._records(declared(documents, blob, self._context))
            if documents:
                yield self._fragment(Piece.of(blob, Kind.MANIFEST, (*records,)))
        elif _holds_operations(blob.data):
            yield self._fragment(Piece.of(blob, Kind.OPERATIONS))

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        from keymuster.collect.kubernetes import forms
        from keymuster.collect.kubernetes.pieces import Kind

        if not any(one.kind is Kind.KUSTOMIZATION for one in fragments):
            for one in fragments:
                yield from one.records
            return
        yield from forms.records(
            [*fragments], self._context, lambda one: self._records([one]), self._objects
        )

    def _fragment(self, piece: Piece) -> Fragment:
        return Fragment(id=f"{self.name}:{piece.path}", reader=self.name, content=piece)

    def _objects(self, piece: Piece) -> Iterator[Declared]:
        blob = piece.blob
        return declared(_documents(blob), blob, self._context)

    def _records(self, several: Iterable[Declared]) -> Iterator[Observation]:
        from keymuster.collect import meanings

        for one in several:
            yield from meanings.records(one, self._rules.resource_types)


def _holds_operations(data: bytes) -> bool:
    if len(data) > _LARGEST_PATCH or not has_one(data, _OPERATION):
        return False
    return _OPERATIONS.search(data) is not None


def _documents(blob: Blob) -> list[Node]:
    from keymuster.collect.syntax import documents, go_template
    from keymuster.collect.syntax.node import Broken

    template = b"{{" in blob.data
    try:
        return documents.documents(
            blob, _may_declare, go_template.masked if template and not _is_json(blob) else None
        )
    except Broken:
        if template:  # what the template makes of it may be well-formed
            return []
        raise


def _may_declare(document: str) -> bool:
    if not _KIND.search(document):
        return False
    if "CustomResourceDefinition" not in document:
        return True
    lines = f"\n{document}"
    return not _DEFINITION.search(lines) or bool(_ITEMS.search(lines))


def _is_json(blob: Blob) -> bool:
    return blob.path.lower().endswith(".json")


def declared(roots: Iterable[Node], blob: Blob, context: Context) -> Iterator[Declared]:
    """The objects in these documents that stand where something has changed."""
    from keymuster.collect.declared import Declared
    from keymuster.collect.literals.sealing import Sealing

    sealing = Sealing.of(context, blob)
    seen: dict[str, int] = {}
    for node in _objects(roots, 0):
        kind, version = node.text("kind"), node.text("apiVersion")
        if not kind or not _GROUP.fullmatch(version) or not blob.counts(node.line, node.end_line):
            continue
        name = ".".join((kind, node.text("metadata", "namespace"), node.text("metadata", "name")))
        seen[name] = seen.get(name, 0) + 1
        yield Declared(
            type=kind,
            name=name if seen[name] == 1 else f"{name}.{seen[name]}",
            scope=f"kubernetes:{in_id(blob.path)}",
            settings=node,
            sealing=sealing,
        )


def _objects(nodes: Iterable[Node], depth: int) -> Iterator[Node]:
    """Every object, also those in lists of objects."""
    for node in nodes:
        items = node.get("items")
        if items is not None and isinstance(items.value, list) and depth < _DEEPEST_LIST:
            yield from _objects(items.value[:_MOST_IN_LISTS], depth + 1)
        elif isinstance(node.value, dict):
            yield node
        elif isinstance(node.value, list) and depth < _DEEPEST_LIST:
            yield from _objects(node.value[:_MOST_IN_LISTS], depth + 1)
