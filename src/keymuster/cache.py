"""A folder of derived files that may be deleted at any time, damaged, or not be writable at all."""

from __future__ import annotations

import os
import tempfile
import zlib
from hashlib import blake2b
from pathlib import Path

_DIGEST_BYTES = 16


def folder() -> Path:
    """`$KEYMUSTER_CACHE`, or the user's cache folder of this platform."""
    if chosen := os.environ.get("KEYMUSTER_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_path  # slow to import

    return user_cache_path("keymuster", appauthor=False)


def read(name: str) -> bytes | None:
    """The content stored under a name; None when it is absent, unreadable or damaged."""
    try:
        stored = (folder() / name).read_bytes()
        digest, content = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if blake2b(content, digest_size=_DIGEST_BYTES).digest() != digest:
            return None
        return zlib.decompress(content)
    except (OSError, RuntimeError, zlib.error):  # RuntimeError: there is no home folder
        return None


def write(name: str, content: bytes) -> None:
    """Store content under a name, all of it or nothing. A cache that cannot be written is no
    error: the next run derives the content again."""
    packed = zlib.compress(content, 1)
    try:
        target = folder() / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(blake2b(packed, digest_size=_DIGEST_BYTES).digest() + packed)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except (OSError, RuntimeError):
        return
