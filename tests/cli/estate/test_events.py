"""`keymuster estate events`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.conftest import Said
from estate.store.looking import Looking, finding
from keymuster.estate.store.store import Store

Run = Callable[..., Said]


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looking]:
    monkeypatch.chdir(tmp_path)
    Path("estate.yaml").write_text(
        "store: sqlite:///estate.db\n"
        "events:\n  - {name: siem, file: logs/events.ndjson}\n  - {name: own, format: json, file: logs/own.ndjson}\n"
    )
    store = Store.open("sqlite:///estate.db")
    made = Looking(store)
    made.look(finding("a"), finding("b"))
    made.look(finding("a"))
    yield made
    store.close()


def states(said: Said) -> list[str]:
    return [json.loads(line)["state"] for line in said.out.splitlines()]


def test_every_event_is_a_line(keymuster: Run, looking: Looking) -> None:
    said = keymuster("estate", "events")
    assert (said.code, said.err) == (0, "")
    assert states(said) == ["new", "new", "resolved"]


def test_events_begin_at_a_number_or_a_day(keymuster: Run, looking: Looking) -> None:
    assert states(keymuster("estate", "events", "--since", "2")) == ["resolved"]
    assert states(keymuster("estate", "events", "--since", "2026-03-03")) == ["resolved"]
    said = keymuster("estate", "events", "--since", "yesterday")
    assert said.code == 2
    assert "neither a number nor a day" in said.err


def test_under_a_name_each_is_printed_once(keymuster: Run, looking: Looking) -> None:
    assert len(states(keymuster("estate", "events", "--cursor", "me"))) == 3
    assert keymuster("estate", "events", "--cursor", "me").out == ""
    looking.look(finding("a"), finding("c"))
    assert states(keymuster("estate", "events", "--cursor", "me")) == ["new"]
    assert len(states(keymuster("estate", "events"))) == 4


def test_the_logs_of_the_file_are_brought_up_to_date(keymuster: Run, looking: Looking) -> None:
    assert keymuster("estate", "events", "--write").code == 0
    assert keymuster("estate", "events", "--write").code == 0
    siem = [json.loads(line) for line in Path("logs/events.ndjson").read_text().splitlines()]
    assert [one["status"] for one in siem] == ["New", "New", "Resolved"]
    assert len(Path("logs/own.ndjson").read_text().splitlines()) == 3


def test_a_log_that_cannot_be_written_is_told(keymuster: Run, looking: Looking) -> None:
    Path("logs/events.ndjson").mkdir(parents=True)
    said = keymuster("estate", "events", "--write")
    assert said.code == 3
    assert "log siem: it cannot be written" in said.err
    assert len(Path("logs/own.ndjson").read_text().splitlines()) == 3


def test_two_logs_of_one_name_are_refused(keymuster: Run, looking: Looking) -> None:
    Path("estate.yaml").write_text(
        "events:\n  - {name: siem, file: a}\n  - {name: siem, syslog: 'unix:/dev/log'}\n"
    )
    said = keymuster("estate", "events")
    assert said.code == 2
    assert "two logs called `siem`" in said.err
    Path("estate.yaml").write_text(
        "events:\n  - {name: siem, syslog: 'tcp://logs.acme.test:601'}\n"
    )
    said = keymuster("estate", "events")
    assert said.code == 2
    assert "for this machine only" in said.err
