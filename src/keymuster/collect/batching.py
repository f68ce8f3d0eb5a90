"""Items of a source put together: worth a process, and little enough to hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from keymuster.collect.base import Batch
from keymuster.model import Trouble


def batched(
    listed: Iterable[tuple[Any, int] | Trouble], items: int, bytes: int
) -> Iterator[Batch | Trouble]:
    """Each item comes with its bytes. A batch ends with the item that makes it as large as this, in
    `items` or in `bytes`; troubles pass at once."""
    held: list[Any] = []
    size = 0
    for one in listed:
        if isinstance(one, Trouble):
            yield one
            continue
        item, length = one
        held.append(item)
        size += length
        if len(held) >= items or size >= bytes:
            yield Batch(items=tuple(held), bytes=size)
            held, size = [], 0
    if held:
        yield Batch(items=tuple(held), bytes=size)
