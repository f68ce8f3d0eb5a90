"""A process with all that it has started: what it holds in memory, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

ON_LINUX = sys.platform == "linux"
ON_WINDOWS = sys.platform == "win32"


def tree(pid: int) -> list[int]:
    """The process and its descendants, as far as the system tells: elsewhere than on Linux, just it."""
    found = [pid]
    if ON_LINUX:
        for one in found:  # it grows as we go
            found += _children(one)
    return found


def _children(pid: int) -> Iterator[int]:
    threads = f"/proc/{pid}/task"
    with contextlib.suppress(OSError):  # it has ended
        for thread in os.listdir(threads):
            with open(f"{threads}/{thread}/children", "rb") as file:
                yield from map(int, file.read().split())


def memory(pid: int) -> int:
    """The bytes that a process and its descendants hold and cannot give back. Files that are mapped do not
    count, nor twice what forked processes share. 0 if the system does not tell."""
    if not ON_LINUX:
        return 0 if ON_WINDOWS else _resident(pid)
    pids = tree(pid)
    if len(pids) == 1:  # much cheaper to ask for, and the same if nothing is shared
        return _field(f"/proc/{pid}/status", b"RssAnon:") + _field(
            f"/proc/{pid}/status", b"RssShmem:"
        )
    return sum(
        _field(f"/proc/{one}/smaps_rollup", b"Pss_Anon:") + _field(f"/proc/{one}/smaps_rollup", b"Pss_Shmem:")
        for one in pids
    )  # fmt: skip


def _field(path: str, name: bytes) -> int:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        for line in file:
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0


def _resident(pid: int) -> int:
    """What `ps` says of the group of a process, shared parts and mapped files with it: more than it holds."""
    asked = ["ps", "-A", "-o", "pgid=,rss="]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    rows = (line.split() for line in said.splitlines())
    return sum(int(row[1]) * 1024 for row in rows if len(row) == 2 and row[0] == str(pid))


def ask_to_end(pid: int) -> None:
    """The group that a process leads: git, for one, takes its unfinished files away then."""
    with contextlib.suppress(OSError):
        if ON_WINDOWS:
            _kill_on_windows(pid)
        else:
            os.killpg(pid, signal.SIGTERM)


def end(pid: int) -> None:
    """At once, the group that a process leads and its descendants wherever they are. It has to be a child
    of ours that nobody has waited for yet, or its number may be somebody else's."""
    if ON_WINDOWS:
        _kill_on_windows(pid)
        return
    others = tree(pid)[1:]
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    for one in others:
        with contextlib.suppress(OSError):
            os.kill(one, signal.SIGKILL)


def _kill_on_windows(pid: int) -> None:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        command = ["taskkill", "/T", "/F", "/PID", str(pid)]
        subprocess.run(command, capture_output=True, timeout=30, check=False)
