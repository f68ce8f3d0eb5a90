"""Services declared in Docker Compose files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.margin import AtMargin
from keymuster.model import Resource
from keymuster.model.ids import in_id

if TYPE_CHECKING:
    from keymuster.collect.syntax.node import Node

_SERVICES = AtMargin(rb"[\"']?services[\"']?[ \t]{0,8}:")
_ONE_OF = ("image", "build", "extends")
_FLAG = regex.later(r"--?(?P<name>[A-Za-z][\w.-]{1,60})=(?P<value>\S{1,400})")


class Compose(Reader):
    """Environment, build arguments and mounts of the services of a Compose file."""

    name: ClassVar[str] = "compose"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return path.endswith((".yaml", ".yml"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        if b"services" not in blob.data or not _SERVICES.search(blob.data):
            return
        from keymuster.collect.syntax import documents
        from keymuster.collect.syntax.node import Broken

        try:
            roots = documents.documents(blob)
        except Broken:
            if "compose" in blob.path.rpartition("/")[2].lower():
                raise
            return
        for root in roots:
            services = root.get("services")
            for name, service in services.entries() if services else ():
                if not any(service.get(key) for key in _ONE_OF):
                    continue
                for key, path in _VARIABLES.items():
                    yield from self._variables(blob, service, key, path)
                yield from self._command(blob, service)
                yield from _mounts(blob, name, service)

    def _variables(
        self, blob: Blob, service: Node, declared_as: str, path: tuple[str, ...]
    ) -> Iterator[Observed]:
        found = service.get(*path)
        for name, value, node in _pairs(found) if found else ():
            yield from self._literal(blob, node, name, value, declared_as)

    def _command(self, blob: Blob, service: Node) -> Iterator[Observed]:
        for key in ("command", "entrypoint"):
            found = service.get(key)
            for item in found.items() if found else ():
                for flag in _FLAG.finditer(item.text()):
                    yield from self._literal(
                        blob, item, flag["name"], flag["value"], "compose-command"
                    )

    def _literal(
        self, blob: Blob, node: Node, name: str, value: str, declared_as: str
    ) -> Iterator[Observed]:
        from keymuster.collect.literals.sealing import Sealing

        sealing = Sealing.of(self._context, blob)
        found = sealing.credential(node, name, value, declared_as=declared_as)
        if found is not None and blob.counts(node.line, node.end_line):
            yield found


_VARIABLES = {
    "compose-environment": ("environment",),
    "compose-build-argument": ("build", "args"),
}


def _pairs(node: Node) -> Iterator[tuple[str, str, Node]]:
    """(name, value, place) of variables, which are a map or a list of `NAME=value`."""
    for name, value in node.entries():
        yield name, value.text(), value
    for item in node.items() if isinstance(node.value, list) else ():
        name, equals, text = item.text().partition("=")
        if equals:
            yield name.strip(), text.strip(), item


def _mounts(blob: Blob, service: str, node: Node) -> Iterator[Resource]:
    volumes = node.get("volumes")
    for item in volumes.items() if volumes else ():
        source = item.get("source")
        path = source.text() if source else item.text().partition(":")[0]
        if path.startswith(("/", "~", "${HOME}", "$HOME")) and blob.counts(
            item.line, item.end_line
        ):
            yield Resource(
                id=f"HostPath:compose:{in_id(blob.path)}:{service}#{item.line}:{path}",
                type="HostPath",
                name=path,
                location=item.location(),
                settings={"workload": f"service {service}", "path": path},
            )
