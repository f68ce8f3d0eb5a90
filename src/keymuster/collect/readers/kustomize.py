"""Secrets that a Kustomization makes of literals and of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import Any, ClassVar

from keymuster.collect.base import Blob, Context, Fragment, Observed, Reader
from keymuster.model import Observation, Trouble

_NAMES = ("kustomization.yaml", "kustomization.yml", "kustomization")
_ENVIRONMENTS = (".env", ".properties")

_GENERATORS = (("secretGenerator", True), ("configMapGenerator", False))
"""What makes secrets, and what makes all that should be none."""

_LARGEST = 256 * 1024
"""Bytes of a file of variables; a ConfigMap holds a MB."""


class Kustomize(Reader):
    """The generators of `kustomization.yaml`, and the files of variables that they take. What else it
    refers to is read as Kubernetes manifests."""

    name: ClassVar[str] = "kustomize"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        path = path.lower()
        name = path.rpartition("/")[2]
        return name in _NAMES or name.endswith(_ENVIRONMENTS) or name.startswith(".env")

    def read(self, blob: Blob) -> Iterator[Observed]:
        if blob.core is not None:
            return
        if blob.path.rpartition("/")[2].lower() not in _NAMES:
            if len(blob.data) <= _LARGEST and b"=" in blob.data:
                yield self._fragment(blob, (_VARIABLES, _kept(blob)))
            return
        if b"Generator" not in blob.data:
            return
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.syntax import documents

        sealing = Sealing.of(self._context, blob)
        for root in documents.documents(blob):
            for generator, holder in _GENERATORS:
                generators = root.get(generator)
                for one in generators.items() if generators else ():
                    for path in _paths(one):
                        where = f"{blob.path.rpartition('/')[0]}/{path}".lstrip("/")
                        yield self._fragment(blob, (_GENERATOR, (normpath(where), holder)))
                    written = one.get("literals")
                    for literal in written.items() if written else ():
                        name, equals, value = literal.text().partition("=")
                        found = sealing.credential(
                            literal, name, value.strip("\"'"), holder=holder,
                            declared_as="kustomize-generator",
                        )  # fmt: skip
                        if equals and found and blob.counts(literal.line, literal.end_line):
                            yield found

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        """What stands in the files of variables that a generator takes; others are nobody's here."""
        taken: dict[str, bool] = {}
        for kind, content in fragments:
            if kind == _GENERATOR:
                path, holder = content
                taken[path] = taken.get(path, False) or holder
        for kind, content in fragments:
            if kind == _VARIABLES and content.path in taken:
                yield from self._variables(content, holder=taken[content.path])

    def _variables(self, blob: Blob, *, holder: bool) -> Iterator[Observation]:
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.syntax.node import File, Node

        sealing, file = Sealing.of(self._context, blob), File.of(blob)
        text = blob.text.content.decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            name, equals, value = line.strip().removeprefix("export ").partition("=")
            if not equals or name.startswith(("#", "!")) or not blob.counts(number, number):
                continue
            place = Node(
                value=value, file=file, line=number, column=1, end_line=number,
                end_column=len(line) + 1,
            )  # fmt: skip
            found = sealing.credential(
                place, name.strip(), value.strip().strip("\"'"), holder=holder,
                declared_as="kustomize-generator",
            )  # fmt: skip
            yield from filter(None, (found,))

    def _fragment(self, blob: Blob, content: Any) -> Fragment:
        return Fragment(id=f"{self.name}:{blob.path}", reader=self.name, content=content)


_GENERATOR, _VARIABLES = "generator", "variables"


def _kept(blob: Blob) -> Blob:
    """What of a file goes to where all were seen."""
    return Blob(
        path=blob.path, data=blob.data, storage=blob.storage, object=blob.object,
        member=blob.member, changed=blob.changes(),
    )  # fmt: skip


def _paths(generator: Any) -> Iterator[str]:
    """The files of variables that a generator takes."""
    for key in ("envs", "env"):
        found = generator.get(key)
        yield from (text for one in (found.items() if found else ()) if (text := one.text()))
