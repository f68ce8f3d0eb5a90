"""Workflows and actions of GitHub Actions: jobs as identities, their tokens, secrets and sign-ins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Fragment, Observed, Reader
from keymuster.collect.margin import AtMargin
from keymuster.model import Observation, Trouble

if TYPE_CHECKING:
    from keymuster.collect.ci.workflows import Workflow

_HOME = regex.later(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml\Z")
_ACTION = regex.later(r"(?:^|/)action\.ya?ml\Z")
_WORKFLOW_KEYS = AtMargin(rb"(?:on|\"on\"|'on')[ \t]*:")
_JOBS = AtMargin(rb"jobs[ \t]*:")
_RUNS = AtMargin(rb"runs[ \t]*:")

_LARGEST = 4 * 1024 * 1024


class GithubActions(Reader):
    """Reads workflows wherever they lie, and actions made of steps or of an image."""

    name: ClassVar[str] = "github-actions"

    def __init__(self, context: Context) -> None:
        self._key = context.fingerprint_key
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return path.endswith((".yml", ".yaml"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or blob.text.binary:
            return
        is_home = bool(_HOME.search(blob.path))
        is_workflow = bool(
            b"jobs" in content and _JOBS.search(content) and _WORKFLOW_KEYS.search(content)
        )
        is_action = bool(_ACTION.search(blob.path) and _RUNS.search(content))
        if not (is_workflow or is_action):
            return
        from keymuster.collect.ci import records
        from keymuster.collect.ci.things import Seen
        from keymuster.collect.syntax.node import Broken

        if len(content) > _LARGEST:
            if is_home or is_action:
                raise Broken(1, "is too large to be read as a whole")
            return
        try:
            workflow = _parsed(blob, content.decode("utf-8", "replace"))
        except Broken:
            if is_home or is_action:
                raise
            return
        if workflow is not None and workflow.has_neighbours:
            read = (workflow, Seen.of(blob))
            yield Fragment(id=f"{self.name}:{blob.path}", reader=self.name, content=read)
        elif workflow is not None:
            yield from records.of(workflow, self._rules.resource_types, self._key, blob)

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        from keymuster.collect.ci import records
        from keymuster.collect.ci.calls import link

        link([workflow for workflow, _ in fragments])
        for workflow, seen in fragments:
            yield from records.of(workflow, self._rules.resource_types, self._key, seen)


def _parsed(blob: Blob, text: str) -> Workflow | None:
    from keymuster.collect.ci.places import Places
    from keymuster.collect.ci.workflows import Action, Workflow
    from keymuster.collect.syntax.node import File
    from keymuster.collect.syntax.yaml import parse

    file = File.of(blob)
    documents = parse(text, file)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):  # GitHub takes just one
        return None
    root = documents[0]
    name = blob.path
    if isinstance((root.get("jobs") or root).value, dict) and root.get("jobs") is not None:
        return Workflow(root, name, Places(text))
    if root.get("runs", "steps") is not None or root.get("runs", "image") is not None:
        return Action(root, name, Places(text))
    return None
