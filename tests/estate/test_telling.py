from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from estate.store.looking import Looking, finding
from keymuster.errors import Unreachable
from keymuster.estate import telling
from keymuster.estate.definition import Estate
from keymuster.estate.events.settings import EventLog
from keymuster.estate.store.store import Store
from keymuster.estate.telling import tell


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[Looking]:
    store = Store.open(f"sqlite:///{tmp_path}/estate.db")
    yield Looking(store)
    store.close()


def said(tmp_path: Path) -> Estate:
    return Estate(events=(EventLog(name="siem", file=str(tmp_path / "events")),))


def test_events_are_logged_after_a_run(looking: Looking, tmp_path: Path) -> None:
    looking.look(finding("a"))
    assert tell(looking.store, said(tmp_path), looking.now) == []
    assert len((tmp_path / "events").read_text().splitlines()) == 1


def test_two_do_not_tell_at_a_time(
    looking: Looking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "_PATIENCE_SECONDS", 0.0)
    looking.look(finding("a"))
    other = Store.open(f"sqlite:///{tmp_path}/estate.db")
    with other.alone("telling") as is_alone:
        assert is_alone
        [trouble] = tell(looking.store, said(tmp_path), looking.now)
    other.close()
    assert "somebody else" in trouble.message
    assert not (tmp_path / "events").exists()
    assert tell(looking.store, said(tmp_path), looking.now) == []


def test_a_store_that_goes_away_ends_no_run(
    looking: Looking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> list[object]:
        raise Unreachable("the store does not answer")

    monkeypatch.setattr(telling, "written", away)
    [trouble] = tell(looking.store, said(tmp_path), looking.now)
    assert (trouble.part, trouble.message) == ("events", "the store does not answer")
