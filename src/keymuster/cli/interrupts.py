"""What Ctrl-C does. While a command is loaded it ends the process at once: raised there, an interrupt meets libraries
that are in the midst of making a type, and do not survive it."""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED = 3
WORDS = "keymuster: interrupted before there was anything to report"


def end_at_once() -> None:
    """If nobody else has a word in it: in the background they are ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def are_raised() -> None:
    """From here on, what was done until then is worth a report."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_: int, __: FrameType | None) -> None:
    try:
        os.write(2, f"\n{WORDS}\n".encode())
    finally:
        os._exit(INTERRUPTED)
