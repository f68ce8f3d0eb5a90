"""What modules a package has, without importing them, and without `pkgutil`: that takes as long to import as
a dozen of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.machinery import all_suffixes


def names(path: Iterable[str]) -> list[str]:
    """The modules and packages in the folders of a package (its `__path__`), sorted."""
    suffixes = sorted(all_suffixes(), key=len, reverse=True)
    found: set[str] = set()
    for folder in path:
        try:
            inside = os.listdir(folder)
        except OSError:  # in an archive
            from pkgutil import iter_modules

            return sorted(one.name for one in iter_modules([*path]))
        for name in inside:
            suffix = next(filter(name.endswith, suffixes), "")
            if suffix or os.path.isfile(os.path.join(folder, name, "__init__.py")):
                found.add(name.removesuffix(suffix))
    return sorted(one for one in found if one.isidentifier() and one != "__init__")
