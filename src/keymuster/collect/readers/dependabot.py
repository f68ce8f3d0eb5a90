"""Settings of Dependabot: the secrets of the registries it signs in to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader

_HOME = regex.later(r"(?:^|/)(?:\.github/)?dependabot\.ya?ml\Z")
_KEYS = regex.later(rb"^(?:updates|registries)[ \t]*:", re.MULTILINE)


class Dependabot(Reader):
    """Reads `.github/dependabot.yml`."""

    name: ClassVar[str] = "dependabot"

    def __init__(self, context: Context) -> None:
        self._key = context.fingerprint_key
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return "dependabot." in path and bool(_HOME.search(path))

    def read(self, blob: Blob) -> Iterator[Observed]:
        if not _KEYS.search(blob.text.content):
            return
        from keymuster.collect.ci import dependabot
        from keymuster.collect.ci.reading import System, read

        system = System(
            name=self.name, pipelines=dependabot.pipelines, things=dependabot.things,
            written=dependabot.written,
        )  # fmt: skip
        yield from read(system, blob, self._rules.resource_types, self._key, is_sure=True)
