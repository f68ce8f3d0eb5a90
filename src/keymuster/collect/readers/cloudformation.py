"""What CloudFormation templates declare, in YAML or JSON: written by hand, for SAM, or by the CDK."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.marks import has_one
from keymuster.model import Trouble
from keymuster.model.ids import in_id

if TYPE_CHECKING:
    from keymuster.collect.declared import Declared
    from keymuster.collect.syntax.node import Node

_SUFFIXES = (".yaml", ".yml", ".json", ".template", ".cfn", ".cft", ".cform", ".sam")

_RESOURCES = regex.later(rb"(?:^|[{,])[ \t\"']*Resources[\"']?\s{0,200}:", re.MULTILINE)
_TYPE = regex.later(rb"[\"']?Type[\"']?\s{0,20}:\s{0,200}[\"']?(?:AWS|Alexa|Custom)::")
_PREFIXES = (b"AWS::", b"Alexa::", b"Custom::")
_SURELY = regex.later(
    rb"^[ \t{\"']*(?:AWSTemplateFormatVersion|Transform[\"']?:[ \t\"']*AWS::)", re.MULTILINE
)

_LARGEST = 2 * 1024 * 1024
"""Bytes of a template; CloudFormation takes half of that."""


class CloudFormation(Reader):
    """Templates; also those inside files of other tools that are nothing else."""

    name: ClassVar[str] = "cloudformation"
    past: ClassVar[bool] = False

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return path.lower().endswith(_SUFFIXES)

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if (
            blob.core is not None
            or b"Resources" not in content
            or not has_one(content, _PREFIXES)
            or not _TYPE.search(content)
            or not _RESOURCES.search(content)
        ):
            return
        from keymuster.collect.cloudformation import templates

        if len(content) > _LARGEST:
            yield _trouble(blob, "is larger than any template may be; it was not read as one")
            return
        surely = _SURELY.search(content) is not None
        for document in templates.documents(blob, surely=surely):
            yield from self._template(blob, document)

    def _template(self, blob: Blob, document: Node) -> Iterator[Observed]:
        from keymuster.collect import meanings
        from keymuster.collect.cloudformation import templates
        from keymuster.collect.cloudformation.intrinsics import Template
        from keymuster.collect.meanings.aws.literals import literals

        template = Template(document)
        for one in templates.objects(
            template, f"{self.name}:{in_id(blob.path)}", self._context, blob
        ):
            yield from meanings.records(one, self._context.rules.resource_types)
            if one.type not in meanings.known():
                yield from literals(one)
            if (url := one.known("TemplateURL")) and one.type == "AWS::CloudFormation::Stack":
                yield from _nested(blob, one, url)


def _nested(blob: Blob, one: Declared, url: str) -> Iterator[Trouble]:
    if url.startswith(("http://", "https://", "s3://")):
        yield _trouble(
            blob, f"nests a template that lies elsewhere, as {one.name}; it was not read"
        )


def _trouble(blob: Blob, message: str) -> Trouble:
    return Trouble(
        part=CloudFormation.name, scope=blob.path, message=message,
        advice="Scan the folder that it is made from.",
    )  # fmt: skip
