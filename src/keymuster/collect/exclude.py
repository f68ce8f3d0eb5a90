"""Paths the user does not want looked at: those that globs exclude, and those not asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from keymuster.collect.base import Selection
from keymuster.errors import SettingsError


def excluder(globs: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path relative to the root is excluded, by globs in the syntax of `.gitignore`;
    SettingsError for a glob that is none."""
    if not globs:
        return lambda path: False
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines(map(_as_text, globs))
    except ValueError as error:
        raise SettingsError(f"exclude: {error}", "Write globs as in a .gitignore file.") from error
    return lambda path: spec.match_file(_as_text(path))


def outsider(selection: Selection) -> Callable[[str], bool]:
    """Whether a path of a repository is excluded, or below none of the paths that were named."""
    excluded = excluder(selection.exclude)
    named = {os.path.relpath(path, selection.root).replace(os.sep, "/") for path in selection.paths}
    if not named or "." in named:
        return excluded
    folders = tuple(f"{name}/" for name in named)
    return lambda path: excluded(path) or not (path in named or path.startswith(folders))


def _as_text(path: str) -> str:
    """A path or glob with private characters for the bytes that are not UTF-8: the library cannot
    take the surrogates that stand for them."""
    return path.translate(_BYTES)


_BYTES = {0xDC00 + byte: chr(0xF700 + byte) for byte in range(0x80, 0x100)}
