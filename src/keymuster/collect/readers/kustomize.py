"""Secrets that a Kustomization makes of literals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader

_NAMES = ("kustomization.yaml", "kustomization.yml", "kustomization")

_GENERATORS = (("secretGenerator", True), ("configMapGenerator", False))
"""What makes secrets, and what makes all that should be none."""


class Kustomize(Reader):
    """The generators of `kustomization.yaml`. What it refers to is read where it stands."""

    name: ClassVar[str] = "kustomize"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return path.lower().endswith(_NAMES) and path.rpartition("/")[2].lower() in _NAMES

    def read(self, blob: Blob) -> Iterator[Observed]:
        if b"Generator" not in blob.data:
            return
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.syntax import documents

        sealing = Sealing.of(self._context, blob)

        for root in documents.documents(blob):
            for generator, holder in _GENERATORS:
                generators = root.get(generator)
                for one in generators.items() if generators else ():
                    written = one.get("literals")
                    for literal in written.items() if written else ():
                        name, equals, value = literal.text().partition("=")
                        found = sealing.credential(
                            literal, name, value.strip("\"'"), holder=holder,
                            declared_as="kustomize-generator",
                        )  # fmt: skip
                        if equals and found and blob.counts(literal.line, literal.end_line):
                            yield found
