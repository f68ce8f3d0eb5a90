"""Pipelines of CircleCI: jobs as identities, their contexts and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader

_HOME = regex.later(r"(?:^|/)\.circleci/(?:[^/]+/)*[^/]+\.ya?ml\Z")
_VERSION = regex.later(rb"^version[ \t]*:[ \t]*[\"']?2", re.MULTILINE)
_WORKFLOWS = regex.later(rb"^workflows[ \t]*:", re.MULTILINE)
_JOBS = regex.later(rb"^(?:jobs|workflows|orbs)[ \t]*:", re.MULTILINE)


class CircleCi(Reader):
    """Reads the files in `.circleci`, and those that a set-up job continues with, wherever they lie."""

    name: ClassVar[str] = "circleci"

    def __init__(self, context: Context) -> None:
        self._key = context.fingerprint_key
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return path.endswith((".yml", ".yaml"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        is_home = bool(_HOME.search(blob.path))
        if not is_home and b"workflows" not in content:
            return
        if not (_VERSION.search(content) and (_JOBS if is_home else _WORKFLOWS).search(content)):
            return
        from keymuster.collect.ci import circleci
        from keymuster.collect.ci.reading import System, read

        system = System(
            name=self.name,
            pipelines=circleci.pipelines,
            things=circleci.things,
            written=circleci.written,
        )
        yield from read(system, blob, self._rules.resource_types, self._key, is_sure=is_home)
