"""How much an identity may do, in one word, whichever provider it is of.

Each provider has a function from what it knows of an identity to a `Privilege`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from keymuster.model import Grant


class Level(StrEnum):
    """From nothing to everything. Unknown stands apart: it may be any."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    UNKNOWN = "unknown"


_RANKS = {Level.NONE: 0, Level.READ: 1, Level.WRITE: 2, Level.ADMIN: 3}


class Privilege(Struct, frozen=True):
    """A level, the ids of the grants it follows from, and why it is not known."""

    level: Level
    grants: tuple[str, ...] = ()
    reason: str = ""


def highest(several: Iterable[Privilege]) -> Privilege:
    """The most of several; what is not known counts unless there is an administrator anyway."""
    best, open_ = Privilege(Level.NONE), None
    for one in several:
        if one.level is Level.UNKNOWN:
            open_ = open_ or one
        elif _RANKS[one.level] > _RANKS[best.level]:
            best = one
    return best if open_ is None or best.level is Level.ADMIN else open_


Judge = Callable[[str], Privilege]
"""From the id of an identity to its privilege."""


def privilege(id: str, grants: Iterable[Grant], judges: Mapping[str, Judge]) -> Privilege:
    """The privilege of an identity from each provider that it has grants of."""
    providers = dict.fromkeys(grant.provider for grant in grants)
    return highest(
        judges[provider](id)
        if provider in judges
        else Privilege(Level.UNKNOWN, reason=f"nobody can tell what grants of {provider} come to")
        for provider in providers
    )
