"""The sorts of signs of who answers for something: one module each, found by folder, with a function
`signals(subject, estate)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from keymuster import modules
from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal


@cache
def every() -> tuple[Callable[[Owned, Estate], Iterator[Signal]], ...]:
    """The functions of all modules here, in the order of their names."""
    names = modules.names(__path__)
    return tuple(import_module(f"{__name__}.{name}").signals for name in names)
