"""Items of a source put together: worth a process, and little enough to hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from keymuster.collect.base import Batch
from keymuster.model import Trouble

_SHARE = 64
"""Where there are many items, a batch may hold one of so many: to hand one out takes as long as to read some files."""


def batched(
    listed: Iterable[tuple[Any, int] | Trouble], items: int, bytes: int, most: int = 0
) -> Iterator[Batch | Trouble]:
    """Each item comes with its bytes. A batch ends with the item that makes it as large as this, in
    `items` or in `bytes`; troubles pass at once. Behind many items, it may have up to `most`."""
    held: list[Any] = []
    size = given = 0
    for one in listed:
        if isinstance(one, Trouble):
            yield one
            continue
        item, length = one
        held.append(item)
        size += length
        if len(held) >= items or size >= bytes:
            yield Batch(items=tuple(held), bytes=size)
            given += len(held)
            items = max(items, min(most, given // _SHARE))
            held, size = [], 0
    if held:
        yield Batch(items=tuple(held), bytes=size)
