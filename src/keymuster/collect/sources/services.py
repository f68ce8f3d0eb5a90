"""No files at all: what is looked at are services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from keymuster.collect.base import Batch, Blob, Context, Observed, Source
from keymuster.model import Trouble


class Services(Source):
    """A scan of services alone."""

    name: ClassVar[str] = "services"

    def __init__(self, context: Context) -> None:
        self._services = context.selection.services

    def batches(self) -> Iterator[Batch | Trouble]:
        return iter(())

    def read(self, batch: Batch) -> Iterator[Blob | Trouble]:
        return iter(())

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        yield from observed

    def counts(self) -> dict[str, int]:
        return {"services": len(self._services)}
