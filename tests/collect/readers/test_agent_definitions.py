"""Agents, commands and skills that Markdown files declare in their first lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from keymuster.collect.readers.agent_definitions import AgentDefinitions
from keymuster.model import Grant, Identity, IdentityKind, Resource
from keymuster.rules.schema import RuleSet
from reading import only, read, structures

REVIEWER = """\
---
name: reviewer
description: Reads a change
tools: Read, Bash(git diff:*), Grep
model: sonnet
permissionMode: bypassPermissions
mcpServers:
  notes:
    command: uvx
    args: [acme-notes]
---
You review.
"""


def test_a_subagent_is_an_identity_with_its_servers(rules: RuleSet) -> None:
    found = only(
        Identity, read(AgentDefinitions, "app/.claude/agents/reviewer.md", REVIEWER, rules)
    )
    assert [(one.id, one.kind, one.aliases[0]) for one in found] == [
        (
            "agent:claude-code:app/.claude/agents/reviewer.md:reviewer",
            IdentityKind.AGENT,
            "agent:reviewer",
        ),
        ("mcp:app/.claude/agents/reviewer.md:notes", IdentityKind.MCP_SERVER, "mcp:notes"),
    ]


def test_it_says_its_tools_and_its_mode_where_they_stand(rules: RuleSet) -> None:
    found = only(Resource, read(AgentDefinitions, ".claude/agents/reviewer.md", REVIEWER, rules))
    places = {one.type: one.location.line for one in found}  # type: ignore[union-attr]
    assert places["agent_setting"] == 6
    assert places["mcp_launch"] == 10


@pytest.mark.parametrize(
    ("path", "front", "actions"),
    [
        (".claude/commands/ship.md", 'description: d\nallowed-tools: Bash(git push:*), Read', ["Bash(git push:*)", "Read"]),
        (".claude/agents/a.md", 'name: a\ntools: "*"', ["*"]),
        (".opencode/agent/release.md", "description: d\npermission:\n  edit: allow\n  bash:\n    '*': ask\n    git log: allow", ["Edit", "Bash(git log)"]),
        (".opencode/agent/b.md", "description: d\ntools:\n  '*': true\n  bash: false", ["*"]),
        (".github/chatmodes/plan.chatmode.md", "description: d\ntools: ['search', 'fetch']", []),
        ("skills/pdf/SKILL.md", "name: pdf\nallowed-tools: Bash", ["Bash"]),
    ],
)  # fmt: skip
def test_what_it_may_do_unasked_is_a_grant(
    rules: RuleSet, path: str, front: str, actions: list[str]
) -> None:
    observed = read(AgentDefinitions, path, f"---\n{front}\n---\nText.\n", rules)
    assert [action for one in only(Grant, observed) for action in one.actions] == actions


def test_other_prose_is_left_alone(rules: RuleSet) -> None:
    assert read(AgentDefinitions, "docs/agents.md", "---\ntitle: Agents\n---\n", rules) == []
    assert read(AgentDefinitions, ".claude/agents/a.md", "# No first lines\n", rules) == []
    assert read(AgentDefinitions, ".claude/agents/a.md", "---\na: [\n---\n", rules) == []


def test_instructions_that_tell_to_leave_out_the_checks_are_seen(rules: RuleSet) -> None:
    text = """\
        Run `claude -p x --dangerously-skip-permissions` for helpers.
        Never run `claude --dangerously-skip-permissions` yourself.
        The option --dangerously-skip-permissions is dangerous.
        """
    found = only(Resource, read(AgentDefinitions, "CLAUDE.md", text, rules))
    assert [(one.type, one.location.line) for one in found] == [("agent_command", 1)]  # type: ignore[union-attr]
    assert read(AgentDefinitions, "docs/commands.md", text, rules) == []


@settings(max_examples=40, deadline=None)
@given(
    value=structures(
        "tools", "*", "Bash(*)", "permission", "allow", "bash", "mcpServers", "command", "env"
    )
)
def test_anything_is_read(rules: RuleSet, value: object) -> None:
    keys = ("name", "tools", "permission", "allowed-tools", "mcpServers", "permissionMode", "model")
    front = "\n".join(f"{key}: {json.dumps(value)}" for key in keys)
    read(AgentDefinitions, ".claude/agents/a.md", f"---\n{front}\n---\n", rules)
