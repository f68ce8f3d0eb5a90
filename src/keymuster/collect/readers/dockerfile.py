"""Secrets that Dockerfiles put into images, and the images they build on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader

_NAME = regex.later(
    r"(?i)(?:(?:docker|container)file(?:[._-][\w.-]{1,80})?|[\w.-]{1,80}\.(?:docker|container)file)"
)
_FROM = regex.later(rb"(?mi)^[ \t]{0,20}FROM[ \t]+\S")
_LARGEST = 1024 * 1024


class Dockerfile(Reader):
    """ENV, ARG, RUN and COPY of secrets, and FROM."""

    name: ClassVar[str] = "dockerfile"

    def __init__(self, context: Context) -> None:
        self._context = context

    def reads(self, path: str) -> bool:
        return _NAME.fullmatch(path.rpartition("/")[2]) is not None

    def read(self, blob: Blob) -> Iterator[Observed]:
        if blob.core is not None or not _FROM.search(blob.data):
            return
        from keymuster.collect.syntax.node import Broken

        if len(blob.data) > _LARGEST:
            raise Broken(1, "is too large to be read as a whole")
        from keymuster.collect.image_builds import ImageBuilds
        from keymuster.collect.literals.sealing import Sealing

        yield from ImageBuilds(Sealing.of(self._context, blob)).read(blob)
