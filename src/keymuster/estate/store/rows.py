"""What a store tells."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from keymuster.estate.base import Cost, Target, Work
from keymuster.estate.leaving import has_left
from keymuster.model import Finding, Trouble


class Standing(StrEnum):
    """What is so of a finding of a target now. What is `new`, `changed` or `reopened` became so by the last look, and is
    open from the next one on."""

    NEW = "new"
    CHANGED = "changed"
    REOPENED = "reopened"
    OPEN = "open"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"
    NOT_OBSERVED = "not observed"

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something about it, as far as is known."""
        return self not in (Standing.ACCEPTED, Standing.RESOLVED)


class Stored(Struct, frozen=True, kw_only=True):
    """A finding of a target as it was last seen. In `run` it came to its state. If it is not observed, `why` says
    what stood in the way. `was` are the ids that it had before: a moved file, a rule that says more. `also` are the
    other targets that have it. One of the join `stands_for` others, of which it knows more: targets and ids. Of one that is accepted, `accepted_until` is the last day."""

    target: str
    finding: Finding
    state: Standing
    first_seen: datetime
    last_seen: datetime
    run: int
    resolved_at: datetime | None = None
    accepted_until: date | None = None
    why: str = ""
    was: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    stands_for: tuple[tuple[str, str], ...] = ()


class Run(Struct, frozen=True, kw_only=True):
    """One go over targets; `counts` has how many stand where. `scheduled` is the schedule and its time."""

    id: int
    started: datetime
    ended: datetime | None
    counts: dict[Work, int]
    scheduled: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """A target in a run."""

    run: int
    target: str
    work: Work
    attempts: int = 0
    worker: str = ""
    not_before: datetime | None = None
    trouble: Trouble | None = None
    started: datetime | None = None
    ended: datetime | None = None
    unchanged: bool = False
    cost: Cost = Cost()


class Takes(StrEnum):
    """What a worker looks at: anything, all but the join over it, or only that, which takes more memory."""

    ANY = "any"
    TARGETS = "targets"
    JOIN = "join"


class Attempt(Struct, frozen=True, kw_only=True):
    """A try at a target, the `number`th in its run."""

    run: int
    target: str
    worker: str
    number: int


class Known(Struct, frozen=True, kw_only=True):
    """A target and what is known of it: when it was last looked at with success (`run`), when last something had
    changed, whether that look was whole, how many records and open findings it has, and the `failure` if nobody could
    look since."""

    target: Target
    looked_at: datetime | None = None
    run: int | None = None
    changed_at: datetime | None = None
    complete: bool = True
    records: int = 0
    open: int = 0
    failure: Trouble | None = None
    failed_at: datetime | None = None

    @property
    def has_left(self) -> bool:
        """Whether it is in the estate no longer."""
        return has_left(self.failure)


class Day(Struct, frozen=True, kw_only=True):
    """How many findings were open at the end of a day (UTC), in all and by NHI category. One may be in several categories."""

    day: date
    open: int
    by_nhi: dict[str, int]
    by_severity: dict[str, int]
