"""`keymuster --version -v`: what this installation works with."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import Any


def about() -> str:
    """A line for each thing that a report of a fault should say."""
    from keymuster import cache

    rows = {
        "Python": f"{platform.python_version()} ({platform.python_implementation()},"
        f" {sys.platform} {platform.machine()})",
        "Hyperscan": _hyperscan(),
        "accelerator": _accelerator(),
        "caches": cache.folder(),
        "pattern database": _databases(),
    }
    return "\n".join(f"{name}: {value}" for name, value in rows.items())


_LAYERS = ("names", "formats", "encodings")


def _databases() -> str:
    from keymuster import pipeline
    from keymuster.detect.database import is_stored

    key = pipeline.load_rules().key
    stored = all(is_stored(f"{layer}-{key}") for layer in _LAYERS)
    return "from the cache" if stored else "compiled by the next scan"


def _hyperscan() -> str:
    """The version of the engine, which any database knows, and that of the package that brings it."""
    import hyperscan

    database = hyperscan.Database()
    database.compile(expressions=[b"a"], ids=[0], elements=1, flags=[0])
    info: Any = database.info()  # bytes, whatever its types say
    return f"{info.decode().split()[1]} (package {metadata.version('hyperscan')})"


def _accelerator() -> str:
    """Whether the compiled part, which an installation may lack, is used."""
    from keymuster.collect.packs.functions import PLAIN, SWITCH, fastest

    why = f": {SWITCH} is set" if os.environ.get(SWITCH) else ""
    return f"no (pure Python{why})" if fastest() is PLAIN else "yes"
