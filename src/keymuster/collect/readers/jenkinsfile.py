"""Jenkinsfiles: pipelines as identities, their credentials and sign-ins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.model import Confidence
from keymuster.model.ids import in_id

_NAME = regex.later(r"(?:^|/)(?:Jenkinsfile[^/]*|[^/]*\.(?:jenkinsfile|Jenkinsfile))\Z")
_PIPELINE = regex.later(
    rb"(?<!\w)(?:pipeline|node|stage|withCredentials|@Library|library)\s{0,5}[({'\"]"
)
_LARGEST = 1024 * 1024


class Jenkinsfile(Reader):
    """Reads what a Jenkinsfile writes out; it runs nothing."""

    name: ClassVar[str] = "jenkinsfile"

    def __init__(self, context: Context) -> None:
        self._key = context.fingerprint_key
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return "enkinsfile" in path and bool(_NAME.search(path))

    def read(self, blob: Blob) -> Iterator[Observed]:
        content = blob.text.content
        if blob.core is not None or blob.text.binary or not _PIPELINE.search(content):
            return
        from keymuster.collect.syntax.node import Broken

        if len(content) > _LARGEST:
            raise Broken(1, "is too large to be read as a whole")
        from keymuster.collect.ci import jenkins
        from keymuster.collect.ci.common import is_written_secret, records, written_secret
        from keymuster.collect.ci.things import resources

        scope = f"{self.name}:{in_id(blob.path)}"
        place = blob.location((1, 1), (1, 1))
        script = jenkins.Script.of(content.decode("utf-8", "replace"), place)
        yield from resources(scope, jenkins.things(script), self._rules.resource_types, blob)
        if blob.counts(1, len(script.lines)):
            yield from records(jenkins.pipeline(script, scope))
        for name, value, where in jenkins.written(script):
            if blob.counts(where.line, where.end_line) and is_written_secret(name, value):
                yield written_secret(name, value, where, blob, self._key, Confidence.MEDIUM)
