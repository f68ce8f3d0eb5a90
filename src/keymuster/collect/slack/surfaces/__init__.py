"""The parts of a workspace, found by folder: each module has `SURFACES`."""

from __future__ import annotations

import sys
from functools import cache

from keymuster.collect.asking.surface import Surface, found


@cache
def surfaces() -> tuple[Surface, ...]:
    """All of them, by name."""
    return found(sys.modules[__name__], Surface)
