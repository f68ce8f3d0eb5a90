"""`keymuster estate notify`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from http_server import Reply, serving
from keymuster.cli.commands import cli
from keymuster.estate.base import Outcome, Target
from keymuster.estate.store.store import Store
from keymuster.model import Report
from telling_made import finding

ESTATE = """\
store: sqlite:///estate.db
notify:
  channels:
    hook: {kind: webhook, url: {env: HOOK}}
    issues: {kind: tracker, url: {env: ISSUES}, limit: 2}
  always: [hook, issues]
"""
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    path = tmp_path / "estate.yaml"
    path.write_text(ESTATE)
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["estate", "notify", *words], standalone_mode=False)


def look(estate: Path, *ids: str) -> None:
    """A run in which one target has these findings."""
    store = Store.open(f"sqlite:///{estate.parent / 'estate.db'}")
    target = Target(id="repository:acme/api", kind="repository", name="acme/api")
    run = store.start_run([target], NOW)
    attempt = store.begin(run, target.id, "w", NOW)
    assert attempt is not None
    report = Report(findings=tuple(finding(id, owner="team-a") for id in ids), mode="worktree")
    store.finish(attempt, Outcome(target=target.id, report=report), NOW)
    store.end_run(run, NOW)
    store.close()


def test_a_test_message_says_so_and_is_not_noted(
    estate: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        monkeypatch.setenv("HOOK", server.url)
        server.says(Reply("ok"))
        done = run("--test", "hook", "--estate", str(estate))
    assert done.return_value == 0
    assert server.asked[0].body["test"] is True
    assert "has arrived" in done.stderr
    assert not (estate.parent / "estate.db").exists()


def test_a_test_that_fails_says_why_without_the_address(
    estate: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        monkeypatch.setenv("HOOK", f"{server.url}/a-secret")
        server.says(Reply("a-secret", 404))
        done = run("--test", "hook", "--estate", str(estate))
    assert done.return_value == 3
    assert "it answers 404" in done.stderr
    assert "a-secret" not in done.output + done.stderr


def test_a_channel_that_there_is_not_is_told_with_the_nearest(estate: Path) -> None:
    done = run("--test", "hok", "--estate", str(estate))
    assert "did you mean `hook`" in str(done.exception)


def test_what_has_changed_in_the_store_is_told_once(
    estate: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(estate, "f1", "f2", "f3")
    with serving() as hook, serving() as issues:
        monkeypatch.setenv("HOOK", hook.url)
        monkeypatch.setenv("ISSUES", issues.url)
        hook.says(*[Reply("ok")] * 2)
        issues.says(*[Reply("ok")] * 9)
        assert run("--estate", str(estate)).return_value == 0
        assert run("--estate", str(estate)).return_value == 0
        look(estate, "f1", "f3")
        assert run("--estate", str(estate)).return_value == 0
    assert [one.body["counts"] for one in hook.asked] == [
        {"new": {"high": 3}},
        {"resolved": {"high": 1}},
    ]
    actions = [one.body["action"] for one in issues.asked]
    assert actions == ["open", "open", "open", "close"]
    assert issues.asked[3].body["key"] in {one.body["key"] for one in issues.asked[:2]}


def test_the_database_has_no_word_of_an_address(
    estate: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(estate, "f1")
    with serving() as server:
        monkeypatch.setenv("HOOK", f"{server.url}/words-of-an-address")
        monkeypatch.setenv("ISSUES", f"{server.url}/words-of-an-address")
        server.says(Reply("ok"), Reply("words-of-an-address", 404))
        assert run("--estate", str(estate)).return_value == 3
    for path in estate.parent.iterdir():
        assert b"words-of-an-address" not in path.read_bytes()


def test_the_status_says_who_was_not_told(
    estate: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(estate, "f1", "f2")
    with serving() as hook, serving() as issues:
        monkeypatch.setenv("HOOK", hook.url)
        monkeypatch.setenv("ISSUES", issues.url)
        hook.says(Reply("x", 404), Reply("ok"))
        issues.says(*[Reply("ok")] * 2)
        run("--estate", str(estate))
        words = ["estate", "status", "--estate", str(estate)]
        status = CliRunner().invoke(cli, words, standalone_mode=False)
        assert "not told: 2 events to channel hook" in status.output
        assert "channel issues" not in status.output
        run("--estate", str(estate))
    assert "not told" not in CliRunner().invoke(cli, words, standalone_mode=False).output


def test_where_nobody_is_to_be_told_that_is_said(estate: Path) -> None:
    look(estate, "a")
    estate.write_text("store: sqlite:///estate.db\n")
    assert "names no channel under `notify`" in run("--estate", str(estate)).stderr
    refusal = run("--test", "hook", "--estate", str(estate)).exception
    assert "it names none under" in str(refusal)
