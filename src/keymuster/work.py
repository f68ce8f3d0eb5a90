"""Reading batches in this process or in several, with the same results in the same order."""

from __future__ import annotations

import itertools
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from keymuster.collect.base import Batch, Blob, Observed, Read, Reader, Source
from keymuster.errors import CollectError
from keymuster.model import Trouble

if TYPE_CHECKING:
    from concurrent.futures.process import ProcessPoolExecutor

WORTH_FORKING = 30 * 1024 * 1024
"""Bytes of work below which one process is faster than starting more."""

Progress = Callable[[int], None]


Unpack = Callable[[Blob], Iterable[Read]]
"""What is in a file: the members of a container, and then the file; of other files, just that."""


def run(
    source: Source, readers: Sequence[Reader], batches: Iterator[Batch | Trouble], jobs: int,
    progress: Progress, unpack: Unpack | None = None,
) -> Iterator[Observed]:  # fmt: skip
    """Everything the readers observe, batch by batch; troubles in their place."""
    first: list[Batch | Trouble] = []
    weight = 0
    while jobs > 1 and weight < WORTH_FORKING:
        batch = next(batches, None)
        if batch is None:
            break
        first.append(batch)
        weight += batch.bytes if isinstance(batch, Batch) else 0
    every = itertools.chain(first, batches)
    if weight >= WORTH_FORKING and hasattr(os, "fork"):
        yield from _in_processes(source, readers, every, jobs, progress, unpack)
        return
    for batch in every:
        if isinstance(batch, Trouble):
            yield batch
        else:
            yield from observe(source, readers, batch, unpack)
            progress(batch.bytes)


def observe(
    source: Source, readers: Sequence[Reader], batch: Batch, unpack: Unpack | None = None
) -> Iterator[Observed]:
    """What the readers say of one batch. A reader that fails leaves a trouble, not a hole."""
    for blob in source.read(batch):
        if isinstance(blob, Trouble):
            yield blob
        elif unpack is None:
            yield from _read(readers, blob)
        else:
            yield from _unpacked(readers, unpack(blob))


def _unpacked(readers: Sequence[Reader], files: Iterable[Read]) -> Iterator[Observed]:
    """What the readers say of a file and of what is in it. The bytes of a container are searched
    too, for what no member holds; what stands in a member is not said a second time."""
    inside: set[str] = set()
    for blob in files:
        if isinstance(blob, Trouble):
            yield blob
            continue
        for one in _read(readers, blob):
            if isinstance(one, Trouble):
                yield one
            elif not blob.opened or one.id not in inside:
                inside.add(one.id)
                yield one


def _read(readers: Sequence[Reader], blob: Blob) -> Iterator[Observed]:
    for reader in readers:
        if reader.reads(blob.path):
            yield from _guarded(reader, blob)


def _guarded(reader: Reader, blob: Blob) -> Iterator[Observed]:
    try:
        yield from reader.read(blob)
    except CollectError as error:
        yield Trouble(
            part=reader.name, scope=_name(blob), message=error.message, advice=error.advice()
        )
    except Exception as error:  # noqa: BLE001 - a reader's fault, ours or an extension's, costs one file
        yield Trouble(
            part=reader.name,
            scope=_name(blob),
            message=f"the {reader.name} reader failed ({type(error).__name__}); it was not scanned to its end",
            advice="This is a fault in keymuster or in an extension; please report it.",
        )


def _name(blob: Blob) -> str:
    return blob.path or f"object {blob.object}"


_here: tuple[Source, Sequence[Reader], Unpack | None] | None = None
"""What a forked worker inherits."""


def _in_processes(
    source: Source, readers: Sequence[Reader], batches: Iterable[Batch | Trouble], jobs: int,
    progress: Progress, unpack: Unpack | None,
) -> Iterator[Observed]:  # fmt: skip
    from concurrent.futures import Future
    from concurrent.futures.process import BrokenProcessPool

    global _here
    _here = (source, readers, unpack)
    pool = _pool(jobs)
    waiting: deque[tuple[Batch | Trouble, Future[list[Observed]] | None]] = deque()

    def finished() -> Iterator[Observed]:
        batch, future = waiting.popleft()
        if isinstance(batch, Trouble):
            yield batch
            return
        assert future is not None
        try:
            observed = future.result()
        except BrokenProcessPool:  # somebody's batch did that; not necessarily this one
            observed = _alone(source, batch)
        yield from observed
        progress(batch.bytes)

    try:
        for batch in batches:
            future = None
            if isinstance(batch, Batch):
                try:
                    future = pool.submit(_work, batch)
                except BrokenProcessPool:
                    pool = _pool(jobs)
                    future = pool.submit(_work, batch)
            waiting.append((batch, future))
            if len(waiting) > 4 * jobs:
                yield from finished()
        while waiting:
            yield from finished()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        _here = None


def _alone(source: Source, batch: Batch) -> list[Observed]:
    """A batch in a process of its own; halved as long as that dies, down to the item at fault."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        with _pool(1) as pool:
            return list(pool.submit(_work, batch).result())
    except BrokenProcessPool:
        half = len(batch.items) // 2
    if half:
        parts = batch.items[:half], batch.items[half:]
        return [one for part in parts for one in _alone(source, Batch(items=part, bytes=0))]
    [item] = batch.items
    return [
        Trouble(
            part=source.name,
            scope=str(item[0] if isinstance(item, tuple) else item),
            message="a process died while scanning it; it was not scanned to its end",
            advice="The machine may be short of memory: scan again with --jobs 1.",
        )
    ]


def _pool(jobs: int) -> ProcessPoolExecutor:
    import multiprocessing  # it brings sockets along, and most runs need one process
    from concurrent.futures.process import ProcessPoolExecutor

    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(max_workers=jobs, mp_context=context, initializer=_prepare)


def _prepare() -> None:
    """Ctrl-C is for the parent, which keeps what was found so far."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(batch: Batch) -> list[Observed]:
    assert _here is not None
    source, readers, unpack = _here
    return list(observe(source, readers, batch, unpack))


def default_jobs() -> int:
    """One process per processor this process may use, at most eight."""
    if hasattr(os, "sched_getaffinity"):
        return min(8, len(os.sched_getaffinity(0)))
    return min(8, os.cpu_count() or 1)
