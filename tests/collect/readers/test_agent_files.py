"""Files of the programs that run AI agents, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keymuster.collect.base import Blob
from keymuster.collect.readers.agent_files import AgentFiles
from keymuster.model import Resource, Storage
from keymuster.rules.schema import RuleSet
from scans import context


def said(rules: RuleSet, content: bytes, mode: int | None, storage: Storage) -> dict[str, Any]:
    blob = Blob(path="~/.codex/auth.json", data=content, storage=storage, mode=mode)
    found = list(AgentFiles(context(rules, Path())).read(blob))
    assert len(found) <= 1
    return {one.name: one.settings for one in found if isinstance(one, Resource)}


@pytest.mark.parametrize(
    ("mode", "readable", "writable"),
    [
        (0o600, False, False),
        (0o640, True, False),
        (0o604, True, False),
        (0o622, False, True),
        (0o711, False, False),
    ],
)
def test_who_may_read_it(rules: RuleSet, mode: int, readable: bool, writable: bool) -> None:
    settings = said(rules, b"{}", mode, Storage.TREE)["~/.codex/auth.json"]
    assert (settings["readable_by_others"], settings["writable_by_others"]) == (readable, writable)
    assert settings["holds"] == "settings"


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        (b'{"access_token": "' + b"a1" * 20 + b'"}', True),
        (b"OPENAI_API_KEY: " + b"a1" * 20, True),
        (b'{"tokens": null, "auth_mode": "chatgpt"}', False),
        (b'{"token": "${OPENAI_API_KEY_OF_THE_TEAM}"}', False),
        (b"", False),
    ],
)
def test_whether_there_are_tokens(rules: RuleSet, content: bytes, holds: bool) -> None:
    settings = said(rules, content, 0o600, Storage.AGENT_TOKENS)["~/.codex/auth.json"]
    assert (settings["holds"], settings["has_value"]) == ("tokens", holds)


def test_where_nobody_knows_who_may_read_it_nothing_is_said(rules: RuleSet) -> None:
    assert said(rules, b"{}", None, Storage.TREE) == {}


@pytest.mark.parametrize(
    ("path", "reads"),
    [
        ("~/.claude.json", True),
        ("/etc/codex/config.toml", True),
        ("C:/ProgramData/Cursor/hooks.json", True),
        (".claude/settings.json", False),
        ("src/main.py", False),
    ],
)
def test_paths_of_a_machine(rules: RuleSet, path: str, reads: bool) -> None:
    assert AgentFiles(context(rules, Path())).reads(path) is reads
