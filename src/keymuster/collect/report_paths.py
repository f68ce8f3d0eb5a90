"""Paths in a report of another scanner, as paths of the folder that is scanned here.

The report may have been made elsewhere: in a container, on a build machine, from the folder above.
"""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from collections.abc import Iterable
from itertools import islice

_LOOKED_AT = 2000
"""Paths that say what the others have before them."""


class Paths:
    """All paths of one report have the same folders before them, or none; `given` says which."""

    def __init__(self, paths: Iterable[str], root: str, given: str | None = None) -> None:
        self._root = root
        if given is not None:
            self._before = _plain(given).rstrip("/") + "/" if _plain(given) not in ("", ".") else ""
        else:
            self._before = _before(dict.fromkeys(map(_plain, islice(paths, _LOOKED_AT))), root)

    def of(self, path: str) -> str:
        """Relative to the folder that is scanned, if it lies there."""
        plain = _plain(path)
        here = _plain(self._root).rstrip("/") + "/"
        if plain.startswith(here):
            return plain.removeprefix(here)
        return plain.removeprefix(self._before)

    def split(self, path: str) -> tuple[str, str]:
        """The file, and what is meant in it if it is a container: `app.zip!conf/a.env`."""
        whole = self.of(path)
        outer, mark, member = whole.partition("!")
        if not mark or _exists(self._root, whole) or not _exists(self._root, outer):
            return whole, ""
        return outer, member.lstrip("/")


def _before(paths: Iterable[str], root: str) -> str:
    """What the most paths have before them that are files here without it; empty if the most are files as
    they are, or none is."""
    found: Counter[str] = Counter()
    for path in paths:
        parts = path.split("/")
        for cut in range(len(parts)):
            rest = "/".join(parts[cut:])
            if rest and _exists(root, rest):
                found["/".join(parts[:cut]) + "/" if cut else ""] += 1
                break
    best = max(found.items(), key=lambda one: (one[1], -len(one[0])), default=("", 0))
    return best[0]


def _exists(root: str, path: str) -> bool:
    """Whether there is such a file, which must lie in the folder."""
    if path.startswith(("/", "../")) or "\0" in path or ":" in path[:2]:
        return False
    return os.path.lexists(os.path.join(root, path))


def _plain(path: str) -> str:
    """With slashes, and without steps up or to the same place."""
    slashes = path.replace("\\", "/") if "\\" in path and "/" not in path else path
    normal = posixpath.normpath(slashes) if slashes else ""
    return "" if normal == "." else normal
