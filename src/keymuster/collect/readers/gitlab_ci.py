"""Pipelines of GitLab CI: jobs as identities, their secrets and sign-ins."""

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

_HOME = regex.later(r"(?:^|/)(?:[^/]*\.gitlab-ci|\.gitlab-ci[^/]*|\.gitlab/[^/].*)\.ya?ml\Z")
_STAGES = AtMargin(rb"(?:stages|include|default|image|variables|workflow|before_script)[ \t]*:")
_SCRIPT = AtMargin(rb"[ \t]+script[ \t]*:")
_SURE = AtMargin(rb"stages[ \t]*:")
_PART = AtMargin(rb"(?:include|variables|\.[\w.:-]+)[ \t]*:|[ \t]+(?:- )?script[ \t]*:")
"""What a file may hold that another one includes, whatever it is called."""
_MARKS = (b"\ninclude", b"\nvariables", b"script", b"\n.")
"""What `_PART` finds: to look for words takes a tenth of what an expression takes."""
_OTHERS = AtMargin(rb"(?:jobs|steps|pool|pipelines|trigger|apiVersion|language|kind)[ \t]*:")


class GitlabCi(Reader):
    """Reads `.gitlab-ci.yml`, what it includes, and pipelines that lie elsewhere."""

    name: ClassVar[str] = "gitlab-ci"

    def __init__(self, context: Context) -> None:
        self._key = context.fingerprint_key
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return path.endswith((".yml", ".yaml"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        is_home = bool(_HOME.search(blob.path))
        is_other = bool(_OTHERS.search(content))
        if is_other and not is_home:
            return
        is_sure = bool(b"script" in content and _SCRIPT.search(content))
        if is_home:
            is_sure = is_sure or bool(_STAGES.search(content))
        else:
            is_sure = is_sure and bool(_SURE.search(content))
        if not is_sure and (is_other or not _is_part(content)):
            return
        if blob.core is not None or blob.text.binary:
            return
        from keymuster.collect.ci.files import Kept

        kept = Kept.of(blob, is_sure=is_sure)
        if kept is None:
            return
        if is_home and is_sure:
            kept.documents  # noqa: B018  a file that is not well-formed is told of here
        yield Fragment(id=f"{self.name}:{blob.path}", reader=self.name, content=kept)

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        from keymuster.collect.ci import gitlab, gitlab_files
        from keymuster.collect.ci.common import records
        from keymuster.collect.ci.files import PlacesOfAll, said

        files = {kept.path: kept for kept in fragments}
        places = PlacesOfAll(files)
        used: dict[str, None] = {}

        def scope(job: Node) -> str:
            return f"{self.name}:{in_id(places.path(job))}"

        for one in gitlab_files.pipelines(files):
            if isinstance(one, str):
                yield Trouble(
                    part=self.name, scope=one,
                    message="is more work to put together than any honest pipeline; its jobs were not looked at",
                    advice="Take out references to references, or exclude the file.",
                )  # fmt: skip
                used[one] = None
                continue
            used |= dict.fromkeys(one.files)
            for job in gitlab.pipelines(one.root, scope, places):
                if places.count(job.location):
                    yield from records(job)
        for path in used:
            yield from said(
                files[path], f"{self.name}:{in_id(path)}", gitlab.things, gitlab.written, self._rules.resource_types,
                self._key, self.name,
            )  # fmt: skip


def _is_part(content: bytes) -> bool:
    """Whether another file may include it."""
    marked = any(mark in content or content.startswith(mark.strip()) for mark in _MARKS)
    return marked and bool(_PART.search(content))
