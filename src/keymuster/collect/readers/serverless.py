"""What services of the Serverless Framework declare: functions, their roles, variables and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.margin import AtMargin
from keymuster.model import Trouble
from keymuster.model.ids import in_id

_SUFFIXES = (".yml", ".yaml", ".json")

_SERVICE = AtMargin(rb"[ \t{]*[\"']?(?:service|functions)[\"']?\s{0,20}:")
_PROVIDER = AtMargin(rb"[ \t{,]*[\"']?provider[\"']?\s{0,20}:")
_AWS = regex.later(
    rb"[\"']?name[\"']?\s{0,20}:\s{0,20}[\"']?aws\b|^[\"']?provider[\"']?\s{0,20}:\s{0,20}[\"']?aws\b",
    re.MULTILINE,
)

_LARGEST = 2 * 1024 * 1024


class Serverless(Reader):
    """Services on AWS. Each becomes what the framework makes of it: objects of CloudFormation."""

    name: ClassVar[str] = "serverless"
    past: ClassVar[bool] = False

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return path.lower().endswith(_SUFFIXES)

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or b"provider" not in content or not _PROVIDER.search(content):
            return
        if not _SERVICE.search(content) or not _AWS.search(content):
            return
        if len(content) > _LARGEST:
            yield Trouble(
                part=self.name, scope=blob.path, advice="Scan it in parts.",
                message="is larger than any service is; it was not read as one",
            )  # fmt: skip
            return
        from keymuster.collect import meanings
        from keymuster.collect.cloudformation import serverless

        surely = blob.path.rsplit("/", 1)[-1].startswith("serverless.")
        scope = f"{self.name}:{in_id(blob.path)}"
        for one in serverless.objects(blob, scope, self._context, surely=surely):
            yield from meanings.records(one, self._context.rules.resource_types)
