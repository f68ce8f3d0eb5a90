"""What Google Cloud tells of what exists, in the words of its APIs: when it was made and last used."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from keymuster.collect.declared import Declared


class Activity(NamedTuple):
    """When something was last used, and whether it is known that it never was."""

    last_used_at: datetime | None
    never_used: bool | None


def activity(one: Declared, made: datetime | None) -> Activity:
    """What the Policy Analyzer saw. It looks back for a time only: what it has not seen since before that
    thing was made was never used; else it was used no later than when that time began."""
    used, since = one.time("lastAuthenticatedTime"), one.time("observationPeriod", "startTime")
    if used is not None or since is None:
        return Activity(used, None)
    if made is not None and made >= since:
        return Activity(None, True)
    return Activity(since, None) if made is not None else Activity(None, None)
