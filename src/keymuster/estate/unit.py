"""One target in a process of its own: `python -m keymuster.estate.unit`, which `process.py` starts.

It gets one line on standard input, an `Order`, and writes one `Answer` to standard output. The input stays open as
long as whoever wants the answer lives: when it closes, the process and all that it has started end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from typing import Any

import msgspec
from msgspec import Struct

from keymuster.errors import KeymusterError, Unreachable
from keymuster.estate.base import Failure, Outcome, Part, Task
from keymuster.model import Trouble

_GIVES_OUT = {
    errno.ENOSPC: "the disk of this machine is full",
    errno.EDQUOT: "the quota of this disk is used up",
    errno.EROFS: "the disk of this machine cannot be written",
    errno.EMFILE: "too many files are open in this process",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "this machine is out of memory",
}
"""Errors of the machine, and not of the target."""


_FULL = ("No space left on device", "Disk quota exceeded")
"""What git says of the same."""


class Order(Struct, frozen=True, kw_only=True):
    """What to do, and how much less this process matters than others."""

    task: Task
    niceness: int = 0


class Answer(Struct, frozen=True, kw_only=True):
    """One of both."""

    outcome: Outcome | None = None
    failure: Failure | None = None


def main() -> None:
    # What libraries and programs print must not come between: those get other streams.
    lifeline, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    order = msgspec.json.decode(_line(lifeline), type=Order)
    _end_with(lifeline, answers)
    _restrict(order)
    content = _encoded(_answer(order.task))
    with contextlib.suppress(BrokenPipeError), open(answers, "wb") as out:
        out.write(content)
    _leave_nobody()
    os._exit(0)  # to let go of everything one by one takes time, and the system does it anyway


def _line(lifeline: int) -> bytes:
    read = b""
    while not read.endswith(b"\n"):
        more = os.read(lifeline, 1 << 20)
        if not more:
            sys.exit(1)
        read += more
    return read


def _end_with(lifeline: int, answers: int) -> None:
    """When nobody holds the other end any more, end this process and its group. A process does so that does
    nothing else: ours may hang where none of its threads get on, and may be killed with the one that wants
    its answer, while programs that it has started go on."""
    if not hasattr(os, "fork"):
        import threading

        def wait() -> None:
            os.read(lifeline, 1)
            os._exit(1)

        threading.Thread(target=wait, daemon=True).start()
        return
    if os.fork():
        os.close(lifeline)
        return
    os.close(answers)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def _restrict(order: Order) -> None:
    """No image of this process on a disk if it crashes: it holds secrets. The bound of memory is watched from
    outside, because it is for all processes of a target together and not for files that are mapped;
    this one is for what grows faster than one can watch."""
    with contextlib.suppress(ImportError):  # there is none on Windows
        import resource

        # 0 would still hand the image to a program where the system is set up so.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
        most = 2 * order.task.target.bounds.memory
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        if hard == resource.RLIM_INFINITY or most < hard:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
        with contextlib.suppress(OSError):
            os.nice(order.niceness)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, ImportError, AttributeError):
            import ctypes

            # Programs that go to the background stay descendants of ours, and end with us.
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


_PR_SET_CHILD_SUBREAPER = 36


def _answer(task: Task) -> Answer:
    try:
        return Answer(outcome=_part(task)().perform(task))
    except KeymusterError as error:
        here = any(said in error.message for said in _FULL)
        failure = _failure(
            task,
            error.message,
            error.advice(),
            retry=here or isinstance(error, Unreachable),
            here=here,
        )
    except MemoryError:
        failure = _failure(task, *_TOO_LARGE)
    except OSError as error:
        if error.errno in _GIVES_OUT:
            failure = _failure(task, _GIVES_OUT[error.errno], "Make room on it.", here=True)
        else:
            failure = _failure(task, *_fault(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours or of an extension costs one target
        if "KEYMUSTER_TRACEBACK" in os.environ:
            import traceback

            traceback.print_exc()
        failure = _failure(task, *_fault(error))
    return Answer(failure=_redacted(failure))


_TOO_LARGE = (
    "looking at it needs more memory than it may take",
    "Allow it more: `limits` in the estate's file, or look at less of it.",
)


def _fault(error: Exception) -> tuple[str, str]:
    """The kind of an error and the line that it comes from; its words may quote what was scanned."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = os.path.basename(trace.tb_frame.f_code.co_filename) if trace else ""
    where = f" at {file}:{trace.tb_lineno}" if trace else ""
    return (
        f"looking at it failed ({type(error).__name__}{where})",
        "This is a fault in keymuster or in an extension; please report it.",
    )


def _failure(
    task: Task, message: str, advice: str = "", *, retry: bool = True, here: bool = False
) -> Failure:
    target = task.target
    trouble = Trouble(part=target.kind, scope=target.name, message=message, advice=advice)
    return Failure(trouble=trouble, retry=retry, here=here)


def _redacted(failure: Failure) -> Failure:
    """What a server or a library said may quote a secret."""
    from keymuster import pipeline
    from keymuster.redaction import Redactor

    try:
        return Redactor(pipeline.load_rules()).struct(failure)
    except Exception as error:  # noqa: BLE001 - then it says nothing but this
        message = f"it failed, and what it said cannot be shown ({type(error).__name__})"
        trouble = msgspec.structs.replace(failure.trouble, message=message, advice="")
        return msgspec.structs.replace(failure, trouble=trouble)


def _part(task: Task) -> type[Part]:
    """Of those that there are, or of an extension that the settings name."""
    from keymuster import registry

    kind = task.target.kind
    if kind not in registry.names("kind"):
        from keymuster import settings

        configured, _ = settings.load(task.config, os.curdir)
        if found := registry.installed("kind", configured.extensions).get(kind):
            return found
    return registry.part("kind", kind)


def _encoded(answer: Answer) -> bytes:
    try:
        return msgspec.json.encode(answer)
    except UnicodeEncodeError:  # names that are not UTF-8 are not JSON either
        return msgspec.json.encode(_speakable(msgspec.to_builtins(answer)))


def _speakable(value: Any) -> Any:
    match value:
        case str():
            try:
                raw = value.encode("utf-8", "surrogateescape")
            except UnicodeEncodeError:  # half of a pair, which is no byte of a name
                raw = value.encode("utf-8", "surrogatepass")
            return raw.decode("utf-8", "backslashreplace")
        case dict():
            return {_speakable(key): _speakable(one) for key, one in value.items()}
        case list() | tuple():
            return [_speakable(one) for one in value]
        case _:
            return value


def _leave_nobody() -> None:
    """Programs that went to the background would go on when this target is long done."""
    from keymuster.estate.processes import tree

    for pid in tree(os.getpid())[1:]:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
