"""Processes forked from this one, which work on batches beside it or in its place.

All take the next batch from one pipe, so that none is idle while there is one. The pipe only says where a batch
stands in memory that they share; what came of it comes back through a pipe of each, and is told in the order of the
batches. A batch that a process died of is done again in a process of its own, and split as long as that dies, too.

`concurrent.futures` has no process that works beside the others, and what it loads, its threads and its processes,
which begin with nothing loaded that the first files need, took 0.13 s of CPU for a tree that takes 0.25.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import pickle
import select
import signal
import struct
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Self

from msgspec import Struct, field

from keymuster.collect.base import Batch, Observed
from keymuster.collect.kept import Notes
from keymuster.errors import CollectError
from keymuster.model import Trouble

_AHEAD = 16
"""Batches that are handed out for each process before one of them is done."""

_ROOM = 8 * 1024 * 1024
"""Bytes for the batches that are handed out."""

_LEAST_PIPE = 4096
"""Bytes that the pipe of batches holds even where its user has too many pipes: if that were full, we would wait for
those who wait for us."""

_PIPE = 1024 * 1024
"""Bytes that a process may say before somebody listens, where the system allows it."""

_TASK = struct.Struct("=IIQ")
"""The number of a batch, how many bytes it has, and where. Its size divides that of a page: then each is
written and read as one."""

_SAID = struct.Struct("=IQ")
"""The number of a batch, and how many bytes follow on what came of it."""

_SLOT = struct.Struct("=Q")


class Done(Struct):
    """What came of a batch: what was observed, and what is to be noted of the files; or so much of that as there was
    before an error."""

    observed: list[Observed] = []
    notes: Notes = field(default_factory=Notes)
    error: Exception | None = None


Do = Callable[[Batch, Done], None]
"""Work on a batch, and note what comes of it as it comes."""


class _Worker(Struct):
    """A process, the end of its pipe that is ours with what it has said so far, and its slot."""

    pid: int
    pipe: int
    slot: int
    said: bytearray


class Workers:
    """So many processes, who work on batches as `do` says. If this process is `helping`, it is one of them; otherwise
    whatever a batch does to a process, does it to none that is needed. `lost` says of an item that a process died
    of it; `through` is called in a process that finds no more to do."""

    def __init__(
        self, do: Do, lost: Callable[[Any], Trouble], through: Callable[[], None], processes: int, *,
        helping: bool,
    ) -> None:  # fmt: skip
        self._do = do
        self._lost = lost
        self._through = through
        self._helping = helping
        self._free_slots = [*range(processes - helping)]
        self._ahead = min(_AHEAD * processes, _LEAST_PIPE // _TASK.size)
        self._board = _Board(len(self._free_slots))
        self._tasks, put = os.pipe()
        self._put: int | None = put
        os.set_blocking(self._tasks, False)
        self._workers: dict[int, _Worker] = {}
        self._poll = select.poll()
        self._given: dict[int, Batch | Trouble] = {}
        self._done: dict[int, Done] = {}
        self._next = self._told = 0
        self._has_lost = False

    def __enter__(self) -> Self:
        gc.freeze()  # what is there is shared as long as nobody writes to it
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever they do, it ends here."""
        for worker in [*self._workers.values()]:
            os.kill(worker.pid, signal.SIGKILL)
            self._forget(worker)
        self._close_tasks()
        os.close(self._tasks)
        self._board.close()
        gc.unfreeze()

    def done(self, batches: Iterator[Batch | Trouble]) -> Iterator[tuple[Batch | Trouble, Done]]:
        """All batches, with what came of them; troubles in their place."""
        waiting = next(batches, None)  # then the source is ready to be read
        self._fill_up()
        while True:
            while self._put is not None and len(self._given) - len(self._done) < self._ahead:
                waiting = waiting or next(batches, None)
                if waiting is None:
                    self._close_tasks()
                elif self._give(waiting):
                    waiting = None
                else:
                    break
            self._listen(wait=False)
            while self._told in self._done:
                self._told += 1
                yield self._given.pop(self._told - 1), self._done.pop(self._told - 1)
            if self._helping and (task := self._task()):
                self._work_here(task)
            elif len(self._given) > len(self._done):
                if not self._find_lost():
                    self._listen(wait=True)
            elif self._put is None and not self._given:
                while self._workers:  # what they have started ends before they do
                    self._listen(wait=True)
                return

    def left(self) -> Iterator[tuple[Batch | Trouble, Done]]:
        """After an interrupt: what is done and was not told yet, even if something before it is not."""
        self._listen(wait=False)
        for number in sorted(self._done):
            yield self._given[number], self._done[number]

    # --- what is handed out ---

    def _give(self, one: Batch | Trouble) -> bool:
        """Hand it out; not if there is no room now."""
        number = self._next
        if isinstance(one, Trouble):
            self._done[number] = Done()
        else:
            content = pickle.dumps(one, pickle.HIGHEST_PROTOCOL)
            place = self._board.put(number, content)
            if place is None and len(self._given) > len(self._done):
                return False
            if place is None:  # there never will be
                self._done[number] = self._alone(one)
            else:
                assert self._put is not None
                os.write(self._put, _TASK.pack(number, len(content), place))
        self._given[number] = one
        self._next += 1
        return True

    def _close_tasks(self) -> None:
        """There are no more: who finds none left ends."""
        if self._put is not None:
            os.close(self._put)
            self._put = None

    def _task(self) -> bytes | None:
        """The next one; None if there is none yet, nothing if there will be none."""
        try:
            return os.read(self._tasks, _TASK.size)
        except BlockingIOError:
            return None

    def _work_here(self, task: bytes) -> None:
        number, *_ = _TASK.unpack(task)
        batch = self._given[number]
        assert isinstance(batch, Batch)
        done = Done()
        try:
            self._do(batch, done)
        except Exception as error:  # noqa: BLE001 - it comes in its place
            done.error = error
        finally:  # of an interrupt: what there was before it
            self._finish(number, done)

    def _finish(self, number: int, done: Done) -> None:
        if number in self._given and number not in self._done:
            self._done[number] = done
            self._board.take_away(number)

    # --- what comes back ---

    def _listen(self, *, wait: bool) -> None:
        """Take in what the processes say; wait until one does."""
        if not self._workers:
            return
        for pipe, _ in self._poll.poll(None if wait else 0):
            worker = self._workers[pipe]
            content = os.read(pipe, _PIPE)
            if not content:
                self._bury(worker)
                continue
            said = worker.said
            said += content
            while len(said) >= _SAID.size:
                number, size = _SAID.unpack_from(said)
                end = _SAID.size + size
                if len(said) < end:
                    break
                with memoryview(said) as view:
                    done = pickle.loads(view[_SAID.size : end])
                del said[:end]
                self._finish(number, done)

    def _bury(self, worker: _Worker) -> None:
        """A process has ended: because there was no more to do, or it died of what it did."""
        self._forget(worker)
        number = self._board.working_on(worker.slot)
        if number in self._given and number not in self._done:
            self._do_again(number)
        self._fill_up()

    def _do_again(self, number: int) -> None:
        batch = self._given[number]
        assert isinstance(batch, Batch)
        done = self._alone(batch)
        done.notes = Notes()  # something was wrong there
        self._finish(number, done)

    def _find_lost(self) -> bool:
        """One that died may have taken a batch and not have said so. Once nothing is left to take, it is one that
        nobody has."""
        if not self._has_lost or _is_readable(self._tasks):
            return False
        held = {self._board.working_on(worker.slot) for worker in self._workers.values()}
        lost = [one for one in self._given if one not in self._done and one not in held]
        for number in lost:
            self._do_again(number)
        self._has_lost = False
        return bool(lost)

    def _forget(self, worker: _Worker) -> None:
        del self._workers[worker.pipe]
        self._free_slots.append(worker.slot)
        self._poll.unregister(worker.pipe)
        os.close(worker.pipe)
        _, status = os.waitpid(worker.pid, 0)
        self._has_lost |= status != 0

    # --- processes ---

    def _fill_up(self) -> None:
        """As many as there should be, if the system has room for them; if it has for none, this one has to do it."""
        while self._free_slots and (self._put is not None or _is_readable(self._tasks)):
            slot = self._free_slots[-1]
            with _uninterrupted():  # or we would not know of it
                try:
                    pid, pipe = self._forked(partial(self._serve, slot))
                except OSError:
                    self._helping |= not self._workers
                    return
                self._free_slots.pop()
                self._workers[pipe] = _Worker(pid, pipe, slot, bytearray())
                self._poll.register(pipe, select.POLLIN)

    def _forked(self, serve: Callable[[int], None]) -> tuple[int, int]:
        """A new process, and the end of its pipe that is ours."""
        ours, theirs = os.pipe()
        _widen(theirs)
        try:
            # until it is ready to ignore it, an interrupt would make it go on as if it were us
            with _uninterrupted(), warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", DeprecationWarning
                )  # an error would come in the parent alone
                pid = os.fork()
                if not pid:
                    self._end_as_worker(serve, theirs, [ours, *self._workers])
        except OSError:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return pid, ours

    def _end_as_worker(
        self, serve: Callable[[int], None], pipe: int, others: Iterable[int]
    ) -> None:
        """What a forked process does, to its end. Ctrl-C is for its parent, which keeps what was found."""
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            for other in others:
                os.close(other)
            self._close_tasks()
            serve(pipe)
            status = 0
        finally:
            os._exit(status)

    def _serve(self, slot: int, pipe: int) -> None:
        """Work on what there is, until there is nothing left, or nobody who wants it."""
        tasks = select.poll()
        tasks.register(self._tasks, select.POLLIN)
        while (task := self._task()) != b"":
            if task is None:
                tasks.poll()
                continue
            number, size, place = _TASK.unpack(task)
            self._board.work_on(slot, number)
            batch = pickle.loads(self._board.at(place, size))
            _say(pipe, number, self._tried(batch))
            self._board.work_on(slot, None)
        self._through()

    def _tried(self, batch: Batch) -> Done:
        done = Done()
        try:
            self._do(batch, done)
        except Exception as error:  # noqa: BLE001 - it comes in its place
            done.error = error
        return done

    def _alone(self, batch: Batch) -> Done:
        """What comes of a batch in a process of its own, or of its parts."""
        said = b""
        with contextlib.suppress(OSError):
            pid, pipe = self._forked(lambda pipe: _say(pipe, 0, self._tried(batch)))
            try:
                said = b"".join(iter(lambda: os.read(pipe, _PIPE), b""))
            finally:
                os.close(pipe)
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        if len(said) >= _SAID.size and len(said) == _SAID.size + _SAID.unpack_from(said)[1]:
            done: Done = pickle.loads(said[_SAID.size :])
            return done
        parts = batch.split()
        if not parts:
            return Done([self._lost(item) for item in batch.items])
        together = Done()
        for part in parts:
            done = self._alone(part)
            together.observed += done.observed
            together.error = together.error or done.error
        return together


