"""The end of a look: written once, all or nothing, and cheap where nothing has changed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from estate.store.looking import API, RULE, WEB, Looking, credential, day, finding, report, told
from keymuster.errors import Unreachable
from keymuster.estate.base import Cost, Event, Failure, Outcome, Work
from keymuster.estate.store import finishing, working
from keymuster.estate.store.store import Store
from keymuster.evaluate.states import State
from keymuster.model import Framework, Report, Severity, Trouble

FIRST = Outcome(
    target=API.id, report=report(finding("a"), finding("b")), observations=(credential("k"),)
)


def test_a_second_finish_changes_nothing(looking: Looking) -> None:
    attempt = looking.begin()
    assert told(looking.store.finish(attempt, FIRST, day(1))) == [("new", "a"), ("new", "b")]
    before = _everything(looking.store)
    other = Outcome(target=API.id, report=report(finding("c")), left={"x": "y"})
    assert looking.store.finish(attempt, other, day(2)) == []
    assert _everything(looking.store) == before


def test_two_who_finish_at_the_same_time_write_it_once(looking: Looking) -> None:
    attempt = looking.begin()
    together = threading.Barrier(2)
    given: list[list[Event]] = []

    def finish() -> None:
        together.wait()
        given.append(looking.store.finish(attempt, FIRST, day(1)))

    threads = [threading.Thread(target=finish) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(map(len, given)) == [0, 2]
    assert told([one for _, one in looking.store.events()]) == [("new", "a"), ("new", "b")]
    assert len(list(looking.store.observations())) == 1


def test_two_targets_finish_side_by_side(looking: Looking) -> None:
    store = looking.store
    run = store.start_run([API, WEB], day(1))

    def look(target: Any) -> None:
        attempt = store.begin(run, target.id, f"worker {target.id}", day(1))
        assert attempt is not None
        store.finish(attempt, Outcome(target=target.id, report=report(finding("a"))), day(1))

    threads = [threading.Thread(target=look, args=(one,)) for one in (API, WEB)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    counted = store.run(run)
    assert counted is not None
    assert counted.counts == {Work.DONE: 2}
    assert [id for id, _ in store.events()] == [1, 2]


@contextmanager
def _waiting(
    store: Store, other: Callable[[], object]
) -> Iterator[tuple[Connection, list[object]]]:
    """A transaction, for whose end somebody waits who wants to write, too, and what that one got."""
    given: list[object] = []

    def wait() -> None:
        try:
            given.append(other())
        except BaseException as error:  # noqa: BLE001 - told to the test
            given.append(error)

    thread = threading.Thread(target=wait)
    with store._writer.connect() as connection, connection.begin():
        yield connection, given
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join()


def test_ids_of_events_grow_in_the_order_in_which_others_see_them(looking: Looking) -> None:
    """Whoever was told up to an id would never hear of a smaller one that comes later."""
    event = Event(at=day(1), run=9, target=WEB.id, state=State.NEW, finding=finding("first"))
    store, attempt = looking.store, looking.begin()
    with _waiting(store, lambda: store.finish(attempt, FIRST, day(2))) as (connection, _):
        finishing.write_events(connection, [event])
    told_ids = [(id, one.finding.id) for id, one in looking.store.events()]
    assert told_ids == [(1, "first"), (2, "a"), (3, "b")]


def test_two_runs_that_finish_a_target_at_the_same_time_come_one_after_the_other(
    looking: Looking,
) -> None:
    first, second = looking.begin(), looking.begin()
    store = looking.store
    with _waiting(store, lambda: store.finish(second, FIRST, day(2))) as (connection, given):
        finishing.finish(connection, first, FIRST, day(1))
    assert given == [[]]
    assert told([one for _, one in looking.store.events()]) == [("new", "a"), ("new", "b")]
    assert looking.stored("a").last_seen == day(2)


def test_two_who_take_a_target_at_the_same_time_do_not_both_get_it(looking: Looking) -> None:
    store = looking.store
    run = store.start_run([API], day(1))
    with _waiting(store, lambda: store.begin(run, API.id, "two", day(1))) as (connection, given):
        assert working.begin(connection, run, API.id, "one", day(1), "token") is not None
    assert given == [None]


def test_workers_that_watch_the_same_clock_start_one_run(looking: Looking) -> None:
    store = looking.store

    def start() -> int:
        return store.start_run([WEB, API], day(1), scheduled="nightly@1")

    with _waiting(store, start) as (connection, given):
        assert working.start(connection, [API, WEB], day(1), "nightly@1", "nightly@1") == 1
    assert given == [1]
    assert len(store.runs()) == 1


_KILLED = """
import os, sys
sys.path[:0] = sys.argv[2:]
from estate.store.looking import API, day
from estate.store.test_finishing import FIRST
from keymuster.estate.store import finishing, working
from keymuster.estate.store.store import Store
store = Store.open(sys.argv[1])
attempt = store.begin(1, API.id, "killed", day(1))
finishing.write_events = lambda *_: os._exit(9)  # all else is written by then
store.finish(attempt, FIRST, day(1))
"""


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_process_that_is_killed_while_it_writes_leaves_nothing(looking: Looking) -> None:
    store = looking.store
    store.start_run([API], day(1))
    words = [sys.executable, "-c", _KILLED, store.url, *sys.path]
    assert subprocess.run(words, check=False).returncode == 9
    assert list(store.findings()) == []
    assert list(store.observations()) == []
    assert store.targets()[0].looked_at is None
    [item] = store.work(1)
    assert (item.work, item.attempts, item.worker) == (Work.RUNNING, 1, "killed")
    attempt = store.begin(1, API.id, "next", day(2))
    assert attempt is not None
    assert told(store.finish(attempt, FIRST, day(2))) == [("new", "a"), ("new", "b")]


def test_an_error_in_the_middle_leaves_nothing(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    attempt = looking.begin()
    monkeypatch.setattr(finishing, "write_events", fail)
    with pytest.raises(RuntimeError):
        looking.store.finish(attempt, FIRST, day(1))
    assert list(looking.store.findings()) == []
    assert looking.store.work(1)[0].work is Work.RUNNING


def test_a_look_that_comes_after_that_of_a_later_run_is_not_written(looking: Looking) -> None:
    late = looking.begin()
    looking.look(finding("b"))
    assert looking.store.finish(late, FIRST, day(3)) == []
    assert looking.states() == {"b": "new"}
    assert looking.store.work(late.run)[0].work is Work.DONE


def test_a_look_counts_even_if_it_was_given_up(looking: Looking) -> None:
    attempt = looking.begin()
    trouble = Trouble(part="x", scope="y", message="too slow")
    looking.store.fail(attempt, Failure(trouble=trouble), day(1), None)
    assert len(looking.store.finish(attempt, FIRST, day(1))) == 2
    [item] = looking.store.work(attempt.run)
    assert (item.work, item.trouble) == (Work.DONE, None)
    assert looking.store.targets()[0].failure is None


def test_what_a_look_took_is_kept(looking: Looking) -> None:
    cost = Cost(seconds=1.5, cpu=1.25, memory=5 * 1024**3, calls=12)
    looking.saw(report(), cost=cost)
    assert looking.store.work(1)[0].cost == cost


# --- little is written -------------------------------------------------------------------------


@contextmanager
def _written(store: Store) -> Iterator[list[str]]:
    """The tables that are written, once for each row."""
    tables: list[str] = []

    def note(_: object, __: object, statement: str, values: Any, ___: object, many: bool) -> None:
        words = statement.split()
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            name = words[2] if words[0] != "UPDATE" else words[1]
            tables.extend([name.removeprefix("keymuster_")] * (len(values) if many else 1))

    event.listen(store._writer, "before_cursor_execute", note)
    try:
        yield tables
    finally:
        event.remove(store._writer, "before_cursor_execute", note)


def test_an_unchanged_look_writes_one_row_of_its_target(looking: Looking) -> None:
    looking.saw(FIRST.report, observations=FIRST.observations)
    attempt = looking.begin()
    with _written(looking.store) as tables:
        looking.store.finish(attempt, Outcome(target=API.id, unchanged=True), day(2))
    assert sorted(tables) == ["items", "targets"]


def test_the_same_again_writes_neither_findings_nor_records(looking: Looking) -> None:
    many = tuple(credential(f"k{number}") for number in range(700))
    looking.saw(FIRST.report, observations=many)
    attempt = looking.begin()
    with _written(looking.store) as tables:
        again = Outcome(target=API.id, report=FIRST.report, observations=many)
        looking.store.finish(attempt, again, day(2))
    assert sorted(tables) == ["items", "looks", "targets"]
    looking.days += 1
    with _written(looking.store) as tables:
        looking.look(finding("a"), finding("b", severity=Severity.LOW))
    assert tables.count("findings") == 1


def test_texts_of_rules_are_kept_once(looking: Looking) -> None:
    framework = Framework(
        id="f", name="F", guid="g", version="1", publisher="p", url="u", entries=()
    )
    for target in (API, WEB):
        looking.look(finding("a"), target=target, rules=(RULE,), frameworks=(framework,))
    with looking.store._engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM keymuster_texts")).scalar() == 2
    whole = looking.store.report(day(3))
    assert (whole.rules, whole.frameworks) == ((RULE,), (framework,))


def test_records_of_a_look_that_was_cut_short_are_added(looking: Looking) -> None:
    looking.saw(report(), observations=(credential("a"), credential("b", vendor="old")))
    cut = Report(findings=(), complete=False)
    looking.saw(cut, observations=(credential("b", vendor="new"), credential("c")))
    found = {
        one.id: one.vendor for _, one in looking.store.observations() if hasattr(one, "vendor")
    }
    assert found == {"a": "", "b": "new", "c": ""}
    looking.saw(report(), observations=(credential("c"),))
    assert [one.id for _, one in looking.store.observations()] == ["c"]


# --- a full disk -------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Any) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/estate.db")
    looking = Looking(store)
    attempt = looking.begin()
    store._engine.dispose()
    limit = 2

    def full(connection: Any, _: object) -> None:
        [[pages]] = connection.execute("PRAGMA page_count").fetchall()
        connection.execute(f"PRAGMA max_page_count={pages + limit}").close()

    event.listen(store._engine, "connect", full)
    many = tuple(credential(f"k{number}", vendor=f"{number**9}") for number in range(2000))
    outcome = Outcome(target=API.id, report=report(finding("a")), observations=many)
    with pytest.raises(Unreachable, match="the disk is full") as caught:
        store.finish(attempt, outcome, day(1))
    assert "nothing was half-written" in caught.value.advice()
    assert list(store.findings()) == []
    assert store.work(attempt.run)[0].work is Work.RUNNING
    limit = 1000
    store._engine.dispose()
    assert len(store.finish(attempt, outcome, day(1))) == 1
    store.close()


def _everything(store: Store) -> tuple[object, ...]:
    return (
        list(store.findings()), list(store.observations()), list(store.events()), store.targets(),
        store.work(1),
    )  # fmt: skip
