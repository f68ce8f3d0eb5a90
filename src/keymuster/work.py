"""Reading batches in this process or in several, with the same results in the same order."""

from __future__ import annotations

import gc
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from keymuster.collect.base import Batch, Blob, Fragment, Observed, Read, Reader, Source
from keymuster.collect.kept import Notes, Said, said_of_file
from keymuster.errors import CollectError
from keymuster.model import Trouble

if TYPE_CHECKING:
    from concurrent.futures.process import ProcessPoolExecutor

WORTH_FORKING = 30 * 1024 * 1024
"""Bytes of work below which one process is faster than starting more."""

Progress = Callable[[int], None]
"""Is told the bytes of every batch that is done."""

Note = Callable[[Notes], None]
"""Is told what is to be noted of the files of a batch that is done."""


class Chosen(Iterable[Reader]):
    """Readers that are asked of a file only if it leaves them a chance by its name and its place: there
    are many files, and many readers."""

    def of(self, blob: Blob) -> Iterable[Reader]:
        return self


Unpack = Callable[[Blob], Iterable[Read]]
"""What is in a file: the members of a container, and then the file; of other files, just that."""


def run(
    source: Source, readers: Iterable[Reader], batches: Iterator[Batch | Trouble], jobs: int,
    progress: Progress, unpack: Unpack | None = None, note: Note = lambda notes: None,
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
        yield from _in_processes(source, readers, every, jobs, progress, unpack, note)
        return
    for batch in every:
        if isinstance(batch, Trouble):
            yield batch
        else:
            notes = Notes()
            yield from observe(source, readers, batch, unpack, notes)
            note(notes)
            progress(batch.bytes)


def observe(
    source: Source, readers: Iterable[Reader], batch: Batch, unpack: Unpack | None = None,
    notes: Notes | None = None,
) -> Iterator[Observed]:  # fmt: skip
    """What the readers say of one batch. A reader that fails leaves a trouble, not a hole. What is to be
    noted of the files is added to the `notes`."""
    of = _of(readers)
    notes = Notes() if notes is None else notes
    said_of: tuple[str, str | None] | None = None
    for blob in source.read(batch):
        if isinstance(blob, Trouble):
            yield blob
            continue
        digests = blob.digests
        if blob.said is not None:
            yield from _known(blob.path, blob.said)
            if digests:
                notes.said.append((digests, blob.said))
            continue
        files = (blob,) if unpack is None else unpack(blob)
        # nearly no file holds others
        said = _read(of(blob), blob) if files == (blob,) else _unpacked(of, files)
        told: list[Observed] = []
        for one in said:
            said_of = blob.path, blob.object  # other pieces of the same file follow directly
            if type(one) is Fragment:
                one = replace(one, origin=digests[0] if digests else b"", path=blob.path)
            told.append(one)
            yield one
        if not digests:
            continue
        if not told:
            if (blob.path, blob.object) != said_of:
                notes.unseen += digests
        elif (given := said_of_file(blob, told, is_stable)) is not None:
            notes.said.append((digests, given))


def _known(path: str, said: Said) -> Iterator[Observed]:
    yield from said.records
    yield from said.troubles
    for reader in said.joined:
        yield Fragment(
            id=f"{reader}:{path}", reader=reader, content=None, origin=said.origin, path=path, is_unread=True
        )  # fmt: skip


def _of(readers: Iterable[Reader]) -> Callable[[Blob], Iterable[Reader]]:
    """Which of the readers are asked of a file."""
    return readers.of if isinstance(readers, Chosen) else lambda blob: readers


def _unpacked(of: Callable[[Blob], Iterable[Reader]], files: Iterable[Read]) -> Iterator[Observed]:
    """What the readers say of a file and of what is in it. The bytes of a container are searched
    too, for what no member holds; what stands in a member is not said a second time."""
    inside: set[str] = set()
    for blob in files:
        if isinstance(blob, Trouble):
            yield blob
            continue
        for one in _read(of(blob), blob):
            if isinstance(one, Trouble):
                yield one
            elif not blob.opened or one.id not in inside:
                inside.add(one.id)
                yield one


def _read(readers: Iterable[Reader], blob: Blob) -> Iterator[Observed]:
    path = blob.path
    for reader in readers:
        if reader.reads(path):
            try:
                yield from reader.read(blob)
            except Exception as error:  # noqa: BLE001 - a reader's fault costs one file
                yield _failed(reader, error, _name(blob), "it was not scanned to its end")


def _finished(reader: Reader, fragments: Sequence[object]) -> Iterator[Observed]:
    try:
        yield from reader.finish(fragments)
    except Exception as error:  # noqa: BLE001 - as above
        loss = "what several files say together was not looked at"
        yield _failed(reader, error, "all files", loss)


def _failed(reader: Reader, error: Exception, scope: str, loss: str) -> Trouble:
    """What a reader could not read, or its fault, be it ours or an extension's."""
    if isinstance(error, CollectError):
        return Trouble(part=reader.name, scope=scope, message=error.message, advice=error.advice())
    return Trouble(
        part=reader.name,
        scope=scope,
        message=f"the {reader.name} reader failed ({type(error).__name__}); {loss}",
        advice=_FAULT,
    )


_FAULT = "This is a fault in keymuster or in an extension; please report it."


def is_stable(trouble: Trouble) -> bool:
    """Whether another reading would leave it, too: not if memory or time was short."""
    return trouble.advice != _FAULT and trouble.part != "containers"


def _name(blob: Blob) -> str:
    return blob.path or f"object {blob.object}"


def explained(observed: list[Observed], readers: Iterable[Reader]) -> list[Observed]:
    """Fragments, replaced by what their readers make of all of them together."""
    fragments: dict[str, list[object]] = {}
    for one in observed:
        if isinstance(one, Fragment):
            fragments.setdefault(one.reader, []).append(one.content)
    if not fragments:
        return observed
    rest: list[Observed] = [one for one in observed if not isinstance(one, Fragment)]
    for reader in readers:
        if reader.name in fragments:
            rest += _finished(reader, fragments[reader.name])
    return rest


_here: tuple[Source, Iterable[Reader], Unpack | None] | None = None
"""What a forked worker inherits."""

_Done: TypeAlias = tuple[list[Observed], Notes]
"""What a forked worker gives back: what the readers said, and what is to be noted."""


def _in_processes(
    source: Source, readers: Iterable[Reader], batches: Iterable[Batch | Trouble], jobs: int,
    progress: Progress, unpack: Unpack | None, note: Note,
) -> Iterator[Observed]:  # fmt: skip
    from concurrent.futures import Future
    from concurrent.futures.process import BrokenProcessPool

    global _here
    several = readers if isinstance(readers, Chosen) else list(readers)
    for one in several:  # those that are made when they are needed, are made before the processes
        if (prepare := getattr(one, "prepare", None)) is not None:
            prepare()
    _here = (source, several, unpack)
    gc.freeze()  # the processes share what is there, as long as nobody writes to it
    pool = _pool(jobs)
    waiting: deque[tuple[Batch | Trouble, Future[_Done] | None]] = deque()

    def finished() -> Iterator[Observed]:
        batch, future = waiting.popleft()
        if isinstance(batch, Trouble):
            yield batch
            return
        assert future is not None
        try:
            observed, notes = future.result()
        except BrokenProcessPool:  # somebody's batch did that; not necessarily this one
            observed, notes = _alone(source, batch), Notes()
        yield from observed
        note(notes)
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
    except KeyboardInterrupt:  # what is done is kept
        while waiting and (waiting[0][1] is None or waiting[0][1].done()):
            yield from finished()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        gc.unfreeze()
        _here = None


def _alone(source: Source, batch: Batch) -> list[Observed]:
    """A batch in a process of its own; split as long as that dies, down to the item at fault."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        with _pool(1) as pool:
            return pool.submit(_work, batch).result()[0]
    except BrokenProcessPool:
        parts = batch.split()
    if parts:
        return [one for part in parts for one in _alone(source, part)]
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
    import signal  # most runs need one process

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(batch: Batch) -> _Done:
    assert _here is not None
    source, readers, unpack = _here
    notes = Notes()
    return list(observe(source, readers, batch, unpack, notes)), notes


def default_jobs() -> int:
    """One process per processor this process may use, at most eight."""
    if hasattr(os, "sched_getaffinity"):
        return min(8, len(os.sched_getaffinity(0)))
    return min(8, os.cpu_count() or 1)
