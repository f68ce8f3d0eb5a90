"""Whether what was built in C is used. Everything is there in Python, too."""

from __future__ import annotations

import os

SWITCH = "KEYMUSTER_NO_ACCELERATOR"
MODULES = (
    "keymuster.collect.packs._accelerator",
    "keymuster.detect._accelerator",
    "keymuster.detect.values._accelerator",
)


def is_wanted() -> bool:
    """Not if `SWITCH` is set in the environment, to anything but 0, as where it is built."""
    return os.environ.get(SWITCH, "0") in ("", "0")


def missing() -> list[str]:
    """The parts that were not built, or cannot be loaded here."""
    from importlib import import_module

    found = []
    for name in MODULES:
        try:
            import_module(name)
        except ImportError:
            found.append(name.removesuffix("._accelerator").removeprefix("keymuster."))
    return found