class _Board:
    """Memory that a process shares with those forked from it: the batches that are handed out, one behind the other
    and from the start again, and in a slot of each process the number of the one it works on."""

    def __init__(self, slots: int) -> None:
        self._first = _SLOT.size * slots
        self._end = self._first + _ROOM
        self._memory = mmap.mmap(-1, self._end)
        self._free = self._first
        self._held: deque[tuple[int, int]] = deque()
        self._done: set[int] = set()

    def put(self, number: int, content: bytes) -> int | None:
        """Where it stands now; None if there is no room."""
        begin, end = self._free, self._end
        oldest = self._held[0][1] if self._held else end
        if oldest >= begin:  # behind the end it goes on at the start, up to the oldest
            end = oldest
        elif begin + len(content) > end:
            begin, end = self._first, oldest
        if begin + len(content) > end:
            return None
        self._free = begin + len(content)
        self._memory[begin : self._free] = content
        self._held.append((number, begin))
        return begin

    def at(self, place: int, size: int) -> bytes:
        return self._memory[place : place + size]

    def take_away(self, number: int) -> None:
        self._done.add(number)
        while self._held and self._held[0][0] in self._done:
            self._done.remove(self._held.popleft()[0])
        if not self._held:
            self._free = self._first
            self._done.clear()

    def work_on(self, slot: int, number: int | None) -> None:
        _SLOT.pack_into(self._memory, slot * _SLOT.size, 0 if number is None else number + 1)

    def working_on(self, slot: int) -> int | None:
        [said] = _SLOT.unpack_from(self._memory, slot * _SLOT.size)
        return said - 1 if said else None

    def close(self) -> None:
        self._memory.close()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """An interrupt comes behind it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _say(pipe: int, number: int, done: Done) -> None:
    """Tell what came of a batch."""
    try:
        content = pickle.dumps(done, pickle.HIGHEST_PROTOCOL)
        if done.error is not None:
            pickle.loads(content)  # not every error can be told
    except Exception:  # noqa: BLE001 - what a part of somebody else's gave us
        kind = type(done.error).__name__ if done.error is not None else "what was seen"
        error = CollectError(f"could not be read: {kind} cannot be told to another process")
        content = pickle.dumps(Done(error=error), pickle.HIGHEST_PROTOCOL)
    left = memoryview(_SAID.pack(number, len(content)) + content)
    while left:
        left = left[os.write(pipe, left) :]


def _widen(pipe: int) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _is_readable(pipe: int) -> bool:
    one = select.poll()
    one.register(pipe, select.POLLIN)
    return any(event & select.POLLIN for _, event in one.poll(0))
