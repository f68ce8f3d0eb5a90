"""A folder of derived files that may be deleted at any time, damaged, or not be writable at all. They
are stored as they are: to unpack them would take longer than to read them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

from keymuster.digests import blake2b

_T = TypeVar("_T")
_DIGEST_BYTES = 16


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


def read(name: str) -> bytes | None:
    """The content stored under a name; None when it is absent, unreadable or damaged."""
    try:
        with open(os.path.join(folder(), name), "rb") as file:
            stored = file.read()
        digest, content = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if blake2b(content, digest_size=_DIGEST_BYTES).digest() != digest:
            return None
        return content
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None


def write(name: str, content: bytes) -> None:
    """Store content under a name, all of it or nothing. A cache that cannot be written is no
    error: the next run derives the content again."""
    import tempfile  # only a first run writes

    try:
        os.makedirs(folder(), exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=folder(), prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(blake2b(content, digest_size=_DIGEST_BYTES).digest() + content)
            os.replace(temporary, os.path.join(folder(), name))
        except BaseException:  # an interrupt, too, leaves nothing behind
            os.unlink(temporary)
            raise
        _prune(name)
    except (OSError, RuntimeError):
        return


_MOST_BYTES = 256 * 1024 * 1024
"""Bytes that are kept: those of some forty rule sets, each with its databases."""


def _prune(name: str) -> None:
    """Remove what was written first, if there is more than is kept; never what was written last."""
    with os.scandir(folder()) as entries:
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

    if name and (stored := read(name)) is not None:
        try:
            return msgspec.msgpack.decode(stored, type=kind)
        except msgspec.MsgspecError:
            pass  # written by another version of a dependency: derive it again
    made = make()
    if name:
        write(name, msgspec.msgpack.encode(made))
    return made
