"""Having one target looked at in a process of its own (`unit.py`), within its bounds."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from typing import IO

import msgspec

from keymuster.estate import processes
from keymuster.estate.base import Cost, Failure, Outcome, Task
from keymuster.estate.structs import decoded
from keymuster.estate.unit import Answer, Order
from keymuster.model import Trouble

GRACE_SECONDS = 5.0
"""Between the request to end and the end."""

_WATCH_SECONDS = 0.1
_NO_ROOM_BYTES = 1024 * 1024


class Stopped(Exception):
    """Nobody wants the answer any more. What was looked at has to be looked at again."""


class _Broken(Exception):
    """A bound that does not hold: what, and what to do."""


def perform(
    task: Task, environment: Mapping[str, str], *, stop: threading.Event | None = None, niceness: int = 0,
    folder: str | None = None,
) -> Outcome | Failure:  # fmt: skip
    """What comes of a task; a Failure if its process dies, hangs, takes too much or answers nonsense. The
    process gets this environment and nothing else, and a folder for temporary files (in `folder`) that
    goes with it. Stopped if `stop` is set before it has answered."""
    try:
        room = tempfile.mkdtemp(prefix="unit-", dir=folder)
    except OSError as error:
        return _failed(task, f"no folder could be made: {error.strerror}", _MAKE_ROOM, here=True)
    try:
        with _started({**environment, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), room)}) as process:
            order = msgspec.json.encode(Order(task=task, niceness=niceness)) + b"\n"
            return _watched(process, task, order, room, stop or threading.Event())
    except OSError as error:  # too many processes, no memory for one more
        said = f"no process could be started for it: {error.strerror}"
        return _failed(task, said, "Let this machine do less at a time: --jobs.", here=True)
    finally:
        shutil.rmtree(room, ignore_errors=True)


@contextlib.contextmanager
def _started(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group of its own, and that ends with this block."""
    process = subprocess.Popen(
        # -P: what lies in the current folder is nothing to import
        [sys.executable, "-P", "-m", "keymuster.estate.unit"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # What it says there may quote what it scans.
        stderr=None if "KEYMUSTER_TRACEBACK" in environment else subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            processes.end(process.pid)
            _reap(process)
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                _pipe(stream).close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _watched(
    process: subprocess.Popen[bytes], task: Task, order: bytes, room: str, stop: threading.Event
) -> Outcome | Failure:
    started = time.monotonic()
    answer = _Answer(process, order, task.target.bounds.output)
    watch = _Watch(process.pid, task, room, stop)
    broken: _Broken | None = None
    try:
        while not answer.whole.wait(_WATCH_SECONDS):
            watch.look()
    except _Broken as error:
        broken = error
        _ask_to_end(process)
    except Stopped:
        _ask_to_end(process)
        raise
    if answer.too_large:
        broken = _Broken(
            "what it found is more than it may hand back",
            "Allow it more: `limits` in the estate's file.",
        )
    watch.look_for_room()
    status, spent = _ended(process, patient=broken is None)
    answer.join()
    cost = Cost(seconds=time.monotonic() - started, cpu=spent, memory=watch.most_memory)
    if broken is not None:
        return _failed(task, *broken.args)
    return _judged(task, answer, status, cost, short_of_room=watch.short_of_room)


class _Answer:
    """What a process answers to an order, as far as it may. It is `whole` when nobody can write any more,
    or when it is too large."""

    def __init__(self, process: subprocess.Popen[bytes], order: bytes, most: int) -> None:
        self.content = bytearray()
        self.too_large = False
        self.whole = threading.Event()
        self._order = order
        self._to = _pipe(process.stdin).fileno()
        self._stream = _pipe(process.stdout).fileno()
        self._most = most
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # it died; what that was, its end tells
            left = memoryview(self._order)
            while left:
                left = left[os.write(self._to, left) :]
            while more := os.read(self._stream, 1 << 20):
                self.content += more
                if len(self.content) > self._most:
                    self.too_large = True
                    self.content.clear()
                    break
        self.whole.set()

    def join(self) -> None:
        self._thread.join()


class _Watch:
    """The bounds of a process that goes on, and whether somebody still wants it."""

    def __init__(self, pid: int, task: Task, room: str, stop: threading.Event) -> None:
        self.most_memory = 0
        self.short_of_room = False
        self._pid = pid
        self._task = task
        self._stop = stop
        self._places = [place for place in (room, task.cache) if place]
        self._end = time.monotonic() + task.target.bounds.seconds

    def look(self) -> None:
        """_Broken if it has taken too much; Stopped if it should stop."""
        if self._stop.is_set():
            raise Stopped
        bounds, now = self._task.target.bounds, time.monotonic()
        if now > self._end:
            raise _Broken(
                f"looking at it took more than {bounds.seconds:g} seconds, and was ended",
                "Allow it more: `limits` in the estate's file, or look at less of it.",
            )
        memory = processes.memory(self._pid)
        self.most_memory = max(self.most_memory, memory)
        if memory > bounds.memory:
            raise _Broken(
                f"looking at it took more than {bounds.memory >> 20} MB of memory, and was ended",
                "Allow it more: `limits` in the estate's file, or look at less of it.",
            )
        self.look_for_room()

    def look_for_room(self) -> None:
        self.short_of_room |= any(_is_full(place) for place in self._places)


def _is_full(place: str) -> bool:
    try:
        there = os.statvfs(place)
    except (OSError, AttributeError):
        return False
    return there.f_blocks > 0 and there.f_bavail * there.f_frsize < _NO_ROOM_BYTES


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    processes.ask_to_end(process.pid)
    end = time.monotonic() + GRACE_SECONDS
    while not _has_ended(process) and time.monotonic() < end:
        time.sleep(0.01)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """It is not waited for: until somebody does, its number and its group stay its own."""
    if processes.ON_WINDOWS:
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _ended(process: subprocess.Popen[bytes], *, patient: bool) -> tuple[int, float]:
    """How it ended (as `subprocess` says it), and the seconds of CPU that it took. Nothing is left of it
    or of what it started."""
    end = time.monotonic() + (GRACE_SECONDS if patient else 0)
    while not _has_ended(process) and time.monotonic() < end:
        time.sleep(0.002)
    processes.end(process.pid)
    return _reap(process)


def _reap(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    if processes.ON_WINDOWS:
        return process.wait(), 0.0
    _, status, spent = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, spent.ru_utime + spent.ru_stime


def _judged(
    task: Task, answer: _Answer, status: int, cost: Cost, *, short_of_room: bool
) -> Outcome | Failure:
    if not answer.content:
        if short_of_room:
            return _failed(task, _FULL, _MAKE_ROOM, here=True)
        how = f"by {_signal(-status)}" if status < 0 else f"with code {status}"
        said = f"the process that looked at it ended {how}, without an answer"
        return _failed(task, said, "The machine may be short of memory; or look at less at a time.")
    try:
        told = decoded(answer.content, Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _failed(task, *_NONSENSE)
    if told.failure is not None:
        if short_of_room and not told.failure.here:  # whatever it says, it may be for that
            return _failed(task, _FULL, _MAKE_ROOM, here=True)
        return told.failure
    if told.outcome is None or told.outcome.target != task.target.id:
        return _failed(task, *_NONSENSE)
    cost = msgspec.structs.replace(cost, calls=told.outcome.cost.calls)
    return msgspec.structs.replace(told.outcome, cost=cost)


_FULL = "the disk of this machine was full while it was looked at"
_MAKE_ROOM = "Make room for the cache and for temporary files."
_NONSENSE = (
    "the process that looked at it gave an answer that cannot be read",
    "This is a fault in keymuster or in an extension; please report it.",
)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _failed(task: Task, message: str, advice: str, *, here: bool = False) -> Failure:
    target = task.target
    trouble = Trouble(part=target.kind, scope=target.name, message=message, advice=advice)
    return Failure(trouble=trouble, here=here)
