"""Long runs of letters, digits, `_` and `-`, which few texts have many of.

A format that has nearly no fixed text, such as that of 52 letters and digits, costs as much to search
for as all those together that have some. But a match of it holds a long run: only what stands beside
such runs is searched for it. They are found in C where that was built, else as it stands here.
"""

from __future__ import annotations

from collections.abc import Callable

from keymuster import accelerator
from keymuster.detect.hits import Span
from keymuster.detect.windows import Windows

try:
    from keymuster.detect import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]

LEAST = 24
"""Letters of a long run. Measured: of source code, a seventh stands near enough to one."""

LETTERS = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
MASK = sum(1 << letter for letter in LETTERS)

_KINDS = bytes([b" x"[byte in LETTERS] for byte in range(256)])
_RUN = b"x" * LEAST


def spans(content: bytes, width: int) -> list[Span]:
    """Where matches end that hold a long run, and are shorter than `width` bytes; no two overlap when
    what has a say in them is added."""
    found: list[Span] = []
    kinds = content.translate(_KINDS)
    at = kinds.find(_RUN)
    while at >= 0:
        end = kinds.find(b" ", at + LEAST)
        if end < 0:
            end = len(kinds)
        after, before = at + LEAST - 1, end - LEAST + width
        if found and after - width <= found[-1][1]:
            after = found.pop()[0]
        found.append((after, before))
        at = kinds.find(_RUN, end)
    return found


def beside(content: bytes, width: int) -> bytes:
    """The text of the windows for these spans; nothing if there is no long run."""
    return Windows(content, spans(content, width), width).text


def fastest() -> Callable[[bytes, int], bytes]:
    """What does the same as `beside`: in C, if that is there and wanted."""
    if _accelerator is None or not accelerator.is_wanted():
        return beside
    return _accelerator.beside_runs
