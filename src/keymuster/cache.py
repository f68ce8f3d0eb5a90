"""A folder of derived files that may be deleted at any time, damaged, or not be writable at all. They
are stored as they are: to unpack them would take longer than to read them. What follows from the
shipped rules alone was derived when keymuster was built, and lies in the package."""

from __future__ import annotations

import os
import sys
from zlib import crc32  # against damage, not malice; a fifth of the time of a digest

TYPE_CHECKING = False  # that of `typing` takes as long to import as all else that a hook needs
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    _T = TypeVar("_T")

_CHECK_BYTES = 4

BUILT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_derived")
"""What was derived when keymuster was built, by the same kind of names; only to be read. Absent where
that could not be done."""

KEY = "key.bin"
"""What the key of the rules is called among what was built, if it was for a wheel: there they do not
change."""


CODE = "code.bin"
"""What names all of our code, in the same place."""


def folder() -> str:
    """`$KEYMUSTER_CACHE`, or the user's cache folder of this platform."""
    if chosen := os.environ.get("KEYMUSTER_CACHE"):
        return chosen
    if sys.platform == "linux" and (home := _of_linux()):
        return os.path.join(home, "keymuster")
    from platformdirs import user_cache_dir  # slow to import

    return user_cache_dir("keymuster", appauthor=False)


def _of_linux() -> str:
    """The cache folder of the XDG base directories, by what the environment says; or nothing."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(chosen):
        return chosen
    home = os.environ.get("HOME", "")
    return os.path.join(home, ".cache") if os.path.isabs(home) and not chosen else ""


def read(name: str, within: str = "") -> bytes | None:
    """The content stored under a name, in a folder of its own if one is given; None when it is absent, unreadable
    or damaged."""
    try:
        return _read(within or folder(), name)
    except RuntimeError:  # there is no home folder
        return None


def built(name: str) -> bytes | None:
    """The same of what was built into the package, as it stands there: like our code, it came whole or not at all."""
    return _read(BUILT, name, is_ours=True)


def is_built(name: str) -> bool:
    """Whether there is any."""
    return os.path.exists(os.path.join(BUILT, name))


def _read(folder: str, name: str, *, is_ours: bool = False) -> bytes | None:
    try:
        # what is in a buffer would be put before the rest, which copies all of it once more
        with open(os.path.join(folder, name), "rb", buffering=0) as file:
            check, content = file.read(_CHECK_BYTES), file.read()
    except OSError:
        return None
    return content if is_ours or check == _check(content) else None


def _check(content: bytes) -> bytes:
    return crc32(content).to_bytes(_CHECK_BYTES, "big")


def machine() -> str:
    """The system and its architecture, for what is built for one only."""
    known = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE")
    return f"{sys.platform}-{known}"


def write(name: str, content: bytes, within: str = "") -> None:
    """Store content under a name, all of it or nothing. A cache that cannot be written is no
    error: the next run derives the content again."""
    from keymuster import temporary  # only a first run writes

    try:
        place = within or folder()
        os.makedirs(place, exist_ok=True, mode=0o700)
        handle, new = temporary.beside(place, ".new-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(_check(content) + content)
            os.replace(new, os.path.join(place, name))
        except BaseException:  # an interrupt, too, leaves nothing behind
            os.unlink(new)
            raise
        _prune(place, name)
    except (OSError, RuntimeError):
        return


_MOST_BYTES = 256 * 1024 * 1024
"""Bytes that are kept: those of some forty rule sets, each with its databases."""


def _prune(place: str, name: str) -> None:
    """Remove what was written first, if there is more than is kept; never what was written last."""
    with os.scandir(place) as entries:
        stored = [(entry.stat(), entry.path) for entry in entries if entry.is_file()]
    left = sum(about.st_size for about, _ in stored)
    for about, path in sorted(stored, key=lambda one: one[0].st_mtime_ns):
        if left <= _MOST_BYTES:
            return
        if os.path.basename(path) != name:
            os.unlink(path)
            left -= about.st_size


def derived(name: str, kind: type[_T], make: Callable[[], _T]) -> _T:
    """What is stored under a name, or else what `make` gives, which is then stored. An empty name
    is of what is not to be stored."""
    import msgspec

    for find in (built, read) if name else ():
        if (stored := find(name)) is not None:
            try:
                return msgspec.msgpack.decode(stored, type=kind)
            except msgspec.MsgspecError:
                pass  # written by another version of a dependency: derive it again
    made = make()
    if name:
        write(name, msgspec.msgpack.encode(made))
    return made
