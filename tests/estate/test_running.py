"""Runs on one machine: tries, pauses, ends, and going on."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from keymuster.errors import PluginError, Unreachable
from keymuster.estate import attempts, running
from keymuster.estate.attempts import Came, Ended, Looking, retry_at, variables
from keymuster.estate.base import Bounds, Failure, Target, Work
from keymuster.estate.definition import Retries
from keymuster.estate.running import Progress, carry_out, expected_seconds, left_seconds
from keymuster.estate.store.rows import Attempt
from keymuster.estate.store.store import Store
from keymuster.estate.surroundings import surroundings
from keymuster.model import Trouble
from pretend import NOW, Pretending

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it kills as POSIX does")


@pytest.fixture
def pretend(tmp_path: Path) -> Pretending:
    (tmp_path / "kind").mkdir()
    return Pretending(tmp_path / "kind")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/estate.db")
    yield opened
    opened.close()


def looking(store: Store, pretend: Pretending, retries: Retries | None = None) -> Looking:
    seconds = itertools.count()  # a clock on which every look comes a second later
    return Looking(
        store=store, url=store.url, worker="w1", retries=retries or Retries(backoff_seconds=1),
        now=lambda: NOW + timedelta(seconds=next(seconds)), config=pretend.config,
        given={**surroundings((), os.environ), "PYTHONPATH": pretend.path, "ONES_TOKEN": "x", "OTHERS": "x"},
    )  # fmt: skip


def go(
    engine: Looking, run: int, jobs: int = 2, stop: threading.Event | None = None
) -> tuple[bool, list[Came]]:
    came: list[Came] = []

    def tell(progress: Progress, one: Came | None) -> None:
        if one is not None:
            came.append(one)

    return carry_out(engine, run, jobs=jobs, stop=stop or threading.Event(), tell=tell), came


def states(store: Store, run: int) -> dict[str, Work]:
    return {one.target.removeprefix("pretend:"): one.work for one in store.work(run)}


def found(store: Store) -> set[str]:
    return {one.finding.id for one in store.findings()}


def test_each_is_tried_as_often_as_it_may_and_the_others_go_on(
    store: Store, pretend: Pretending, tmp_path: Path
) -> None:
    run = store.start_run(
        [
            pretend.target("good"),
            pretend.target("weak", "die_unless_tried", marks=str(tmp_path / "tries"), times=2),
            pretend.target("poison", "die", log=str(tmp_path / "log")),
            pretend.target("hopeless", "fail", message="nobody may look at it", log=str(tmp_path / "log")),
        ],
        NOW,
    )  # fmt: skip
    complete, came = go(looking(store, pretend), run)
    assert complete
    assert states(store, run) == {
        "good": Work.DONE,
        "hopeless": Work.DEAD,
        "poison": Work.DEAD,
        "weak": Work.DONE,
    }
    tried = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(tried) == ["pretend:hopeless", *["pretend:poison"] * 3]
    assert found(store) == {"pretend:good", "pretend:weak"}
    [reason] = [one.trouble for one in store.work(run) if one.target == "pretend:poison"]
    assert reason is not None
    assert "SIGKILL" in reason.message
    assert [one.how for one in came if one.target == "pretend:weak"] == [Ended.WAITING, Ended.DONE]
    assert store.unfinished_runs() == []


def test_the_join_comes_last_and_sees_the_store(store: Store, pretend: Pretending) -> None:
    from keymuster.estate.attempts import JOIN

    run = store.start_run([JOIN, pretend.target("good"), pretend.target("poison", "die")], NOW)
    complete, came = go(looking(store, pretend, Retries(attempts=1)), run)
    assert complete
    assert [one.target for one in came][-1] == "join"
    assert states(store, run)["join"] is Work.DONE


def test_who_is_stopped_gives_back_what_it_was_at(
    store: Store, pretend: Pretending, tmp_path: Path
) -> None:
    marks, stop = tmp_path / "marks", threading.Event()
    run = store.start_run([pretend.target("slow", "hang", marks=str(marks))], NOW)

    def stop_it() -> None:
        while not marks.exists():
            time.sleep(0.01)
        stop.set()

    thread = threading.Thread(target=stop_it)
    thread.start()
    complete, _ = go(looking(store, pretend), run, stop=stop)
    thread.join()
    assert not complete
    [item] = store.work(run)
    assert (item.work, item.attempts) == (Work.QUEUED, 0)
    assert [one.id for one in store.unfinished_runs()] == [run]


def test_a_target_that_is_lost_again_and_again_is_given_up(
    store: Store, pretend: Pretending
) -> None:
    run = store.start_run([pretend.target("deadly")], NOW)
    for number in range(1, 6):
        attempt = store.begin(run, "pretend:deadly", f"gone {number}", NOW)
        assert attempt is not None
        if number < 5:
            store.stalled(NOW + timedelta(hours=1))
    complete, came = go(looking(store, pretend), run)
    assert complete
    assert came == []
    [item] = store.work(run)
    assert item.work is Work.DEAD
    assert item.trouble is not None
    assert "gone before the end" in item.trouble.message


def test_what_another_engine_looks_at_is_not_looked_at_twice(
    store: Store, pretend: Pretending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_ASK_AGAIN_SECONDS", 0.1)
    log = tmp_path / "log"
    run = store.start_run([pretend.target(str(n), log=str(log)) for n in range(4)], NOW)
    one, other = looking(store, pretend), looking(store, pretend)
    from msgspec.structs import replace

    results: list[bool] = []

    def work(name: str, engine: Looking) -> None:
        mine = replace(engine, worker=name, now=lambda: datetime.now(UTC))
        tell = lambda progress, came: None  # noqa: E731
        results.append(carry_out(mine, run, jobs=2, stop=threading.Event(), tell=tell, others=True))

    threads = [threading.Thread(target=work, args=each) for each in (("a", one), ("b", other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True, True]
    assert len(log.read_text().splitlines()) == 4


def failure(*, retry: bool = True, here: bool = False) -> Failure:
    return Failure(trouble=Trouble(part="", scope="", message=""), retry=retry, here=here)


def test_pauses_grow_and_end_and_no_two_are_the_same() -> None:
    policy = Retries(attempts=4, backoff_seconds=60, longest_seconds=150)

    def pause(number: int) -> float:
        at = retry_at(policy, number, failure(), NOW)
        assert at is not None
        return (at - NOW).total_seconds()

    assert all(45 <= pause(1) <= 75 for _ in range(100))
    assert all(90 <= pause(2) <= 150 for _ in range(100))
    assert all(112.5 <= pause(3) <= 187.5 for _ in range(100))
    assert len({pause(1) for _ in range(10)}) == 10
    assert retry_at(policy, 4, failure(), NOW) is None
    assert retry_at(policy, 1, failure(retry=False), NOW) is None
    assert retry_at(policy, 4, failure(here=True), NOW) is not None
    assert retry_at(policy, 20, failure(here=True), NOW) is None


def test_the_variables_that_a_target_names() -> None:
    options = {
        "credential": {"env": "ONES_TOKEN"},
        "environment": {"GH_TOKEN": {"env": "OTHER"}, "AWS_REGION": "eu"},
        "several": [{"env": "THIRD"}, {"file": "/x"}],
    }
    assert list(variables(options)) == ["ONES_TOKEN", "OTHER", "THIRD"]


def test_what_is_left_is_told_by_what_it_took_before() -> None:
    assert left_seconds({}, ["a"], 1, 1) is None
    assert left_seconds({"a": 10, "b": 20}, ["a", "new"], 0, 1) == 25
    assert left_seconds({"a": 10, "b": 20}, ["a", "new"], 2, 2) == 20


def test_the_longest_comes_first(store: Store, pretend: Pretending) -> None:
    targets = [pretend.target(name) for name in "ab"]
    first = store.start_run(targets, NOW)
    go(looking(store, pretend), first)
    costs = expected_seconds(store)
    assert costs.keys() == {"pretend:a", "pretend:b"}
    second = store.start_run(targets, NOW)
    _, came = go(looking(store, pretend), second, jobs=1)
    assert [one.target for one in came] == sorted(costs, key=lambda one: -costs[one])


ENGINE = """
import sys, msgspec, threading, os
from datetime import UTC, datetime
from keymuster.estate.definition import Retries
from keymuster.estate.attempts import Looking
from keymuster.estate.running import carry_out
from keymuster.estate.store.store import Store
store = Store.open(sys.argv[1])
engine = Looking(store=store, url=sys.argv[1], worker="killed", retries=Retries(), now=lambda: datetime.now(UTC), config=sys.argv[3])
carry_out(engine, int(sys.argv[2]), jobs=2, stop=threading.Event(), tell=lambda progress, came: None)
"""


def test_after_kill_9_a_run_goes_on_and_nothing_is_lost_or_doubled(
    store: Store, pretend: Pretending, tmp_path: Path
) -> None:
    log, until = tmp_path / "log", tmp_path / "until"
    targets: list[Target] = [
        pretend.target("a", log=str(log)),
        pretend.target("b", "wait", until=str(until), log=str(log), bounds=Bounds(seconds=20)),
    ]
    run = store.start_run(targets, NOW)
    given = {**surroundings((), os.environ), "PYTHONPATH": pretend.path}
    url = f"sqlite:///{tmp_path}/estate.db"
    killed = subprocess.Popen(
        [sys.executable, "-c", ENGINE, url, str(run), pretend.config], env=given
    )
    while states(store, run) != {"a": Work.DONE, "b": Work.RUNNING}:
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    until.write_text("")
    complete, _ = go(looking(store, pretend), run)
    assert complete
    assert states(store, run) == {"a": Work.DONE, "b": Work.DONE}
    assert found(store) == {"pretend:a", "pretend:b"}
    seen = [line.split()[0] for line in log.read_text().splitlines()]
    assert seen.count("pretend:a") == 1
    assert len(list(store.events())) == 2


def test_why_nothing_goes_on_is_told_while_the_store_is_away(
    store: Store, pretend: Pretending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_STORE_PAUSE_SECONDS", 0)
    told: list[str] = []
    answers = iter([*[False] * 61, True])

    def call() -> str:
        if next(answers):
            return "done"
        raise Unreachable("the disk is full")

    engine = replace(looking(store, pretend), waiting=told.append)
    assert engine.insist(call, threading.Event()) == "done"
    assert told == ["the disk is full; it is tried again until it works"] * 2


def test_what_cannot_be_kept_is_not_tried_again(
    store: Store, pretend: Pretending, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PluginError("it brought no report")

    monkeypatch.setattr(store, "finish", refuse)
    run = store.start_run([pretend.target("one")], NOW)
    engine = looking(store, pretend, Retries(attempts=3, backoff_seconds=0))
    came = engine.at(run, "pretend:one", threading.Event())
    assert (came.how, came.failure and came.failure.trouble.message) == (
        Ended.DEAD,
        "it brought no report",
    )


def test_what_takes_its_lookers_down_is_given_up_after_as_many_tries_as_others(
    store: Store, pretend: Pretending
) -> None:
    run = store.start_run([pretend.target("poison")], NOW)
    lost = Attempt(run=run, target="pretend:poison", worker="gone", number=5)
    assert not looking(store, pretend, Retries(attempts=8)).give_up_lost(lost)
    assert looking(store, pretend, Retries(attempts=1)).give_up_lost(lost)
    assert looking(store, pretend, Retries(attempts=8)).give_up_lost(replace(lost, number=8))
