"""A folder for temporary files of the processes of one engine. What one has left that was killed is taken away."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator

from keymuster.estate.alone import Taken, alone

_PREFIX = "keymuster-estate-"


@contextlib.contextmanager
def scratch() -> Iterator[str]:
    base = tempfile.gettempdir()
    for name in os.listdir(base):
        if name.startswith(_PREFIX):
            _remove_if_left(os.path.join(base, name))
    made = tempfile.mkdtemp(prefix="keymuster-", dir=base)
    with alone(os.path.join(made, "engine")):
        folder = os.path.join(base, f"{_PREFIX}{os.path.basename(made)}")
        os.rename(made, folder)  # others look at it only now
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: str) -> None:
    with contextlib.suppress(OSError, Taken, AttributeError):
        if os.lstat(folder).st_uid != os.getuid() or os.path.islink(folder):
            return
        if os.path.exists(os.path.join(folder, "engine.run")):
            with alone(os.path.join(folder, "engine")):
                shutil.rmtree(folder, ignore_errors=True)
