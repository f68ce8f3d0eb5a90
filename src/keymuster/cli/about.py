"""`keymuster --version -v`: what this installation works with."""

from __future__ import annotations

import os
import platform
import sys
from importlib import import_module, metadata
from typing import Any

ACCELERATOR = "keymuster.collect.packs._accelerator"
"""The compiled part, which an installation may lack."""

NO_ACCELERATOR = "KEYMUSTER_NO_ACCELERATOR"


def about() -> str:
    """A line for each thing that a report of a fault should say."""
    from keymuster import cache, pipeline
    from keymuster.detect.database import origin

    rows = {
        "Python": f"{platform.python_version()} ({platform.python_implementation()},"
        f" {sys.platform} {platform.machine()})",
        "Hyperscan": _hyperscan(),
        "accelerator": _accelerator(),
        "caches": cache.folder(),
        "pattern database": origin(f"formats-{pipeline.load_rules().key}"),
    }
    return "\n".join(f"{name}: {value}" for name, value in rows.items())


def _hyperscan() -> str:
    """The version of the engine, which any database knows, and that of the package that brings it."""
    import hyperscan

    database = hyperscan.Database()
    database.compile(expressions=[b"a"], ids=[0], elements=1, flags=[0])
    info: Any = database.info()  # bytes, whatever its types say
    return f"{info.decode().split()[1]} (package {metadata.version('hyperscan')})"


def _accelerator() -> str:
    if os.environ.get(NO_ACCELERATOR):
        return f"no (pure Python: {NO_ACCELERATOR} is set)"
    try:
        import_module(ACCELERATOR)
    except ImportError:
        return "no (pure Python)"
    return "yes"
