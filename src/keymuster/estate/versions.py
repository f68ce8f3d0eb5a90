"""What decides what a look at a target says, besides the target: our code and rules, and the settings of the estate. It is
asked before anything heavy is loaded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from functools import cache as cache_result
from typing import Any

from keymuster import __version__, cache
from keymuster.digests import blake2b

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def digest(options: dict[str, Any], files: Iterable[str], key_env: str) -> str:
    """Of all of that: `files` are those that settings name, or folders, `key_env` the variable with the key of fingerprints."""
    made = blake2b(_ours().encode(), digest_size=16)
    made.update(json.dumps(options, sort_keys=True).encode())
    for file in files:
        for path, content in _contents(file):
            made.update(b"\0%d %d %b" % (len(path), len(content), os.fsencode(path)))
            made.update(content)
    if key := os.environ.get(key_env, "") if key_env else "":
        import hmac

        made.update(hmac.new(key.encode(), b"which key", "sha256").digest())
    return made.hexdigest()


@cache_result
def _ours() -> str:
    """In a wheel nothing changes without its version; in a checkout, by sizes and times."""
    if built := cache.built(cache.KEY):
        return f"{__version__} {built.decode()}"
    made = blake2b(__version__.encode(), digest_size=16)
    rules = os.path.join(os.path.dirname(os.path.dirname(_PACKAGE)), "rules")
    for folder in (_PACKAGE, rules):
        for name, size, time in sorted(_stamps(folder)):
            made.update(b"%d %d %b\0" % (size, time, os.fsencode(name)))
    return made.hexdigest()


def _stamps(folder: str) -> Iterator[tuple[str, int, int]]:
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir():
            yield from _stamps(entry.path)
        elif entry.name.endswith((".py", ".yaml", ".json")):
            about = entry.stat()
            yield entry.path, about.st_size, about.st_mtime_ns


def _contents(path: str) -> Iterator[tuple[str, bytes]]:
    """Of a file, or of all files in a folder; one that cannot be read is as if it were empty."""
    if os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            yield from _contents(os.path.join(path, name))
        return
    try:
        with open(path, "rb") as file:
            yield path, file.read()
    except OSError:
        yield path, b""
