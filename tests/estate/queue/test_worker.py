"""Workers on a real PostgreSQL, as processes: what one of them does not end, another one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from procrastinate.schema import SchemaManager

from keymuster.estate.attempts import JOIN
from keymuster.estate.base import Bounds, Target, Work
from keymuster.estate.queue import jobs
from keymuster.estate.queue.database import SCHEMA, connect, migrations, prepare
from keymuster.estate.queue.jobs import JOINS, Jobs
from keymuster.estate.queue.remote import defer
from keymuster.estate.store.rows import Takes
from keymuster.estate.store.store import Store
from keymuster.estate.surroundings import surroundings
from keymuster.estate.waiting import unattended
from postgresql_server import Server
from pretend import Pretending


@pytest.fixture
def pretend(tmp_path: Path) -> Pretending:
    (tmp_path / "kind").mkdir()
    return Pretending(tmp_path / "kind")


@pytest.fixture
def url(postgresql_server_here: Server) -> str:
    return postgresql_server_here.make_database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()


ESTATE = """
config: {config}
cache: {{folder: {folder}/cache}}
defaults: {{retries: {{attempts: 2, backoff_seconds: 0}}}}
"""


class Workers:
    """Processes, ended at the end."""

    def __init__(self, folder: Path, url: str, pretend: Pretending) -> None:
        self.estate = folder / "estate.yaml"
        self.estate.write_text(ESTATE.format(config=pretend.config, folder=folder))
        self._given = {
            **surroundings((), os.environ), "PYTHONPATH": pretend.path, "KEYMUSTER_DB": url,
        }  # fmt: skip
        self.all: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "keymuster",
            "estate",
            "worker",
            "--estate",
            str(self.estate),
        ]
        process = subprocess.Popen(
            [*command, "--concurrency", "2", *words], env=self._given, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        self.all.append(process)
        return process

    def end(self) -> None:
        for one in self.all:
            if one.poll() is None:
                one.terminate()
        for one in self.all:
            try:
                one.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                one.kill()
                one.communicate()


@pytest.fixture
def workers(tmp_path: Path, url: str, pretend: Pretending) -> Iterator[Workers]:
    made = Workers(tmp_path, url, pretend)
    yield made
    made.end()


def begun(store: Store, url: str, targets: list[Target]) -> int:
    prepare(url)
    run = store.start_run(targets, datetime.now(UTC))
    with Jobs(url) as queue:
        defer(store, queue, run)
    return run


def until(holds: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def has_ended(store: Store, run: int) -> bool:
    found = store.run(run)
    return found is not None and found.ended is not None


def test_a_run_is_carried_out_with_its_join_and_ends(
    store: Store, url: str, workers: Workers, pretend: Pretending, tmp_path: Path
) -> None:
    log = str(tmp_path / "log")
    run = begun(
        store, url,
        [JOIN, *(pretend.target(str(n), log=log) for n in range(3)), pretend.target("poison", "die")],
    )  # fmt: skip
    logged = tmp_path / "events.ndjson"
    workers.estate.write_text(
        workers.estate.read_text() + f"events: [{{name: siem, format: json, file: {logged}}}]\n"
    )
    one = workers.start()
    until(lambda: has_ended(store, run) and logged.exists() and logged.read_text().count("\n") == 3)
    states = {item.target: item.work for item in store.work(run)}
    assert states.pop("pretend:poison") is Work.DEAD
    assert set(states.values()) == {Work.DONE}
    assert len(Path(log).read_text().splitlines()) == 3
    one.send_signal(signal.SIGTERM)
    said = one.communicate(timeout=10)[1]
    assert one.returncode == 0
    assert "pretend:1: done, 1 changes" in said
    assert "Traceback" not in said


def test_the_join_is_for_the_workers_that_take_it(
    store: Store, url: str, workers: Workers, pretend: Pretending
) -> None:
    run = begun(store, url, [JOIN, pretend.target("a")])
    [said, other] = unattended(store, run, datetime.now(UTC))
    assert "1 target waits" in said
    assert "the join waits" in other
    workers.start("--takes", "targets")
    until(lambda: {one.target: one.work for one in store.work(run)}["pretend:a"] is Work.DONE)
    until(lambda: waits(url, JOINS))
    assert ["--takes join" in one for one in unattended(store, run, datetime.now(UTC))] == [True]
    assert not has_ended(store, run)
    workers.start("--takes", "join")
    until(lambda: has_ended(store, run))
    assert {one.work for one in store.work(run)} == {Work.DONE}
    assert {*store.workers(datetime.now(UTC)).values()} == {Takes.TARGETS, Takes.JOIN}


def waits(url: str, queue: str) -> bool:
    with connect(url) as connection:
        asked = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = %s"
        return bool(connection.execute(asked, [queue]).fetchone()[0])


def test_who_is_stopped_hands_on_what_it_was_at(
    store: Store, url: str, workers: Workers, pretend: Pretending, tmp_path: Path
) -> None:
    marks, gate = tmp_path / "log", tmp_path / "gate"
    target = pretend.target(
        "slow", "wait", until=str(gate), log=str(marks), bounds=Bounds(seconds=30)
    )
    run = begun(store, url, [target])
    first = workers.start()
    until(marks.exists)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=10)
    [item] = store.work(run)
    assert (item.work, item.attempts) == (Work.QUEUED, 0)
    gate.write_text("")
    workers.start()
    until(lambda: has_ended(store, run))
    assert [one.work for one in store.work(run)] == [Work.DONE]


def test_the_database_may_go_away_and_come_back(
    postgresql_server_here: Server, store: Store, url: str, workers: Workers, pretend: Pretending, tmp_path: Path
) -> None:  # fmt: skip
    marks, gate = tmp_path / "log", tmp_path / "gate"
    held = pretend.target(
        "held", "wait", until=str(gate), log=str(marks), bounds=Bounds(seconds=30)
    )
    run = begun(store, url, [held, pretend.target("a"), pretend.target("b")])
    worker = workers.start("--concurrency", "1")
    until(marks.exists)
    postgresql_server_here.stop()
    gate.write_text("")
    time.sleep(0.5)
    postgresql_server_here.start()
    until(lambda: has_ended(store, run))
    assert {one.work for one in store.work(run)} == {Work.DONE}
    assert len(marks.read_text().splitlines()) == 1
    assert worker.poll() is None


def test_jobs_that_are_missing_are_made_again_and_none_is_there_twice(
    store: Store, url: str, pretend: Pretending
) -> None:
    run = begun(store, url, [JOIN, pretend.target("a"), pretend.target("b")])

    def waiting() -> list[str]:
        with connect(url) as connection:
            rows = connection.execute(
                "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
            )
            return [row[0] for row in rows.fetchall()]

    every = [f"{run}:pretend:a", f"{run}:pretend:b"]
    assert sorted(waiting()) == every
    with Jobs(url) as queue, connect(url) as connection:
        defer(store, queue, run)
        assert sorted(waiting()) == every
        connection.execute("DELETE FROM procrastinate_jobs WHERE queueing_lock LIKE '%a'")
        queue.keep_going(engine(store, url, pretend))
        assert sorted(waiting()) == every


def engine(store: Store, url: str, pretend: Pretending) -> Any:
    from keymuster.estate.attempts import Looking
    from keymuster.estate.definition import Retries

    return Looking(
        store=store, url=url, worker="here", retries=Retries(attempts=2), now=lambda: datetime.now(UTC),
        config=pretend.config,
    )  # fmt: skip


def test_what_a_dead_worker_had_is_begun_again_and_given_up_in_the_end(
    store: Store, url: str, pretend: Pretending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LOST_SECONDS", 0)
    run = begun(store, url, [pretend.target("a")])
    with Jobs(url) as queue:
        for number in range(1, 6):
            attempt = store.begin(run, "pretend:a", f"gone {number}", datetime.now(UTC))
            assert attempt is not None
            assert attempt.number == number
            queue.keep_going(engine(store, url, pretend))
    [item] = store.work(run)
    assert item.work is Work.DEAD
    assert has_ended(store, run)


def test_the_tables_of_the_queue_are_brought_up_to_date(url: str) -> None:
    """Those of an older Procrastinate, as its own migrations make them."""
    folder = SchemaManager.get_migrations_path()
    with connect(url) as connection:
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for path in sorted(set(Path(folder).glob("*.sql")) - set(migrations(folder, "3.3.0"))):
            connection.execute(path.read_text())
        connection.execute("COMMENT ON TABLE procrastinate_jobs IS '3.3.0'")
        late = "SELECT to_regproc('procrastinate_retry_job_v2')::text"
        assert connection.execute(late).fetchone() == (None,)
        prepare(url)
        prepare(url)
        assert connection.execute(late).fetchone() != (None,)
        asked = "SELECT to_regclass('public.procrastinate_jobs')::text"
        assert connection.execute(asked).fetchone() == (None,)
    with Jobs(url) as queue:
        queue.defer(1, ["a"])


def test_only_later_migrations_count(tmp_path: Path) -> None:
    for name in (
        "03.01.00_01_pre_a.sql",
        "03.10.00_01_pre_b.sql",
        "03.10.00_50_post_c.sql",
        "x.txt",
    ):
        (tmp_path / name).write_text("")
    assert [one.name[:2] for one in migrations(str(tmp_path), "3.10.0")] == []
    assert len(migrations(str(tmp_path), "3.9.2")) == 2
