"""One piece of work in a process forked from this one, while this one goes on."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from keymuster.collect.spawned import Process


def may_fork() -> bool:
    """Whether a copy of this process would work: threads would not be in it, but what they hold locked would."""
    threading = sys.modules.get("threading")
    return hasattr(os, "fork") and (threading is None or threading.active_count() == 1)


def beside(work: Callable[[], None]) -> Process | None:
    """A process that does nothing but that; None where there can be none. Ctrl-C is for this one, which may still
    need what the other one makes."""
    if not may_fork():
        return None
    import signal  # here, as a hook imports this

    # until it is ready to ignore it, an interrupt would make it go on as if it were us
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        pid = os.fork()
        if pid:
            return Process(pid)
        _end_with(work)
    except OSError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with(work: Callable[[], None]) -> NoReturn:
    import signal

    status = 1
    try:
        gc.disable()  # to look through all that both share would make it two
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        _let_standard_files()
        work()
        status = 0
    finally:
        os._exit(status)


def _let_standard_files() -> None:
    """If the other process is killed, who reads what it prints is not to wait for this one. A stream that was closed
    from the start is none: another file may have its number."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        if stream is not None and not stream.closed:
            os.dup2(nothing, stream.fileno())
    os.close(nothing)
