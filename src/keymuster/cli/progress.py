"""A progress bar that appears after a second."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

PATIENCE_SECONDS = 1.0


@contextlib.contextmanager
def bar() -> Iterator[Callable[[int], None]]:
    """Call the result with the bytes that were scanned."""
    started = time.monotonic()
    shown: Any = None
    task: Any = None

    def advance(size: int) -> None:
        nonlocal shown, task
        if shown is None and time.monotonic() - started >= PATIENCE_SECONDS:
            shown, task = _shown()
        if shown is not None:
            shown.advance(task, size)

    try:
        yield advance
    finally:
        if shown is not None:
            shown.stop()


def _shown() -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TransferSpeedColumn,
    )

    progress = Progress(
        SpinnerColumn(),
        BarColumn(),
        TextColumn("scanning"),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    progress.start()
    return progress, progress.add_task("scan", total=None)
