"""Pipelines of Bitbucket: steps as identities, their secrets and sign-ins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader

_HOME = regex.later(r"(?:^|/)bitbucket-pipelines[^/]*\.ya?ml\Z")
_PIPELINES = regex.later(rb"^(?:pipelines|definitions)[ \t]*:", re.MULTILINE)


class BitbucketPipelines(Reader):
    """Reads `bitbucket-pipelines.yml`."""

    name: ClassVar[str] = "bitbucket-pipelines"

    def __init__(self, context: Context) -> None:
        self._key = context.fingerprint_key
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return "bitbucket-pipelines" in path and bool(_HOME.search(path))

    def read(self, blob: Blob) -> Iterator[Observed]:
        if not _PIPELINES.search(blob.text.content):
            return
        from keymuster.collect.ci import bitbucket
        from keymuster.collect.ci.reading import System, read

        system = System(
            name=self.name,
            pipelines=bitbucket.pipelines,
            things=bitbucket.things,
            written=bitbucket.written,
        )
        yield from read(system, blob, self._rules.resource_types, self._key, is_sure=True)
