"""Machines as targets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from keymuster.errors import CollectError
from keymuster.estate.base import Outcome, Target, Task
from keymuster.estate.kinds.machine import Machine


def perform(home: str) -> Outcome:
    options = {"home": home} if home else {}
    target = Target(id="machine:build", kind="machine", name="build", options=options)
    return Machine().perform(Task(target=target, now=datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.fixture
def home(tmp_path: Path, token: Callable[..., str]) -> Path:
    (tmp_path / "ada/.claude").mkdir(parents=True)
    (tmp_path / "ada/.claude/history.jsonl").write_text(token("github-pat"))
    return tmp_path / "ada"


def test_what_agents_of_a_user_keep_is_looked_at(home: Path, token: Callable[..., str]) -> None:
    outcome = perform(str(home))
    assert outcome.report is not None
    assert {one.policy for one in outcome.report.findings} == {"secret-in-agent-transcript"}
    assert outcome.report.mode == "machine"
    assert token("github-pat").encode() not in msgspec.json.encode(outcome)


def test_without_one_the_folder_is_that_of_who_looks(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    assert perform("").observations == perform(str(home)).observations != ()


def test_a_user_who_is_not_there_is_no_machine_without_agents(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="cannot be read, or is not there"):
        perform(str(tmp_path / "bob"))
