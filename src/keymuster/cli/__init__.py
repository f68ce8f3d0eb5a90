"""Arguments in, exit code out: 0 clean, 1 findings, 2 could not run, 3 incomplete."""

from __future__ import annotations

import gc
import os
import sys

from keymuster.cli import interrupts
from keymuster.errors import KeymusterError

TYPE_CHECKING = False  # that of `typing` is not for who reads no more than the version
if TYPE_CHECKING:
    from collections.abc import Callable


def script() -> None:
    """The console script: what `main` does, in a process of its own. There, nothing has to be let go of
    one by one at the end, and what was loaded stays: both took a tenth of the time for a small tree."""
    gc.set_threshold(_NEW_OBJECTS, 50, 100)
    interrupts.end_at_once()
    try:
        main()
    except SystemExit as end:
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except (OSError, ValueError):  # the interpreter has its own way to say that
            raise end from None
        os._exit(end.code if isinstance(end.code, int) else 1)


_NEW_OBJECTS = 200_000
"""Objects that are made before some are looked through for what nobody needs any more."""


def main() -> None:
    """Whatever happens, a sentence and one of the four exit codes."""
    if sys.stderr is None:  # closed by the caller: then nobody wants to hear it
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until we end
    _hear_of_children()
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        _tell(interrupts.WORDS)
        code = interrupts.INTERRUPTED
    except KeymusterError as error:
        _tell(f"keymuster: {error}", error.advice())
        code = 2
    except OSError as error:  # a full disk, a folder that is gone, a file nobody may read
        where = f": {os.fsdecode(error.filename)!r}" if error.filename else ""
        _tell(f"keymuster: {error.strerror or type(error).__name__}{where}")
        code = 2
    except Exception as error:  # a fault of ours; its text and trace may quote what was scanned
        if "KEYMUSTER_TRACEBACK" in os.environ:
            raise
        _tell(
            f"keymuster: internal error: {_where(error)}",
            "Please report it; KEYMUSTER_TRACEBACK=1 shows the whole trace.",
        )
        code = 2
    sys.exit(code)


def _hear_of_children() -> None:
    """Who started us may not care how its own processes end, which is handed down: the system would then not tell us
    how ours ended, and a git that refused would be one that had nothing to say."""
    if not hasattr(os, "fork"):
        return
    import signal

    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _run(words: list[str]) -> int:
    """What the words ask for; a scan without click, which takes as long to load as a small scan does, if
    they are plain."""
    if words[:1] == ["scan"] and os.name != "nt" and "_KEYMUSTER_COMPLETE" not in os.environ:
        from keymuster.cli.plain_words import understood

        if (plain := understood(words[1:])) is not None:
            from keymuster.cli.scanning import scan

            return _until_nobody_reads(scan, *plain)
    from keymuster.cli.commands import run

    return run()


def _until_nobody_reads(scan: Callable[..., int], *asked: object) -> int:
    """A scan as click ends it: a reader that leaves early had what it wanted."""
    try:
        return scan(*asked, {})
    except BrokenPipeError:
        from keymuster.cli.output import let_go_of_stdout

        let_go_of_stdout()
        return 0
    except KeyboardInterrupt:
        print(file=sys.stderr)  # noqa: T201 - behind the ^C
        raise


def _tell(*lines: str) -> None:
    """On standard error. Click takes out what a terminal would obey where there is none."""
    import click

    for line in filter(None, lines):
        click.echo(line, err=True)


def _where(error: Exception) -> str:
    """The kind of an error and the line it comes from, without its words."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
