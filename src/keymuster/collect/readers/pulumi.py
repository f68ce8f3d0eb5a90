"""What programs of Pulumi in YAML declare, and what the configuration of their stacks holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.model.ids import in_id

if TYPE_CHECKING:
    from keymuster.collect.declared import Declared
    from keymuster.collect.pulumi.types import Types
    from keymuster.collect.syntax.node import Node

_PROGRAM = regex.later(r"(?:.*/)?(?:Pulumi|Main|PulumiPlugin)\.ya?ml")
_STACK = regex.later(r"(?:.*/)?Pulumi\.[^/]+\.ya?ml")
_SECTION = regex.later(
    rb"(?m)^(?:runtime|resources|config|configuration|variables|components)[ \t]*:"
)
_TYPE = regex.later(rb"(?m)^\s+type[ \t]*:[ \t]*[\"']?[a-z][\w-]*:")
_STACK_SECTION = regex.later(rb"(?m)^(?:config|encryptionsalt|encryptedkey|secretsprovider)[ \t]*:")

_LARGEST = 2 * 1024 * 1024


class Pulumi(Reader):
    """Programs, components and stacks, each file by itself."""

    name: ClassVar[str] = "pulumi"

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def _types(self) -> Types:
        from keymuster.collect import meanings
        from keymuster.collect.pulumi.types import Types

        rules = self._context.rules
        return Types(
            rules.pulumi,
            rules.terraform,
            self._context.rules.resource_types | set(meanings.known()),
        )

    def reads(self, path: str) -> bool:
        if "Pulumi" not in path and "Main." not in path:
            return False
        return _PROGRAM.fullmatch(path) is not None or _STACK.fullmatch(path) is not None

    def read(self, blob: Blob) -> Iterator[Observed]:
        from keymuster.collect import meanings
        from keymuster.collect.meanings.aws.literals import literals as of_aws
        from keymuster.collect.meanings.azure.literals import literals as of_azure
        from keymuster.collect.syntax.node import Broken, File
        from keymuster.collect.syntax.yaml import parse
        from keymuster.collect.terraform.values import Exhausted

        content = blob.text.content
        is_stack = _STACK.fullmatch(blob.path) is not None
        if blob.core is not None or not (_STACK_SECTION if is_stack else _SECTION).search(content):
            return
        if "/Main." in f"/{blob.path}" and not _TYPE.search(content):
            return
        if len(content) > _LARGEST:
            raise Broken(1, "is larger than any program of Pulumi")
        for document in parse(content.decode("utf-8", "replace"), File.of(blob))[:1]:
            try:
                for one in self._declared(document, blob, is_stack=is_stack):
                    if not blob.counts(one.settings.line, one.settings.end_line):
                        continue
                    yield from meanings.records(one, self._context.rules.resource_types)
                    if one.type not in meanings.known() and one.type.startswith("AWS::"):
                        yield from of_aws(one)
                    if one.type not in meanings.known() and one.type.startswith("Microsoft."):
                        yield from of_azure(one)
            except Exhausted:
                raise Broken(1, "is more work to evaluate than any honest program") from None

    def _declared(self, document: Node, blob: Blob, *, is_stack: bool) -> Iterator[Declared]:
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.pulumi.objects import config, marked, objects

        sealing = Sealing.of(self._context, blob)
        scope = f"{self.name}:{in_id(blob.path)}"
        found = [*config(document, scope, is_stack=is_stack)]
        if not is_stack:
            found += [*marked(document, scope), *objects(document, scope, self._types)]
        for one in found:
            one.sealing = sealing
            yield one
