"""Secrets in the values of Helm charts. Their templates are read as Kubernetes manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader


class Helm(Reader):
    """`values.yaml`, and others like it: `values-prod.yaml`, `prod.values.yaml`."""

    name: ClassVar[str] = "helm"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        if not path.lower().endswith((".yaml", ".yml")):
            return False
        name = path.rpartition("/")[2].lower()
        return name.startswith("values") or ".values." in name or "-values." in name

    def read(self, blob: Blob) -> Iterator[Observed]:
        if b"apiVersion" in blob.data[:4096] and b"\nkind:" in blob.data[:4096]:
            return
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.literals.search import within
        from keymuster.collect.syntax import documents, go_template

        sealing = Sealing.of(self._context, blob)
        mask = go_template.masked if b"{{" in blob.data else None
        for root in documents.documents(blob, mask=mask):
            yield from within(root, sealing, declared_as="helm-values", counts=blob.counts)
