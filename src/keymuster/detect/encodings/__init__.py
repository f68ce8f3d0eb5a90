"""Ways to write text as other text. Each module here is one, and found by being here."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module

from keymuster.detect.encodings.base import Encoding

_FOLDER = os.path.dirname(__file__)


@cache
def names() -> tuple[str, ...]:
    """The modules of this folder that hold an encoding, sorted."""
    return tuple(
        file.removesuffix(".py")
        for file in sorted(os.listdir(_FOLDER))
        if file.endswith(".py") and file != "base.py" and not file.startswith("_")
    )


@cache
def load(name: str) -> Encoding:
    """The encoding of one module."""
    found: Encoding = import_module(f"{__name__}.{name}").ENCODING
    return found
