"""What somebody pipes in."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import ClassVar

from keymuster.collect.base import Batch, Blob, Context, Observed, Read, Source
from keymuster.errors import Unreadable
from keymuster.model import Storage, Trouble


class Input(Source):
    """Standard input as one file called `<stdin>`."""

    name: ClassVar[str] = "input"

    def __init__(self, context: Context) -> None:
        self._limit = context.selection.max_file_bytes
        self._bytes = 0

    def counts(self) -> dict[str, int]:
        return {"files": 1, "bytes": self._bytes}

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        yield from observed

    def batches(self) -> Iterator[Batch | Trouble]:
        if sys.stdin is None:
            raise Unreadable("standard input is closed", "Pipe something into --stdin.")
        content = sys.stdin.buffer.read(self._limit + 1)
        self._bytes = min(len(content), self._limit)
        yield Batch(items=(content[: self._limit],), bytes=0)
        if len(content) > self._limit:
            yield Trouble(
                part=self.name,
                scope="<stdin>",
                message=f"holds more than the limit of {self._limit:,} bytes; the rest was not read",
                advice="Raise --max-file-size.",
            )

    def read(self, batch: Batch) -> Iterator[Read]:
        for content in batch.items:
            yield Blob(path="<stdin>", data=content, storage=Storage.INPUT)
