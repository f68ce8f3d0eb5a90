"""How long things take, on machines that do other things as well: whoever measures tries again."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time

TRIES = 4


def seconds(run: Callable[[], object]) -> float:
    """Processor seconds of a call, without those of clearing up after other tests."""
    gc.disable()
    try:
        begin = process_time()
        run()
        return process_time() - begin
    finally:
        gc.enable()


def takes(run: Callable[[], object], limit: float) -> bool:
    """Whether a call takes no more than so many seconds, at least when nothing disturbs it."""
    return any(seconds(run) <= limit for _ in range(TRIES))


def is_linear(small: Callable[[], object], large: Callable[[], object], times: int = 2) -> bool:
    """Whether a job so many times as large takes about as many times as long. What takes less than
    a twentieth of a second is too short to be judged."""
    return any(seconds(large) < 1.25 * times * seconds(small) + 0.05 for _ in range(TRIES))
