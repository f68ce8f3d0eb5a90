"""Exceptions of a team, `.keymuster/exceptions/*.yaml`, where they are among the files of a scan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader

_FOLDER = ".keymuster/exceptions/"


class Exceptions(Reader):
    """Reads those of the root. What lies deeper was perhaps copied from elsewhere, and accepts nothing
    here."""

    name: ClassVar[str] = "exceptions"

    def __init__(self, context: Context) -> None:
        pass

    def reads(self, path: str) -> bool:
        return path.startswith(_FOLDER) and path.endswith((".yaml", ".yml"))

    def read(self, blob: Blob) -> Iterator[Observed]:
        from keymuster.collect.exceptions import exception

        yield exception(blob)
