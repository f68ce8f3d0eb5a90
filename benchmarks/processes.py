"""A command, run and watched: seconds, peak memory of all its processes, how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OFTEN, SELDOM = 0.002, 0.02
"""Seconds between two looks at memory: during the first half second, and after it."""


@dataclass
class Run:
    """One finished command: seconds, seconds with those of all children, MiB of the largest process."""

    wall: float
    cpu: float
    peak: float
    code: int = 0


def timed(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Run:
    """A run that nobody looks at, so that nothing disturbs it. It is killed when it takes longer
    than so many seconds."""
    started = time.perf_counter()
    process = _started(words, folder, environment)
    if seconds is None:
        return _ended(process, started)
    timer = threading.Timer(seconds, os.kill, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        return _ended(process, started)
    finally:
        timer.cancel()


def weighed(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> float:
    """The most memory that a command and all its children had together, in MiB: on Linux the sum of
    their PSS, in which a page that n processes share counts 1/n for each; elsewhere the largest
    process alone. To look takes time from the command, so a run is either timed or weighed."""
    process = _started(words, folder, environment)
    scale = Scale(process.pid)
    scale.start()
    done = _ended(process, time.perf_counter())
    scale.ended.set()
    scale.join()
    return scale.most if scale.looks > 2 else done.peak


def is_exact() -> bool:
    """Whether all processes of a command can be weighed here."""
    return os.path.exists("/proc/self/smaps_rollup") and os.path.exists(
        f"/proc/self/task/{os.getpid()}/children"
    )


class Scale(threading.Thread):
    """Looks at the memory of a process and its children until they end."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.most = 0.0
        self.looks = 0
        self._pid = pid

    def run(self) -> None:
        if not is_exact():
            return
        started = time.monotonic()
        while not self.ended.is_set():
            sizes = [pss(pid) for pid in family(self._pid)]
            if sum(sizes):
                self.most = max(self.most, sum(sizes))
                self.looks += 1
            self.ended.wait(OFTEN if time.monotonic() - started < 0.5 else SELDOM)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    every, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        every.append(one)
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children", encoding="ascii") as file:
                    waiting += map(int, file.read().split())
        except OSError:
            continue  # it has ended
    return every


def pss(pid: int) -> float:
    """MiB of one process, its share of what it shares with others."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0.0


def _started(
    words: Sequence[str], folder: Path, environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        words, cwd=folder, env=environment, stdin=quiet, stdout=quiet, stderr=quiet
    )


def _ended(process: subprocess.Popen[bytes], started: float) -> Run:
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Run(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss / unit,
        code=process.returncode,
    )
