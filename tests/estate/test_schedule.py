"""Times of schedules, also where clocks are put forward and back, and each of them kept once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.errors import SettingsError
from keymuster.estate.definition import Estate, Schedule
from keymuster.estate.schedule import Due, all_due, due, kept_until, times, watch
from keymuster.estate.store.store import Store

BERLIN = "Europe/Berlin"


def shown(cron: str, zone: str, after: str, count: int) -> list[str]:
    start = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone))
    found = islice(times(cron, zone, start), count)
    return [f"{at.astimezone(ZoneInfo(zone)):%m-%d %H:%M %z}" for at in found]


def test_times_are_those_of_the_zone() -> None:
    assert shown("0 3 * * *", "Asia/Kolkata", "2026-01-01T04:00", 2) == [
        "01-02 03:00 +0530",
        "01-03 03:00 +0530",
    ]


def test_a_time_that_there_is_not_is_when_the_clock_is_put_forward() -> None:
    assert shown("30 2 * * *", BERLIN, "2026-03-28T00:00", 3) == [
        "03-28 02:30 +0100",
        "03-29 03:00 +0200",
        "03-30 02:30 +0200",
    ]
    # one that is there as well is not doubled
    assert shown("0,30 2,3 29 * *", BERLIN, "2026-03-28T00:00", 3) == [
        "03-29 03:00 +0200",
        "03-29 03:30 +0200",
        "04-29 02:00 +0200",
    ]


def test_a_time_that_there_is_twice_is_the_first_one() -> None:
    assert shown("30 2 * * *", BERLIN, "2026-10-24T12:00", 3) == [
        "10-25 02:30 +0200",
        "10-26 02:30 +0100",
        "10-27 02:30 +0100",
    ]
    # also for who begins to watch in between
    late = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 02:45 for the first time
    assert next(times("30 2 * * *", BERLIN, late)) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert next(times("50 2 * * *", BERLIN, late)) == datetime(2026, 10, 25, 0, 50, tzinfo=UTC)


def test_what_comes_every_hour_goes_on_as_the_hours_pass() -> None:
    for day in ("2026-03-29", "2026-10-25"):
        start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(BERLIN))
        found = list(islice(times("30 * * * *", BERLIN, start), 6))
        assert {later - one for one, later in pairwise(found)} == {timedelta(hours=1)}


def test_zones_that_shift_by_half_an_hour_or_a_day() -> None:
    assert shown("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", 2) == [
        "10-04 02:30 +1100",
        "10-05 02:15 +1100",
    ]
    assert shown("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00", 3) == [
        "12-29 12:00 -1000",
        "12-31 00:00 +1400",  # there was no 30th of December
        "12-31 12:00 +1400",
    ]


def test_what_never_comes_is_refused() -> None:
    with pytest.raises(SettingsError, match="never comes"):
        next(times("0 0 30 2 *", "UTC", datetime(2026, 1, 1, tzinfo=UTC)))


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
    st.integers(0, 59),
    st.integers(0, 23),
)  # fmt: skip
def test_a_time_of_each_day_comes_once_a_day(
    start: datetime, zone: str, minute: int, hour: int
) -> None:
    begun = start.replace(tzinfo=UTC)
    found = list(islice(times(f"{minute} {hour} * * *", zone, begun), 5))
    days = [at.astimezone(ZoneInfo(zone)).date() for at in found]
    assert all(later - day == timedelta(days=1) for day, later in pairwise(days))
    assert found[0] > begun
    # from wherever one looks, the next time is the same
    middle = found[0] + (found[1] - found[0]) / 2
    assert next(times(f"{minute} {hour} * * *", zone, middle)) == found[1]


NIGHTLY = Schedule(cron="0 2 * * *")
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def test_times_that_nobody_kept_are_one_run() -> None:
    assert due("nightly", NIGHTLY, NOON - timedelta(hours=1), NOON) is None
    one = due("nightly", NIGHTLY, NOON - timedelta(days=3), NOON)
    assert one == Due(name="nightly", at=datetime(2026, 11, 10, 2, tzinfo=UTC), missed=2)
    assert one.mark == "nightly@2026-11-10T02:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/estate.db")
    yield opened
    opened.close()


def test_a_schedule_counts_from_when_it_was_first_watched(store: Store) -> None:
    assert kept_until(store, "nightly", NIGHTLY, NOON) == NOON
    later = NOON + timedelta(days=2)
    assert kept_until(store, "nightly", NIGHTLY, later) == NOON
    assert kept_until(store, "nightly", Schedule(cron="0 3 * * *"), later) == later
    run = store.start_run([], later, scheduled="nightly@2026-11-12T02:00:00Z")
    store.end_run(run, later)
    assert kept_until(store, "nightly", NIGHTLY, later) == datetime(2026, 11, 12, 2, tzinfo=UTC)


def test_however_many_watch_each_time_is_begun_once(store: Store) -> None:
    """Three, whose clocks show the same; one of them is away for some days."""
    said = Estate(schedule={"nightly": "0 2 * * *", "hourly": Schedule(cron="0 * * * *")})
    begun: list[str] = []
    lock = threading.Lock()

    def one(first: datetime, hours: int, every: int) -> None:
        for hour in range(0, hours, every):
            now = first + timedelta(hours=hour, minutes=1)
            for each in all_due(said, store, now):
                with lock:
                    before = len(store.runs(limit=None))
                    store.start_run([], now, scheduled=each.mark)
                    if len(store.runs(limit=None)) > before:
                        begun.append(each.mark)

    all_due(said, store, NOON)
    threads = [threading.Thread(target=one, args=(NOON, 30, every)) for every in (1, 1, 29)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == len(set(begun))
    assert [key for key in begun if key.startswith("nightly")] == ["nightly@2026-11-11T02:00:00Z"]
    expected = list(
        takewhile(lambda at: at <= NOON + timedelta(hours=29), times("0 * * * *", "UTC", NOON))
    )
    hourly = {key for key in begun if key.startswith("hourly")}
    assert hourly <= {f"hourly@{at:%Y-%m-%dT%H:%M:%SZ}" for at in expected}
    assert f"hourly@{expected[-1]:%Y-%m-%dT%H:%M:%SZ}" in hourly


def test_who_watches_says_what_was_late_and_outlives_a_broken_file(store: Store) -> None:
    said = Estate(schedule={"nightly": "0 2 * * *"})
    stop, begun, told = threading.Event(), [], []
    clock = iter([NOON, NOON, *([NOON + timedelta(days=3)] * 20)])
    loads = iter([said, SettingsError("estate.yaml:1: is wrong"), said, said])
    all_due(said, store, NOON)

    def load() -> Estate:
        one = next(loads)
        if isinstance(one, Exception):
            raise one
        return one

    def begin(_: Estate, one: Due) -> bool:
        store.end_run(store.start_run([], NOON, scheduled=one.mark), NOON)
        begun.append(one.mark)
        stop.set()
        return True

    stop.wait = lambda timeout=None: stop.is_set()  # type: ignore[method-assign]
    watch(load, store, begin=begin, stop=stop, tell=told.append, now=lambda: next(clock))
    assert begun == ["nightly@2026-11-13T02:00:00Z"]
    assert told[0] == "estate.yaml:1: is wrong"
    assert "also for 2 times before it" in told[1]


def test_times_that_are_long_past_are_not_counted() -> None:
    found = due("nightly", Schedule(cron="0 2 * * *"), NOON - timedelta(days=800), NOON)
    assert found is not None
    assert found.missed == 30


def test_a_time_that_has_to_wait_is_told_once(store: Store) -> None:
    said = Estate(schedule={"nightly": "0 2 * * *"})
    all_due(said, store, NOON)
    stop, told, asked = threading.Event(), [], []

    def begin(_: Estate, one: Due) -> bool:
        asked.append(one.mark)
        if len(asked) == 3:
            stop.set()
        return False

    stop.wait = lambda timeout=None: stop.is_set()  # type: ignore[method-assign]
    watch(
        lambda: said, store, begin=begin, stop=stop, tell=told.append, now=lambda: NOON + timedelta(days=1),
    )  # fmt: skip
    assert len(asked) == 3
    assert told == [f"{asked[0]} waits until its targets are not being looked at any more"]
