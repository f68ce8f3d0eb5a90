"""When an estate is looked at: cron expressions in time zones, and which of their times nobody has kept."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from keymuster.errors import KeymusterError, SettingsError
from keymuster.estate.definition import Estate, Schedule

if TYPE_CHECKING:
    from keymuster.estate.store.store import Store

_SECOND = timedelta(seconds=1)
_WEEK = timedelta(days=7)
_LONGEST_GAP = timedelta(days=31)
"""Times that are longer past are not counted."""
_LATE = timedelta(minutes=5)
_LOOK_SECONDS = 30.0


class Due(Struct, frozen=True, kw_only=True):
    """The last time of a schedule that nothing was begun for, and how many there were before it that were missed: there is
    one run for all of them."""

    name: str
    at: datetime
    missed: int = 0

    @property
    def mark(self) -> str:
        """Of the run, of which there is only one."""
        return f"{self.name}@{self.at:%Y-%m-%dT%H:%M:%SZ}"


def times(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """The times of a schedule, in UTC. Where a clock is put forward, a time that there is not is the moment at which that
    happens. Where it is put back, a time that there is twice is the first one; but what comes in every hour, or in
    every few, goes on as the hours pass.

    SettingsError for an expression that nothing ever comes of, such as the 30th of February."""
    rules, last = ZoneInfo(zone), after.astimezone(UTC).replace(microsecond=0)
    while True:
        last = _next(cron, rules, last)
        yield last


def _next(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    is_steady = cron.split()[1].startswith("*")
    at, clock = after, _shown(after, zone)
    while True:
        offset = _offset(at, zone)
        wanted = _next_shown(cron, clock)
        candidate = (wanted - offset).replace(tzinfo=UTC)
        change = _change(at, candidate, zone)
        if change is None:
            if is_steady or not candidate.astimezone(zone).fold:
                return candidate
            at, clock = candidate, wanted
        elif not is_steady and wanted < _shown(change, zone):
            return change  # what is wanted was skipped
        else:
            at, clock = change, _shown(change, zone) - _SECOND


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    """What a clock shows."""
    return at.astimezone(zone).replace(tzinfo=None)


def _next_shown(cron: str, shown: datetime) -> datetime:
    """On a clock that is never put forward or back."""
    from croniter import croniter  # type: ignore[import-untyped]
    from croniter.croniter import CroniterBadDateError  # type: ignore[import-untyped]

    try:
        found: datetime = croniter(cron, shown).get_next(datetime)
    except CroniterBadDateError:
        raise SettingsError(
            f"the schedule `{cron}` never comes", "Look at its day and its month."
        ) from None
    return found


def _change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment after `start`, up to `end`, at which the clock shows something else than it would have."""
    offset, low = _offset(start, zone), start
    while low < end:
        high = min(low + _WEEK, end)
        if _offset(high, zone) != offset:
            break
        low = high
    else:
        return None
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _offset(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high


# --- what is due ---------------------------------------------------------------------------------


def due(name: str, schedule: Schedule, since: datetime, now: datetime) -> Due | None:
    """What nobody has begun since the last time that was kept; None if nothing."""
    first = max(since, now - _LONGEST_GAP)
    passed = list(takewhile(lambda at: at <= now, times(schedule.cron, schedule.zone, first)))
    return Due(name=name, at=passed[-1], missed=len(passed) - 1) if passed else None


def kept_until(store: Store, name: str, schedule: Schedule, now: datetime) -> datetime:
    """The last time of a schedule that a run was begun for; if there was none, when somebody first watched it as it
    is."""
    said = hashlib.sha256(f"{schedule.cron} {schedule.zone}".encode()).hexdigest()[:12]
    cursor = f"schedule {name} {said}"
    since = store.notified(cursor) or store.notified(cursor, int(now.timestamp()))
    found = [datetime.fromtimestamp(since, UTC)]
    for run in store.runs(limit=1000):
        who, _, at = run.scheduled.rpartition("@")
        if who == name:
            found.append(datetime.fromisoformat(at))
            break
    return max(found)


Begin = Callable[[Estate, Due], bool]
"""Begins the run of a time; False if it has to wait, as its targets are being looked at."""


def watch(
    load: Callable[[], Estate], store: Store, *, begin: Begin, stop: threading.Event,
    tell: Callable[[str], None], now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:  # fmt: skip
    """Begin what is due, until it is stopped. However many watch, each time is begun once."""
    said: Estate | None = None
    told: set[str] = set()
    while not stop.is_set():
        try:
            said = load()
            for one in all_due(said, store, now()):
                if stop.is_set():
                    break
                if begin(said, one):
                    _tell_late(one, now(), tell)
                elif one.mark not in told:
                    tell(f"{one.mark} waits until its targets are not being looked at any more")
                    told.add(one.mark)
        except KeymusterError as error:  # a file that is being written, a store that is away
            if error.message not in told:
                tell(f"{error.message} {error.advice()}".strip())
                told.add(error.message)
        stop.wait(_pause(said, now()))


def all_due(said: Estate, store: Store, now: datetime) -> list[Due]:
    """Of all schedules, the earliest first."""
    found = [
        due(name, schedule, kept_until(store, name, schedule, now), now)
        for name, schedule in said.schedules.items()
    ]
    return sorted((one for one in found if one is not None), key=lambda one: one.at)


def _pause(said: Estate | None, now: datetime) -> float:
    coming = [
        (next(times(one.cron, one.zone, now)) - now).total_seconds()
        for one in (said.schedules.values() if said is not None else ())
    ]
    return max(0.0, min([*coming, _LOOK_SECONDS]))


def _tell_late(one: Due, now: datetime, tell: Callable[[str], None]) -> None:
    if one.missed:
        tell(f"{one.mark} was begun, also for {one.missed} times before it that nobody kept")
    elif now - one.at > _LATE:
        tell(f"{one.mark} was begun late: nobody watched then, or its targets were being looked at")
    else:
        tell(f"{one.mark} was begun")


def targets_of(said: Estate, one: Due) -> tuple[str, ...]:
    """The globs of what a time is for."""
    chosen: Any = said.schedules[one.name].targets
    return tuple(chosen)
