"""Where the settings file is, and what is known of its content without reading it: a hook asks this
before it loads anything."""

from __future__ import annotations

import os

from keymuster import cache
from keymuster.digests import blake2b

FILE = ".keymuster.yaml"


def nearest(start: str) -> str | None:
    """The settings file in a folder or the closest one above it."""
    folder = os.path.abspath(start)
    while True:
        candidate = os.path.join(folder, FILE)
        if os.path.isfile(candidate):
            return candidate
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def above(start: str, name: str) -> str | None:
    """The nearest folder, upward of one, that has a folder of this name; none outside of a repository
    that the first lies in."""
    folder = os.path.abspath(start)
    while True:
        if os.path.isdir(os.path.join(folder, name)):
            return folder
        higher = os.path.dirname(folder)
        if higher == folder or os.path.lexists(os.path.join(folder, ".git")):
            return None
        folder = higher


def note_as_plain(file: str, key: str) -> None:
    """Note of a settings file that it asks, with the rules of this key, for nothing which could make
    a finding of what is none by default."""
    if not is_known_to_be_plain(file, key):
        cache.write(_note(file, key), b"plain")


def is_known_to_be_plain(file: str, key: str) -> bool:
    """Whether that was noted of a file with just this content."""
    return cache.read(_note(file, key)) is not None


def _note(file: str, key: str) -> str:
    with open(file, "rb") as content:
        digest = blake2b(content.read(), digest_size=16, key=key.encode()[:64])
    return f"settings-{digest.hexdigest()}.bin"
