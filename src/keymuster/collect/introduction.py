"""A file version that came to a path with a commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from keymuster.collect.order import Rank
from keymuster.model import Commit


class Introduction(Struct, frozen=True, kw_only=True):
    """One file version that a commit has at a path where none of its parents has it. `replaced`
    are the versions that the parents have there."""

    commit: Commit
    path: str
    object: str
    rank: Rank
    replaced: tuple[str, ...] = ()


def moment(words: Sequence[bytes]) -> datetime | None:
    """`<seconds> <seconds> <zone>` as git prints it; None for dates that no calendar knows."""
    try:
        seconds, zone = int(words[0]), int(words[2])
        hours, minutes = divmod(abs(zone), 100)
        offset = timedelta(hours=hours, minutes=minutes) * (1 if zone >= 0 else -1)
        return datetime.fromtimestamp(seconds, UTC).astimezone(timezone(offset))
    except (ValueError, IndexError, OverflowError, OSError):
        return None
