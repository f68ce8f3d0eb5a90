"""Pipelines of Azure DevOps: jobs as identities, their service connections and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader

_HOME = re.compile(
    r"(?:^|/)(?:\.?azure[-_]?pipelines?[^/]*|\.?(?:azure-pipelines|azuredevops|azure-devops|pipelines)/.*)\.ya?ml\Z"
)
_STEPS = re.compile(
    rb"^[ \t]*(?:-[ \t]+)?(?:task|script|bash|pwsh|powershell|template|deployment)[ \t]*:",
    re.MULTILINE,
)
_SURE = re.compile(rb"^(?:pool|trigger|pr|stages|steps|jobs|resources)[ \t]*:", re.MULTILINE)
_TASK = re.compile(rb"^[ \t]*-[ \t]+task[ \t]*:[ \t]*[\w.-]+@[0-9]", re.MULTILINE)


class AzurePipelines(Reader):
    """Reads `azure-pipelines.yml`, and pipelines that lie elsewhere."""

    name: ClassVar[str] = "azure-pipelines"

    def __init__(self, context: Context) -> None:
        self._key = context.fingerprint_key
        self._rules = context.rules

    @cached_property
    def _wanted(self) -> set[str]:
        """The types of resources that policies ask for; the rules are loaded when a file is met."""
        return {type for policy in self._rules.policies for type in policy.types}

    def reads(self, path: str) -> bool:
        return path.endswith((".yml", ".yaml"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        is_home = bool(_HOME.search(blob.path))
        if not is_home and b"task" not in content:
            return
        if not (_STEPS if is_home else _TASK).search(content):
            return
        if not _SURE.search(content):
            return
        from keymuster.collect.ci import azure_pipelines
        from keymuster.collect.ci.reading import System, read

        system = System(
            name=self.name, pipelines=azure_pipelines.pipelines, things=azure_pipelines.things,
            written=azure_pipelines.written,
        )  # fmt: skip
        yield from read(system, blob, self._wanted, self._key, is_sure=is_home)
