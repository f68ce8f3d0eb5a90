"""Runs from the command line: what they say, how they end, and what the next command makes of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keymuster.cli.commands import cli
from keymuster.errors import SettingsError
from keymuster.estate.alone import alone
from keymuster.estate.base import Failure, Work
from keymuster.estate.store.store import Store
from keymuster.model import Trouble
from repositories import Repository


@pytest.fixture
def estate(tmp_path: Path, token: Callable[..., str], make_repo: Callable[..., Repository]) -> Path:
    make_repo(tmp_path / "repos" / "clean").commit({"a.py": "x = 1\n"})
    made = make_repo(tmp_path / "repos" / "leaky")
    made.commit({"b.py": f'token = "{token("github-pat")}"\n'})
    file = tmp_path / "estate.yaml"
    file.write_text(
        "cache: {folder: cache}\n"
        "targets: {repositories: [{glob: repos/*}]}\n"
        "schedule: {nightly: 30 2 * * *, weekly: {cron: 0 6 * * 1, zone: Europe/Berlin, targets: ['*leaky']}}\n"
    )
    return file


def call(estate: Path, *words: str) -> Result:
    return CliRunner().invoke(
        cli, ["estate", *words, "--estate", str(estate)], standalone_mode=False
    )


def test_a_run_its_status_and_the_next_one(estate: Path) -> None:
    ran = call(estate, "run", "--format", "json", "--jobs", "2")
    assert ran.return_value == 1
    told = json.loads(ran.stdout)
    assert told["targets"] == {"done": 3}
    assert told["findings"] == {"new": 1}
    assert sum(told["open"].values()) == 1
    assert told["joined"]
    assert told["complete"]
    assert call(estate, "run", "--fail-on", "never", "--only", "*clean").return_value == 0
    assert "every run came to its end" in call(estate, "resume").stderr
    said = call(estate, "status", "--run", "1").stdout
    assert "targets: 3 done, their join among them" in said
    assert "join:    0 targets in 0 groups" in said
    status = json.loads(call(estate, "status", "--format", "json").stdout)
    assert (status["run"], status["targets"], status["running"]) == (2, {"done": 2}, [])


def test_what_several_targets_have_is_one_in_the_estate_and_one_in_each(estate: Path) -> None:
    shutil.copytree(estate.parent / "repos" / "leaky", estate.parent / "repos" / "also-leaky")
    said = call(estate, "run", "--fail-on", "never").stdout
    # the join tells of the secret that both have
    assert (
        "open findings of the estate: 2 (1 high, 1 medium); what several targets have is one\n"
        in said
    )
    assert "in its targets, counted in each: 3 new\n" in said
    assert len(json.loads(call(estate, "report", "--format", "json").stdout)["findings"]) == 2
    assert call(estate, "history").stdout.rstrip().splitlines()[-1].split()[1] == "2"
    assert "report does: what several targets have is one" in call(estate, "history").stdout


def test_a_repository_that_is_taken_out_is_told_as_such_and_keeps_nothing_open(
    estate: Path,
) -> None:
    assert call(estate, "run").return_value == 1
    shutil.rmtree(estate.parent / "repos" / "leaky")
    ran = call(estate, "run", "--strict")
    assert ran.return_value == 0
    assert "open findings of the estate: none" in ran.stdout
    assert "in its targets, counted in each: 1 not observed" in ran.stdout
    [row] = [line for line in call(estate, "targets").stdout.splitlines() if "leaky" in line]
    assert row.endswith("(no longer in the estate)")
    assert "left the estate: repository:" in call(estate, "status").stdout
    told = json.loads(call(estate, "report", "--format", "json").stdout)
    assert told["findings"] == []
    assert "no longer in the estate; its 1 findings" in told["troubles"][0]["message"]


def test_a_folder_that_is_away_makes_nothing_leave(estate: Path) -> None:
    assert call(estate, "run").return_value == 1
    (estate.parent / "repos").rename(estate.parent / "elsewhere")
    assert "could not be listed: " in call(estate, "run").stdout
    assert "left the estate" not in call(estate, "status").stdout
    [found] = json.loads(call(estate, "report", "--format", "json").stdout)["findings"]
    assert found["rule"].startswith("secret-")


def test_what_could_not_be_listed_is_told_by_the_run_and_by_reports(estate: Path) -> None:
    estate.write_text(
        "cache: {folder: cache}\ntargets: {repositories: [{glob: repos/clean}, {glob: nowhere/*}]}\n"
    )
    ran = call(estate, "run", "--strict")
    assert ran.return_value == 3
    assert "could not be listed: " in ran.stdout
    assert "\n  See the glob in the estate's file" in ran.stdout
    [said] = json.loads(call(estate, "report", "--format", "json").stdout)["troubles"]
    assert (said["scope"].endswith("nowhere/*"), said["message"]) == (
        True,
        "no repository is there",
    )
    (estate.parent / "nowhere" / "x").mkdir(parents=True)
    Repository.create(estate.parent / "nowhere" / "x").commit({"a.py": "x = 2\n"})
    assert call(estate, "run", "--strict").return_value == 0
    assert json.loads(call(estate, "report", "--format", "json").stdout)["troubles"] == []


def test_only_one_works_on_a_file(estate: Path) -> None:
    with alone(str(estate.parent / "estate.db")):
        refused = call(estate, "run")
    assert refused.return_value is None
    assert "is under way, in process" in str(refused.exception)


def test_what_nothing_can_be_done_about_is_said(estate: Path) -> None:
    assert "no target is called nobody" in str(call(estate, "run", "--only", "nobody").exception)
    assert "there was no run yet" in str(call(estate, "status").exception)
    assert "only one machine" in str(call(estate, "worker").exception)
    estate.write_text("targets: {}\n")
    assert "nothing to look at" in str(call(estate, "run").exception)
    assert "has no schedule" in str(call(estate, "schedule", "run").exception)


def test_status_says_what_fails_and_what_was_given_up(estate: Path) -> None:
    from keymuster.estate import config, targets

    there = targets.found(config.load(str(estate))).targets
    now = datetime(2026, 11, 1, tzinfo=UTC)
    store = Store.open(f"sqlite:///{estate.parent}/estate.db")
    run = store.start_run(there, now)
    for number, one in enumerate(there):
        attempt = store.begin(run, one.id, "somebody", now)
        assert attempt is not None
        trouble = Trouble(
            part="repository", scope=one.name, message="it is gone", advice="Look for it."
        )
        store.fail(attempt, Failure(trouble=trouble), now, None if number else now)
    assert {one.work for one in store.work(run)} == {Work.WAITING, Work.DEAD}
    store.close()
    said = call(estate, "status").stdout
    assert "waiting: " in said
    assert "again at 2026-11-01 00:00:00 UTC, after 1 tries: it is gone" in said
    assert "given up: " in said
    assert "Look for it." in said


def test_when_each_schedule_comes_next(estate: Path) -> None:
    said = call(estate, "schedule", "list").stdout
    assert "nightly: 30 2 * * * (UTC)\n" in said
    assert "weekly: 0 6 * * 1 (Europe/Berlin), for *leaky\n" in said
    plan = json.loads(call(estate, "schedule", "list", "--count", "5", "--format", "json").stdout)
    assert [len(one["next"]) for one in plan["schedules"]] == [5, 5]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_stops_and_resume_goes_on(estate: Path, tmp_path: Path) -> None:
    """Stopped while it looks at a target: its git waits for an answer that does not come."""
    from pretend import Pretending

    (tmp_path / "kind").mkdir()
    pretend = Pretending(tmp_path / "kind")
    estate.write_text(f"{estate.read_text()}config: {pretend.config}\n")
    store = Store.open(f"sqlite:///{tmp_path}/estate.db")
    gate, log = tmp_path / "gate", tmp_path / "log"
    run = store.start_run(
        [pretend.target("slow", "wait", until=str(gate), log=str(log))], datetime.now(UTC)
    )
    command = [sys.executable, "-m", "keymuster", "estate", "run", "--estate", str(estate)]
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": pretend.path}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    while not log.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, talk = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "stopping" in talk
    assert "0 of 1 targets looked at; it was stopped" in said
    [item] = store.work(run)
    assert (item.work, item.attempts) == (Work.QUEUED, 0)
    store.close()
    gate.write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", pretend.path)
        assert "1 of 1 targets looked at" in call(estate, "resume", "--fail-on", "never").stdout


def test_before_anything_was_looked_at_a_report_does_not_look_clean(estate: Path) -> None:
    assert call(estate, "schedule", "list").return_value == 0
    Store.open(f"sqlite:///{estate.parent / 'estate.db'}").close()
    [trouble] = json.loads(call(estate, "report", "--format", "json").stdout)["troubles"]
    assert trouble["message"] == "nothing has been looked at yet"


def test_an_estate_without_targets_is_told_what_to_write(estate: Path) -> None:
    estate.write_text("{}")
    refusal = call(estate, "run").exception
    assert isinstance(refusal, SettingsError)
    assert "there is nothing to look at" in refusal.message
    assert "under `targets`" in refusal.advice()


@pytest.mark.parametrize(
    "command", [("report", "--format", "json"), ("history",), ("purge",), ("targets",)]
)
def test_each_command_asks_the_store_that_it_is_told(
    command: tuple[str, ...], estate: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    call(estate, "run", "--only", "*clean", "--db", url)
    assert not (tmp_path / "estate.db").exists()
    said = call(estate, *command, "--db", url)
    assert said.return_value == 0
    assert "never looked at" not in said.stdout.partition("leaky")[0]
