"""Which of the repositories that a lister finds are wanted."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct


class Wanted(Struct, frozen=True, kw_only=True):
    """By globs of their names, in either case of letters; all that `only` is for, without those of `skip`."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        if self.only and not _is_like(name, self.only):
            return False
        return not _is_like(name, self.skip)


def _is_like(name: str, patterns: tuple[str, ...]) -> bool:
    """A pattern without a `/` is for the last part of a name."""
    words = {True: name.lower(), False: name.lower().rpartition("/")[2]}
    return any(fnmatchcase(words["/" in one], one.lower()) for one in patterns)
