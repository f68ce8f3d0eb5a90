"""The folders that a repository's objects lie in: its own, and those it borrows from."""

from __future__ import annotations

import os

from keymuster.collect.packs import files
from keymuster.collect.packs.base import Unsupported

_MOST_BYTES = 1 << 20
_MOST_FOLDERS = 1000


def folders(objects: str) -> list[str]:
    """An object folder and all its `info/alternates` name, each once, the nearest first."""
    found: dict[str, str] = {}
    waiting = [objects]
    while waiting:
        folder = waiting.pop(0)
        real = os.path.realpath(folder)
        if real in found:
            continue
        if not os.path.isdir(real):
            raise Unsupported(f"the object folder {folder} does not exist")
        if len(found) == _MOST_FOLDERS:
            raise Unsupported("it borrows objects from more folders than anybody would")
        found[real] = folder
        waiting.extend(_named(real))
    return list(found)


def _named(folder: str) -> list[str]:
    try:
        lines = files.content(os.path.join(folder, "info", "alternates"), _MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Unsupported(f"info/alternates cannot be read: {error.strerror}") from error
    named = []
    for line in lines.split(b"\n"):
        if not line or line.startswith(b"#"):
            continue
        if line.startswith(b'"') or b"\0" in line:
            raise Unsupported("info/alternates has a name that is quoted")
        named.append(os.path.join(folder, os.fsdecode(line)))
    return named
