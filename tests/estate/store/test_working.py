"""Who works on what of a run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from estate.store.looking import API, WEB, Looking, day
from keymuster.estate.base import Bounds, Failure, Outcome, Target, Work
from keymuster.estate.store.rows import Attempt
from keymuster.estate.store.store import Store
from keymuster.estate.store.tables import workers
from keymuster.model import Report, Trouble

FAILURE = Failure(trouble=Trouble(part="repository", scope="acme/api", message="no answer"))


def test_a_run_has_every_target_queued(store: Store) -> None:
    run = store.start_run([WEB, API], day(1))
    assert [(one.target, one.work, one.attempts) for one in store.work(run)] == [
        (API.id, Work.QUEUED, 0),
        (WEB.id, Work.QUEUED, 0),
    ]
    assert [one.target for one in store.targets()] == [API, WEB]
    [told] = store.runs()
    assert (told.id, told.started, told.ended, told.counts) == (run, day(1), None, {Work.QUEUED: 2})


def test_one_time_of_a_schedule_is_one_run(store: Store) -> None:
    first = store.start_run([API], day(1), scheduled="nightly@2026-03-01T02:00Z")
    assert store.start_run([API, WEB], day(1), scheduled="nightly@2026-03-01T02:00Z") == first
    assert len(store.work(first)) == 1
    other = store.start_run([API], day(2), scheduled="nightly@2026-03-02T02:00Z")
    assert [one.scheduled for one in store.runs()] == [
        "nightly@2026-03-02T02:00Z",
        "nightly@2026-03-01T02:00Z",
    ]
    assert other != first
    assert store.start_run([API], day(2)) != store.start_run([API], day(2))


def test_a_target_is_what_the_latest_run_says_it_is(store: Store) -> None:
    store.start_run([API], day(1))
    changed = Target(
        id=API.id, kind="repository", name="acme/renamed", options={"depth": 1}, bounds=Bounds(seconds=9)
    )  # fmt: skip
    run = store.start_run([changed], day(2))
    attempt = store.begin(run, API.id, "w", day(2))
    assert attempt is not None
    assert store.task_of(attempt).target == changed
    assert store.task_of(attempt).now == day(2)


def test_a_target_is_taken_once(looking: Looking) -> None:
    store, attempt = looking.store, looking.begin(worker="one")
    assert attempt == Attempt(run=1, target=API.id, worker="one", number=1)
    assert store.begin(1, API.id, "two", day(1)) is None
    assert store.begin(1, API.id, "one", day(1)) is None
    assert store.begin(1, "unknown", "one", day(1)) is None
    store.finish(attempt, Outcome(target=API.id, report=Report(findings=())), day(1))
    assert store.begin(1, API.id, "two", day(1)) is None


def test_a_failed_one_waits_until_its_time(looking: Looking) -> None:
    store, attempt = looking.store, looking.begin()
    store.fail(attempt, FAILURE, day(1), day(1) + timedelta(minutes=1))
    [item] = store.work(1)
    assert (item.work, item.trouble) == (Work.WAITING, FAILURE.trouble)
    assert item.not_before == day(1) + timedelta(minutes=1)
    assert store.begin(1, API.id, "w", day(1) + timedelta(seconds=59)) is None
    again = store.begin(1, API.id, "w", day(1) + timedelta(seconds=60))
    assert again is not None
    assert again.number == 2


def test_a_dead_one_is_not_taken(looking: Looking) -> None:
    looking.dies(message="killed")
    assert looking.store.begin(1, API.id, "w", day(9)) is None
    [item] = looking.store.work(1)
    assert (item.work, item.trouble and item.trouble.message) == (Work.DEAD, "killed")


def test_only_the_latest_attempt_can_fail(looking: Looking) -> None:
    store, first = looking.store, looking.begin()
    store.fail(first, FAILURE, day(1), day(1))
    second = store.begin(1, API.id, "w", day(1))
    assert second is not None
    store.fail(first, FAILURE, day(1), None)
    assert store.work(1)[0].work is Work.RUNNING
    store.finish(second, Outcome(target=API.id, report=Report(findings=())), day(1))
    store.fail(second, FAILURE, day(1), None)
    assert store.work(1)[0].work is Work.DONE
    assert store.targets()[0].failure is None


def test_the_target_of_a_worker_that_does_not_beat_is_queued_again(looking: Looking) -> None:
    store, attempt = looking.store, looking.begin(worker="one")
    assert store.stalled(day(1) + timedelta(seconds=60)) == []
    store.heartbeat("one", day(1) + timedelta(seconds=30))
    assert store.stalled(day(1) + timedelta(seconds=90)) == []
    assert store.stalled(day(1) + timedelta(seconds=91)) == [attempt]
    assert store.stalled(day(1) + timedelta(seconds=91)) == []
    again = store.begin(1, API.id, "two", day(1))
    assert again is not None
    assert (again.number, again.worker) == (2, "two")


def test_what_stalled_too_often_can_be_given_up(looking: Looking) -> None:
    store, _ = looking.store, looking.begin()
    [stalled] = store.stalled(day(2))
    store.fail(stalled, FAILURE, day(2), None)
    assert store.work(1)[0].work is Work.DEAD


def test_what_a_dead_worker_left_can_be_taken_at_once(looking: Looking) -> None:
    looking.begin(worker="one")
    later = day(1) + timedelta(seconds=61)
    again = looking.store.begin(1, API.id, "two", later)
    assert again is not None
    assert again.number == 2


def test_an_end_is_written_once(looking: Looking) -> None:
    looking.look()
    looking.store.end_run(1, day(5))
    told = looking.store.run(1)
    assert told is not None
    assert told.ended == day(1)
    run = looking.store.start_run([API], day(6))
    assert [one.id for one in looking.store.unfinished_runs()] == [run]
    assert looking.store.run(99) is None


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_an_attempt_that_was_written_before_the_connection_broke_is_ours(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.start_run([API], day(1))
    real, calls = store._again, []

    def twice(once: Any) -> Any:
        def lost() -> Any:
            given = once()
            if not calls:
                calls.append(given)
                raise _lost()
            return given

        return real(lost)

    monkeypatch.setattr(store, "_again", twice)
    attempt = store.begin(run, API.id, "w", day(1))
    assert attempt == calls[0]
    assert store.work(run)[0].attempts == 1


def _lost() -> OperationalError:
    return OperationalError("COMMIT", {}, Exception("the connection was closed"))


def test_channels_know_what_they_were_told(looking: Looking) -> None:
    assert looking.store.notified("chat") == 0
    assert looking.store.notified("chat", 5) == 5
    assert looking.store.notified("chat", 3) == 5
    assert (looking.store.notified("chat"), looking.store.notified("mail")) == (5, 0)


def test_workers_that_died_long_ago_are_forgotten(looking: Looking) -> None:
    store = looking.store
    for name in ("old", "busy", "new"):
        store.heartbeat(name, day(0))
    store.heartbeat("new", day(8))
    run = store.start_run([API], day(0))
    assert store.begin(run, API.id, "busy", day(0)) is not None
    looking.days = 8
    looking.look(target=WEB)
    with store._reader.connect() as connection:
        left = set(connection.execute(select(workers.c.name)).scalars())
    assert left >= {"busy", "new"}
    assert "old" not in left
