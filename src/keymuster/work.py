"""Reading batches in this process or in several, with the same results in the same order."""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from keymuster.collect.base import Batch, Blob, Fragment, Observed, Read, Reader, Source
from keymuster.collect.forked import may_fork
from keymuster.collect.kept import Notes, Said, said_of_file
from keymuster.collect.together import with_readers
from keymuster.errors import LATER, CollectError
from keymuster.model import Trouble

WORTH_FORKING = 0.12
"""Seconds of work for each further process, below which it takes more than it saves: some 0.03 of CPU."""

GUARDED = 30 * 1024 * 1024
"""Bytes of work above which other processes do all of it: one that dies of what it reads should not cost what was
found before."""

_MANY = 10_000
"""Items of which this process has enough to do with saying what there is."""

_PER_ITEM = 4096
"""Bytes that are read in the time that it takes to open a file."""

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
    """Everything the readers observe, batch by batch; troubles in their place. If a source fails while it says what
    there is, what it has said before comes first, however many processes read it."""
    failed: list[CollectError] = []
    batches = _until_failed(batches, failed)
    yield from _run(source, readers, batches, jobs, progress, unpack, note)
    if failed:
        raise failed[0]


def _until_failed(
    batches: Iterator[Batch | Trouble], failed: list[CollectError]
) -> Iterator[Batch | Trouble]:
    try:
        yield from batches
    except CollectError as error:
        failed.append(error)


def _run(
    source: Source, readers: Iterable[Reader], batches: Iterator[Batch | Trouble], jobs: int,
    progress: Progress, unpack: Unpack | None, note: Note,
) -> Iterator[Observed]:  # fmt: skip
    if jobs > 1 and not may_fork():
        jobs = 1
    ahead: deque[Batch | Trouble] = deque()
    size = items = 0
    while jobs > 1 and size < GUARDED and items < _MANY:
        one = next(batches, None)
        if one is None:
            break
        ahead.append(one)
        if isinstance(one, Batch):
            size += one.bytes
            items += len(one.items)
    every = itertools.chain(_each(ahead), batches)
    if jobs > 1 and (size >= GUARDED or items >= _MANY):
        yield from _in_processes(source, readers, every, jobs, False, progress, unpack, note)
        return
    for one in every:
        if isinstance(one, Trouble):
            yield one
            continue
        began = time.process_time()
        notes = Notes()
        yield from observe(source, readers, one, unpack, notes)
        note(notes)
        progress(one.bytes)
        if ahead and (weight := _weight(one)):
            left = (time.process_time() - began) / weight * sum(map(_weight, ahead))
            if left >= WORTH_FORKING:
                jobs = min(jobs, 1 + int(left / WORTH_FORKING))
                yield from _in_processes(source, readers, every, jobs, True, progress, unpack, note)
                return


def _each(ahead: deque[Batch | Trouble]) -> Iterator[Batch | Trouble]:
    while ahead:
        yield ahead.popleft()


def _weight(one: Batch | Trouble) -> int:
    """How much work it may be: to open a file takes as long as to read some of it."""
    return 0 if isinstance(one, Trouble) else one.bytes + _PER_ITEM * len(one.items)


def observe(
    source: Source, readers: Iterable[Reader], batch: Batch, unpack: Unpack | None = None,
    notes: Notes | None = None,
) -> Iterator[Observed]:  # fmt: skip
    """What the readers say of one batch. A reader that fails leaves a trouble, not a hole. What is to be
    noted of the files is added to the `notes`."""
    of = _of(readers)
    notes = Notes() if notes is None else notes
    said_of: tuple[str, str | None] | None = None
    for blob, asked in with_readers(source.read(batch), of, unpack):
        if isinstance(blob, Trouble):
            yield blob
            continue
        digests = blob.digests
        if blob.said is not None:
            yield from _known(blob.path, blob.said)
            if digests:
                notes.said.append((digests, blob.said))
            continue
        told: list[Observed] = []
        if asked:
            files = (blob,) if unpack is None else unpack(blob)
            # nearly no file holds others
            said = _read(asked, blob) if files == (blob,) else _unpacked(of, files)
        else:
            said = iter(())
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
    return trouble.advice not in (_FAULT, LATER) and trouble.part != "containers"


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


def _in_processes(
    source: Source, readers: Iterable[Reader], batches: Iterator[Batch | Trouble], jobs: int, helping: bool,
    progress: Progress, unpack: Unpack | None, note: Note,
) -> Iterator[Observed]:  # fmt: skip
    from keymuster.workers import Done, Workers

    for reader in readers:  # that makes them, and what they load is then there for all
        if (prepare := getattr(reader, "prepare", None)) is not None:
            prepare(begun=helping)

    def do(batch: Batch, done: Done) -> None:
        done.observed.extend(observe(source, readers, batch, unpack, done.notes))

    def lost(item: object) -> Trouble:
        return Trouble(
            part=source.name,
            scope=str(item[0] if isinstance(item, tuple) else item),
            message="a process died while scanning it; it was not scanned to its end",
            advice="The machine may be short of memory: scan again with --jobs 1.",
        )

    def through() -> None:
        if (close := getattr(source, "close", None)) is not None:
            close()

    with Workers(do, lost, through, jobs, helping=helping) as workers:
        telling: Iterator[Observed] = iter(())
        try:
            for batch, done in workers.done(batches):
                telling = iter([batch] if isinstance(batch, Trouble) else done.observed)
                yield from telling
                if done.error is not None:
                    raise done.error
                if isinstance(batch, Batch):
                    note(done.notes)
                    progress(batch.bytes)
        except KeyboardInterrupt:  # what is done is kept
            yield from telling
            for batch, done in workers.left():
                yield from [batch] if isinstance(batch, Trouble) else done.observed
                note(done.notes)
            raise


def default_jobs() -> int:
    """One process per processor this process may use, at most eight."""
    if hasattr(os, "sched_getaffinity"):
        return min(8, len(os.sched_getaffinity(0)))
    return min(8, os.cpu_count() or 1)
