"""`keymuster --version -v`: what this installation works with."""

from __future__ import annotations

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


def _databases() -> str:
    from keymuster import pipeline
    from keymuster.detect.database import origin
    from keymuster.detect.nested import Nested

    origins = {origin(layer.key) for layer in Nested(pipeline.load_rules()).layers}
    if "" in origins:
        return "compiled by the next scan"
    return f"from {' and '.join(sorted(origins))}"


def _hyperscan() -> str:
    """The version of the engine, which any database knows, and that of the package that brings it."""
    import hyperscan

    database = hyperscan.Database()
    database.compile(expressions=[b"a"], ids=[0], elements=1, flags=[0])
    info: Any = database.info()  # bytes, whatever its types say
    return f"{info.decode().split()[1]} (package {metadata.version('hyperscan')})"


def _accelerator() -> str:
    """Whether the compiled parts, which an installation may lack, are used."""
    from keymuster import accelerator

    if not accelerator.is_wanted():
        return f"no (pure Python: {accelerator.SWITCH} is set)"
    missing = accelerator.missing()
    if len(missing) == len(accelerator.MODULES):
        return "no (pure Python)"
    return f"in part (pure Python for {', '.join(missing)})" if missing else "yes"
