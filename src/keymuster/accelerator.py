"""Whether what was built in C is used. Everything is there in Python, too."""

from __future__ import annotations

import os

SWITCH = "KEYMUSTER_NO_ACCELERATOR"


def is_wanted() -> bool:
    """Not if `SWITCH` is set in the environment."""
    return not os.environ.get(SWITCH)
