"""`keymuster estate history`, `purge` and `report`, over a store in which there is something."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from cli.conftest import Said
from estate.store import looking as made
from estate.store.looking import API, RULE, WEB, Looking, finding
from keymuster.estate.store.store import Store

Run = Callable[..., Said]


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looking]:
    """Looks whose day 0 is 100 days ago, into the store that estate.yaml names."""
    monkeypatch.setattr(made, "START", datetime.now(UTC) - timedelta(days=100))
    (tmp_path / "estate.yaml").write_text(
        "store: sqlite:///estate.db\n"
        "retention: {resolved_days: 30, events_days: 99, runs_days: 0, targets_days: 50}\n"
    )
    store = Store.open(str(tmp_path / "estate.db"))
    yield Looking(store)
    store.close()


def test_history_tells_of_runs_and_days(keymuster: Run, looking: Looking) -> None:
    assert keymuster("estate", "history").out == "nothing has run yet\n"
    looking.look(finding("aaa1"), finding("aaa2"))
    looking.look(finding("aaa2"))
    looking.dies(WEB)
    said = keymuster("estate", "history", "--days", "99")
    head, *lines = said.out.splitlines()
    assert head.split()[:6] == ["run", "started", "took", "targets", "done", "dead"]
    assert [line.split()[0] for line in lines[:3]] == ["3", "2", "1"]
    assert lines[0].split()[5:8] == ["1", "0", "1"]
    assert lines[2].split()[-5:] == ["2", "0", "0", "0", "0"]
    assert lines[-1].endswith("1  NHI2 1")
    told = json.loads(keymuster("estate", "history", "--format", "json", "--runs", "1").out)
    assert [one["id"] for one in told["runs"]] == [3]
    assert told["days"][-1]["by_nhi"] == {"NHI2": 1}


def test_history_tells_the_life_of_a_finding(keymuster: Run, looking: Looking) -> None:
    looking.look(finding("aaa1"), finding("aaa2"))
    looking.look()
    looking.look(finding("aaa1"))
    said = keymuster("estate", "history", "aaa1")
    lines = said.out.splitlines()
    assert lines[0] == "aaa1  high  secret-in-tree/acme-key"
    assert lines[3].startswith("repository:acme/api: reopened, first seen")
    assert [line.split()[4] for line in lines[-3:]] == ["new", "resolved", "reopened"]
    told = json.loads(keymuster("estate", "history", "aaa1", "--format", "json").out)
    assert [one["state"] for one in told["events"]] == ["new", "resolved", "reopened"]
    assert told["targets"][0]["state"] == "reopened"
    said = keymuster("estate", "history", "aaa")
    assert (said.code, said.err.splitlines()[0]) == (2, "keymuster: 2 findings begin with aaa")
    assert keymuster("estate", "history", "x%").code == 2


def test_purge_says_what_goes(keymuster: Run, looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look(finding("w"), target=WEB)
    looking.look()
    looking.days = 90
    looking.look(finding("b"))
    dry = keymuster("estate", "purge", "--dry-run")
    assert dry.out.splitlines() == [
        "        1 findings resolved more than 30 days ago",
        "        1 events   told more than 99 days ago",
        "        0 runs     kept for ever",
        "        1 targets  last named by a run more than 50 days ago",
        "    repository:acme/web",
        "        1 findings of these targets",
    ]
    assert "Nothing was deleted" in dry.err
    done = keymuster("estate", "purge")
    assert (done.out, done.err) == (dry.out, "")
    assert [one.finding.id for one in looking.store.findings()] == ["b"]
    assert [one.target.id for one in looking.store.targets()] == [API.id]


def test_report_writes_the_whole_in_any_format(
    keymuster: Run, looking: Looking, tmp_path: Path
) -> None:
    looking.look(finding("a"), rules=(RULE,))
    looking.look(finding("b"), target=WEB, rules=(RULE,))
    said = keymuster("estate", "report", "-o", "json=out.json", "-o", "sarif=out.sarif")
    assert "acme/api/a.env" in said.out
    told = json.loads((tmp_path / "out.json").read_text())
    assert [one["places"][0]["path"] for one in told["findings"]] == [
        "acme/api/a.env",
        "acme/web/b.env",
    ]
    assert len(json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]) == 2
    assert keymuster("estate", "report", "-q", "-o", "json=out.json").out == ""
    assert keymuster("compare", "out.json", "out.json").out.startswith("0 new")
    assert keymuster("estate", "report", "--format", "jsn").code == 2


@pytest.mark.parametrize("command", ["history", "purge", "report"])
def test_a_store_that_is_not_there_is_not_made(
    keymuster: Run, command: str, tmp_path: Path
) -> None:
    (tmp_path / "estate.yaml").write_text("store: sqlite:///estate.db\n")
    said = keymuster("estate", command)
    assert said.code == 2
    assert "there is no store" in said.err
    assert "`keymuster estate run` makes it" in said.err
    assert not (tmp_path / "estate.db").exists()
