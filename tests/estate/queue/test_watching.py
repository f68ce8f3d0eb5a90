"""The clock, watched by several workers of one PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keymuster.estate import config
from keymuster.estate.definition import Estate
from keymuster.estate.queue.database import connect
from keymuster.estate.queue.watching import begin
from keymuster.estate.schedule import Due
from keymuster.estate.store.store import Store
from postgresql_server import Server
from repositories import Repository

ESTATE = """
targets: {repositories: [{glob: repos/*}]}
schedule: {nightly: 0 2 * * *, often: {cron: 0 * * * *, targets: ['*two']}, other: {cron: 5 * * * *, targets: ['*three']}}
"""


@pytest.fixture
def said(tmp_path: Path, make_repo: Callable[..., Repository]) -> Estate:
    for name in ("one", "two"):
        make_repo(tmp_path / "repos" / name)
    (tmp_path / "estate.yaml").write_text(ESTATE)
    return config.load(str(tmp_path / "estate.yaml"))


def due(name: str, hour: int) -> Due:
    return Due(name=name, at=datetime(2026, 11, 1, hour, tzinfo=UTC))


def test_a_time_is_begun_once_and_not_while_its_targets_are_looked_at(
    postgresql_server_here: Server, said: Estate
) -> None:
    url = postgresql_server_here.make_database()
    store, another = Store.open(url), Store.open(url)
    came: list[bool] = []

    def watcher(mine: Store) -> None:
        came.append(begin(said, url, mine, due("nightly", 2)))

    threads = [threading.Thread(target=watcher, args=[one]) for one in (store, another)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came == [True, True]
    assert [one.scheduled for one in store.runs()] == ["nightly@2026-11-01T02:00:00Z"]
    with connect(url) as connection:
        counted = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
    assert counted == (2,)  # the join is for the end
    assert not begin(said, url, store, due("often", 3))
    for item in store.work(1):
        attempt = store.begin(1, item.target, "w", datetime.now(UTC))
        assert attempt is not None
        store.give_back(attempt)
    store.end_run(1, datetime.now(UTC))
    assert begin(said, url, store, due("often", 3))
    assert next(one.scheduled for one in store.runs()) == "often@2026-11-01T03:00:00Z"
    assert {item.target for item in store.work(2)} == {
        "join",
        f"repository:{said.targets.repositories[0].glob.removesuffix('*')}two",  # type: ignore[union-attr]
    }
    store.close()
    another.close()
