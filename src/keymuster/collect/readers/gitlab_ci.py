"""Pipelines of GitLab CI: jobs as identities, their secrets and sign-ins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader

_HOME = re.compile(r"(?:^|/)(?:[^/]*\.gitlab-ci|\.gitlab-ci[^/]*|\.gitlab/[^/].*)\.ya?ml\Z")
_STAGES = re.compile(
    rb"^(?:stages|include|default|image|variables|workflow|before_script)[ \t]*:", re.MULTILINE
)
_SCRIPT = re.compile(rb"^[ \t]+script[ \t]*:", re.MULTILINE)
_SURE = re.compile(rb"^stages[ \t]*:", re.MULTILINE)
_OTHERS = re.compile(rb"^(?:jobs|steps|pool|pipelines|trigger)[ \t]*:", re.MULTILINE)


class GitlabCi(Reader):
    """Reads `.gitlab-ci.yml`, what it includes, and pipelines that lie elsewhere."""

    name: ClassVar[str] = "gitlab-ci"

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
        has_script = b"script" in content and _SCRIPT.search(content)
        if not (has_script or (is_home and _STAGES.search(content))):
            return
        if not is_home and (not _SURE.search(content) or _OTHERS.search(content)):
            return
        from keymuster.collect.ci import gitlab
        from keymuster.collect.ci.reading import System, read

        system = System(
            name=self.name, pipelines=gitlab.pipelines, things=gitlab.things, written=gitlab.written
        )
        yield from read(system, blob, self._wanted, self._key, is_sure=is_home)
