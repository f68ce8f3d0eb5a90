"""`keymuster estate targets`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from cli.conftest import Said
from keymuster.estate import config, targets
from keymuster.estate.base import Outcome
from keymuster.estate.store.store import Store
from keymuster.model import Report
from repositories import Repository

Run = Callable[..., Said]
NOW = datetime(2026, 2, 1, 3, tzinfo=UTC)


@pytest.fixture
def estate(tmp_path: Path, make_repo: Callable[..., Repository]) -> Path:
    make_repo(tmp_path / "mirrors/a.git", "--bare")
    path = tmp_path / "estate.yaml"
    path.write_text(
        "targets:\n  repositories: [https://git.acme.test/api]\n  services: [aws]\n"
        "  listers: [{lister: folder, path: mirrors}]\n"
    )
    return path


def look(estate: Path) -> None:
    """As a run would."""
    said = config.load(str(estate))
    store = Store.open(config.store_url(said))
    every = targets.found(said).targets
    run = store.start_run(every, NOW)
    for one in every[1:]:
        attempt = store.begin(run, one.id, "w", NOW)
        assert attempt is not None
        store.finish(attempt, Outcome(target=one.id, report=Report(findings=())), NOW)
    store.end_run(run, NOW)
    store.close()


def test_targets_are_listed_with_what_listed_them(
    keymuster: Run, estate: Path, tmp_path: Path
) -> None:
    said = keymuster("estate", "targets")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "repository:git.acme.test/api  never looked at",
        "service:aws  never looked at",
        f"repository:{tmp_path}/mirrors/a.git  never looked at  from folder:{tmp_path}/mirrors",
    ]
    assert not (tmp_path / "estate.db").exists()


def test_and_when_they_were_looked_at(keymuster: Run, estate: Path) -> None:
    look(estate)
    lines = keymuster("estate", "targets").out.splitlines()
    assert lines[0].endswith("never looked at")
    assert lines[1] == "service:aws  2026-02-01 03:00"


def test_some_of_them_for_programs(keymuster: Run, estate: Path) -> None:
    look(estate)
    said = keymuster("estate", "targets", "service:*", "--format", "json")
    [row] = json.loads(said.out)["targets"]
    assert (row["id"], row["looked_at"], row["open_findings"]) == (
        "service:aws",
        "2026-02-01T03:00:00Z",
        0,
    )


def test_what_a_lister_cannot_list_any_more_stays_and_is_said(
    keymuster: Run, estate: Path, tmp_path: Path
) -> None:
    look(estate)
    (tmp_path / "mirrors").rename(tmp_path / "elsewhere")
    said = keymuster("estate", "targets")
    assert said.code == 3
    assert f"repository:{tmp_path}/mirrors/a.git  2026-02-01 03:00" in said.out
    assert "not listed: " in said.err
    (tmp_path / "mirrors").mkdir()
    assert "a.git  2026-02-01 03:00 (no longer in the estate)" in keymuster("estate", "targets").out
