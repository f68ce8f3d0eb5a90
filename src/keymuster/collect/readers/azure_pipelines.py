"""Pipelines of Azure DevOps: jobs as identities, their service connections and secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Fragment, Observed, Reader
from keymuster.collect.margin import AtMargin
from keymuster.model import Observation, Trouble
from keymuster.model.ids import in_id

if TYPE_CHECKING:
    from keymuster.collect.syntax.node import Node

_HOME = regex.later(
    r"(?:^|/)(?:\.?azure[-_]?pipelines?[^/]*|\.?(?:azure-pipelines|azuredevops|azure-devops|pipelines)/.*)\.ya?ml\Z"
)
_STEPS = AtMargin(
    rb"[ \t]*(?:-[ \t]+)?(?:task|script|bash|pwsh|powershell|template|deployment)[ \t]*:"
)
_SURE = AtMargin(rb"(?:pool|trigger|pr|stages|steps|jobs|resources|extends|variables)[ \t]*:")
_TASK = AtMargin(rb"[ \t]*-[ \t]+task[ \t]*:[ \t]*[\w.-]+@[0-9]")
_OTHERS = AtMargin(
    rb"(?:apiVersion|kind|on|services|language|pipelines|include|version|workflows|image)[ \t]*:"
)
"""What other files have that look like a template."""


class AzurePipelines(Reader):
    """Reads `azure-pipelines.yml`, pipelines that lie elsewhere, and the templates that they take in."""

    name: ClassVar[str] = "azure-pipelines"

    def __init__(self, context: Context) -> None:
        self._key = context.fingerprint_key
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return path.endswith((".yml", ".yaml"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        is_home = bool(_HOME.search(blob.path))
        if not _SURE.search(content):
            return
        is_sure = bool((_STEPS if is_home else _TASK).search(content))
        if not is_sure and _OTHERS.search(content):
            return
        if blob.core is not None or blob.text.binary:
            return
        from keymuster.collect.ci.files import Kept

        kept = Kept.of(blob, is_sure=is_sure)
        if kept is None:
            return
        if is_home:
            kept.documents  # noqa: B018  a file that is not well-formed is told of here
        yield Fragment(id=f"{self.name}:{blob.path}", reader=self.name, content=kept)

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        from keymuster.collect.ci import azure_files, azure_pipelines
        from keymuster.collect.ci.common import records
        from keymuster.collect.ci.files import PlacesOfAll, said

        files = {kept.path: kept for kept in fragments}
        places = PlacesOfAll(files)
        used: dict[str, None] = {}

        def scope(job: Node) -> str:
            return f"{self.name}:{in_id(places.path(job))}"

        for one in azure_files.pipelines(files):
            if isinstance(one, str):
                yield Trouble(
                    part=self.name, scope=one,
                    message="is more work to put together than any honest pipeline; its jobs were not looked at",
                    advice="Take out templates of templates, or exclude the file.",
                )  # fmt: skip
                used[one] = None
                continue
            used |= dict.fromkeys(one.files)
            for job in azure_pipelines.pipelines(one.root, scope, places):
                if places.count(job.location):
                    yield from records(job)
        for path in used:
            yield from said(
                files[path], f"{self.name}:{in_id(path)}", azure_pipelines.things, azure_pipelines.written,
                self._rules.resource_types, self._key, self.name,
            )  # fmt: skip
