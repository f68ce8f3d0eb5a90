"""The parts of an account, found by folder: each module has `SURFACES`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from keymuster.collect.aws.surface import Surface


@cache
def surfaces() -> tuple[Surface, ...]:
    """All of them, by name."""
    found = [
        surface
        for module in iter_modules(__path__)
        for surface in import_module(f"{__name__}.{module.name}").SURFACES
    ]
    return tuple(sorted(found, key=lambda one: one.name))
