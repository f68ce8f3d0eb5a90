"""Prose that agents take for orders, by its path."""

from __future__ import annotations

import pytest

from keymuster.collect.agents import prose


@pytest.mark.parametrize(
    ("path", "client"),
    [
        (".claude/agents/a.md", "claude-code"),
        ("x/.claude/skills/b/SKILL.md", "claude-code"),
        (".config/opencode/agent/a.md", "opencode"),
        ("opencode/modes/a.md", "opencode"),
        (".github/chatmodes/a.md", "copilot"),
        ("docs/reviewer.agent.md", "copilot"),
        ("a.chatmode.md", "copilot"),
        ("a.prompt.md", "copilot"),
        (".cursor/commands/a.mdc", "cursor"),
        (".gemini/skills/a.md", "gemini-cli"),
        (".qwen/agents/a.md", "qwen-code"),
        (".codex/prompts/a.md", "codex"),
        (".kiro/skills/a.md", "kiro"),
        (".factory/droids/a.md", "factory"),
        (".augment/commands/a.md", "augment"),
        (".roo/skills/a.md", "roo-code"),
        (".agents/checks/a.md", "amp"),
        ("plugin/commands/a.md", "claude-code"),
        ("plugin/agents/a.md", "claude-code"),
        ("SKILL.md", "claude-code"),
        ("docs/commands.md", ""),
        ("docs/agent-mode.md", ""),
        (".github/README.md", ""),
    ],
)
def test_a_client_looks_for_its_definitions_in_its_folders(path: str, client: str) -> None:
    assert prose.client(path) == client


@pytest.mark.parametrize(
    ("path", "defines", "instructs"),
    [
        ("CLAUDE.md", True, True),
        ("docs/AGENTS.md", True, True),
        (".cursor/rules/a.mdc", True, True),
        (".cursorrules", False, True),
        ("prompts/deep/a.md", False, True),
        ("docs/checks.md", False, False),
    ],
)
def test_rules_and_prompts_instruct_as_well(path: str, defines: bool, instructs: bool) -> None:
    assert prose.defines_or_instructs(path) is defines
    assert prose.instructs(path) is instructs
