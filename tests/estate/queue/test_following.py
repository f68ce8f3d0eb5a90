"""A run that others carry out, followed to its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("sqlalchemy")

from keymuster.errors import Unreachable
from keymuster.estate.base import Work
from keymuster.estate.queue import remote
from keymuster.estate.queue.remote import Begun, follow
from keymuster.estate.store.rows import Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Store:
    """One that answers as it is told: a run, or why there is none to be had."""

    def __init__(self, *answers: Run | Unreachable) -> None:
        self._answers: Iterator[Run | Unreachable] = iter(answers)

    def run(self, number: int) -> Run:
        answer = next(self._answers)
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    def work(self, number: int) -> list[Any]:
        return []


def run(*, ended: bool) -> Run:
    return Run(id=3, started=NOW, ended=NOW if ended else None, counts={Work.DONE: 2})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(remote, "expected_seconds", lambda store: {})


AWAY = Unreachable("the store does not answer", "Look whether it runs.")


def test_a_store_that_is_away_is_waited_for_and_that_is_said_once_each_time() -> None:
    store: Any = Store(run(ended=False), AWAY, AWAY, run(ended=False), AWAY, run(ended=True))
    seen: list[int] = []
    words: list[str] = []
    ran = follow(
        store, Begun(run=3, went_on=False, workers=1), threading.Event(),
        lambda progress, came: seen.append(progress.done), words.append,
    )  # fmt: skip
    assert (ran.run, ran.complete) == (3, True)
    assert seen == [2, 2]
    assert words == ["the store does not answer; the run is followed again when it does"] * 2


def test_nobody_has_to_wait_for_a_store_that_never_comes_back() -> None:
    stop = threading.Event()
    stop.set()
    store: Any = Store(AWAY)
    ran = follow(
        store, Begun(run=3, went_on=False, workers=1), stop, lambda *_: None, lambda words: None
    )
    assert not ran.complete
