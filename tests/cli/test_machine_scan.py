"""`--machine`: the agents of whoever asks, by the home that the environment names."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import PASSWORD, Said

Run = Callable[..., Said]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")


@pytest.fixture
def home(tmp_path: Path, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    (folder / ".claude/projects/p").mkdir(parents=True)
    folder.chmod(0o755)
    server = {"command": "./db-mcp", "env": {"DB_PASSWORD": PASSWORD}}
    settings = folder / ".claude.json"
    settings.write_text(json.dumps({"mcpServers": {"db": server}}))
    settings.chmod(0o644)
    said = {"said": f"GITHUB_TOKEN={token('github-pat')}"}
    (folder / ".claude/projects/p/a.jsonl").write_text("{}\n" + json.dumps(said) + "\n")
    tokens = folder / ".claude/.credentials.json"
    tokens.write_text(json.dumps({"claudeAiOauth": {"accessToken": PASSWORD * 4}}))
    tokens.chmod(0o600)
    (folder / "notes.txt").write_text(f"GITHUB_TOKEN={token('github-pat', 'not of an agent')}")
    monkeypatch.setenv("HOME", str(folder))
    return folder


def _found(said: Said) -> set[tuple[str, str, int]]:
    return {
        (one["rule"].partition("/")[0], place["path"], place["line"])
        for one in json.loads(said.out)["findings"]
        for place in one["places"]
    }


def test_what_agents_keep_is_judged_by_where_it_is(keymuster: Run, home: Path) -> None:
    said = keymuster("scan", "--machine", "--format", "json")
    assert said.code == 1
    assert {one for one in _found(said) if one[1].startswith("~/")} >= {
        ("secret-in-agent-configuration", "~/.claude.json", 1),
        ("agent-settings-with-secret-open-to-others", "~/.claude.json", 1),
        ("agent-token-cache-in-file", "~/.claude/.credentials.json", 1),
        ("secret-in-agent-transcript", "~/.claude/projects/p/a.jsonl", 2),
    }
    assert "notes.txt" not in said.out
    assert PASSWORD not in said.out


def test_settings_that_nobody_else_can_reach_are_not_open(keymuster: Run, home: Path) -> None:
    home.chmod(0o700)
    rules = {rule for rule, _, _ in _found(keymuster("scan", "--machine", "--format", "json"))}
    assert "agent-settings-with-secret-open-to-others" not in rules
    assert "secret-in-agent-configuration" in rules


def test_settings_that_others_may_change(keymuster: Run, home: Path) -> None:
    (home / ".claude.json").chmod(0o606)
    found = _found(keymuster("scan", "--machine", "--format", "json"))
    assert ("agent-settings-writable-by-others", "~/.claude.json", 1) in found


def test_a_transcript_accepts_nothing(
    keymuster: Run, home: Path, token: Callable[..., str]
) -> None:
    allow = "keymuster:" + "allow[*] until=2099-01-01 reason=quoted from elsewhere"
    said = {"said": f"GITHUB_TOKEN={token('github-pat')} # {allow}"}
    (home / ".claude/projects/p/a.jsonl").write_text(json.dumps(said))
    found = _found(keymuster("scan", "--machine", "--format", "json"))
    assert ("secret-in-agent-transcript", "~/.claude/projects/p/a.jsonl", 1) in found


def test_settings_of_the_folder_one_is_in_do_not_count(
    keymuster: Run, home: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".keymuster.yaml").write_text("fail_on: never\nexclude: {paths: ['*']}\n")
    assert keymuster("scan", "--machine", cwd=project).code == 1
    (home / ".keymuster.yaml").write_text("fail_on: never\n")
    assert keymuster("scan", "--machine", cwd=project).code == 0


def test_without_it_the_home_is_left_alone(keymuster: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    assert keymuster("scan", cwd=tmp_path / "project").out == "0 findings; 0 files scanned\n"


def test_a_home_that_is_not_there_is_a_sentence(
    keymuster: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    said = keymuster("scan", "--machine")
    assert (said.code, "is not there" in said.err, "Set HOME" in said.err) == (2, True, True)


def test_agents_of_the_machine_are_listed(keymuster: Run, home: Path) -> None:
    said = keymuster("inventory", "list", "--machine")
    assert "claude-code" in said.out
    assert "db" in said.out


def test_agents_of_the_machine_are_held_against_the_registry(keymuster: Run, home: Path) -> None:
    (home / ".keymuster").mkdir()
    (home / ".keymuster/agents.yaml").write_text("agents: [{id: helper}]\n")
    said = keymuster("agents", "check", "--machine")
    assert said.code == 1
    assert "claude-code" in said.out
