"""What templates of Azure Resource Manager declare, as JSON or in Bicep, and what their parameter
files pass to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Fragment, Observed, Reader
from keymuster.model import Observation, Trouble
from keymuster.model.ids import in_id

if TYPE_CHECKING:
    from keymuster.collect.declared import Declared

_SUFFIXES = (".json", ".jsonc", ".bicep", ".bicepparam")

_SCHEMA = regex.later(rb"schema\.management\.azure\.com/[^\"\s]{0,80}(?i:deployment)")
_RESOURCE = regex.later(
    rb"\"type\"\s{0,20}:\s{0,20}\"(?i:microsoft)\.[A-Za-z]{1,60}(?:\.[A-Za-z]{1,60})?/"
)

_LARGEST = 5 * 1024 * 1024
"""Bytes of a template; Azure takes four MB."""


class AzureResourceManager(Reader):
    """Templates. A module of Bicep and a linked template are looked at as they are deployed, with what is
    passed to them."""

    name: ClassVar[str] = "azure-resource-manager"
    past: ClassVar[bool] = False

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return path.lower().endswith(_SUFFIXES)

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None:
            return
        is_bicep = not blob.path.lower().endswith((".json", ".jsonc"))
        surely = is_bicep or _SCHEMA.search(content) is not None
        if not surely and not (b'"resources"' in content and _RESOURCE.search(content)):
            return
        if len(content) > _LARGEST:
            yield _trouble(blob, "is larger than any template may be; it was not read as one")
            return
        from keymuster.collect.azure import objects
        from keymuster.collect.azure.modules import Template

        scope = f"{self.name}:{in_id(blob.path)}"
        records: list[Observation] = []
        for one in objects.objects(blob, scope, self._context, self._types, surely=surely):
            if isinstance(one, str):
                yield _trouble(blob, one)
            else:
                records += self._records(one)
        takes = tuple(one.decode("utf-8", "replace") for one in _taken(content, is_bicep))
        template = Template(
            path=blob.path, data=content, storage=blob.storage, member=blob.member,
            object=blob.object, changed=blob.changes(), records=tuple(records), takes=takes,
        )  # fmt: skip
        if surely or records:
            yield Fragment(id=scope, reader=self.name, content=template)

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        if not any(one.takes for one in fragments):
            for one in fragments:
                yield from one.records
            return
        from keymuster.collect.azure.modules import Modules

        yield from Modules(fragments, self._context, self._types).records(self._records)

    @cached_property
    def _types(self) -> dict[str, str]:
        """Those that mean something here, by their lower case: Azure does not care."""
        from keymuster.collect import meanings

        return {one.lower(): one for one in (*self._rules.resource_types, *meanings.known())}

    def _records(self, one: Declared) -> Iterator[Observation]:
        from keymuster.collect import meanings
        from keymuster.collect.meanings.azure.literals import literals

        yield from meanings.records(one, self._rules.resource_types)
        if one.type not in meanings.known() and _is_of_azure(one):
            yield from literals(one)


_MODULE = regex.later(rb"(?m)^[ \t]{0,20}module\s{1,20}\w{1,200}\s{1,20}'([^'\n]{1,500})'")
_LINK = regex.later(rb"\"(?:relativePath|uri)\"\s{0,20}:\s{0,20}\"([^\"\n]{1,2000})\"")
_NAME = regex.later(rb"[\w./-]{1,500}\.json")


def _taken(content: bytes, is_bicep: bool) -> Iterator[bytes]:
    """Paths of the templates that a template may take in, or the ends of them."""
    if is_bicep:
        for found in _MODULE.finditer(content):
            if not found[1].startswith((b"br:", b"br/", b"ts:", b"ts/")):
                yield found[1]
    elif b"templateLink" in content:
        for found in _LINK.finditer(content):
            yield from (b"${}/" + name.lstrip(b"/") for name in _NAME.findall(found[1]))


def _is_of_azure(one: Declared) -> bool:
    return one.type.lower().startswith("microsoft.")


def _trouble(blob: Blob, message: str) -> Trouble:
    return Trouble(
        part=AzureResourceManager.name, scope=blob.path, message=message,
        advice="Scan the folder that it lies in or is made from.",
    )  # fmt: skip
