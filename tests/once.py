"""What is made by one of several processes for all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 300


def once(file: Path, make: Callable[[], bytes], patience: float = PATIENCE_SECONDS) -> bytes:
    """The content of a file, made by whoever is first. Who waits too long for another, which may
    have died, makes it too: the outcome never depends on who was first."""
    try:
        os.close(os.open(file.with_suffix(".begun"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if file.exists():
                return file.read_bytes()
            time.sleep(0.05)
    made = make()
    new = file.with_suffix(f".{os.getpid()}")
    new.write_bytes(made)
    new.replace(file)
    return made
