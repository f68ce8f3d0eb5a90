"""What templates of Azure Resource Manager declare, as JSON or in Bicep, and what their parameter
files pass to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.model import Trouble

if TYPE_CHECKING:
    from keymuster.collect.declared import Declared

_SUFFIXES = (".json", ".jsonc", ".bicep", ".bicepparam")

_SCHEMA = re.compile(rb"schema\.management\.azure\.com/[^\"\s]{0,80}(?i:deployment)")
_RESOURCE = re.compile(
    rb"\"type\"\s{0,20}:\s{0,20}\"(?i:microsoft)\.[A-Za-z]{1,60}(?:\.[A-Za-z]{1,60})?/"
)

_LARGEST = 5 * 1024 * 1024
"""Bytes of a template; Azure takes four MB."""


class AzureResourceManager(Reader):
    """Templates, each by itself: a module of Bicep is looked at as the file that it is."""

    name: ClassVar[str] = "azure-resource-manager"
    past: ClassVar[bool] = False

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rules = context.rules

    @cached_property
    def _wanted(self) -> frozenset[str]:
        return frozenset(type for policy in self._rules.policies for type in policy.types)

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
        from keymuster.collect import meanings
        from keymuster.collect.azure import objects
        from keymuster.collect.meanings.azure.literals import literals

        scope = f"{self.name}:{blob.path}"
        types = {one.lower(): one for one in (*self._wanted, *meanings.known())}
        for one in objects.objects(blob, scope, self._context, types, surely=surely):
            if isinstance(one, str):
                yield _trouble(blob, one)
                continue
            yield from meanings.records(one, self._wanted)
            if one.type not in meanings.known() and _is_of_azure(one):
                yield from literals(one)


def _is_of_azure(one: Declared) -> bool:
    return one.type.lower().startswith("microsoft.")


def _trouble(blob: Blob, message: str) -> Trouble:
    return Trouble(
        part=AzureResourceManager.name, scope=blob.path, message=message,
        advice="Scan the folder that it lies in or is made from.",
    )  # fmt: skip
