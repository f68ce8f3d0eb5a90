"""Agents that workflows, tasks and services start."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from keymuster.collect.readers.agent_commands import AgentCommands
from keymuster.model import Identity, IdentityKind, Resource
from keymuster.rules.schema import RuleSet
from reading import only, read, structures, survives

WORKFLOW = """\
on: push
jobs:
  fix:
    steps:
      # - run: claude --dangerously-skip-permissions
      - run: npm install -g @anthropic-ai/claude-code
      - run: npm install -g @openai/codex@0.46.0
      - run: |
          claude -p "$PROMPT" \\
            --dangerously-skip-permissions
      - run: gemini --yolo -p x
      - run: echo "never use --dangerously-skip-permissions"
      - run: claude -p x --allowedTools "Read,Bash(*)"
      - uses: openai/codex-action@v1
        with: {sandbox: read-only}
      - uses: openai/codex-action@v1
        with:
          safety-strategy: unsafe
"""


def seen(rules: RuleSet, path: str, text: str) -> list[tuple[str, str, int]]:
    found = only(Resource, read(AgentCommands, path, text, rules))
    return [(one.type, one.name, one.location.line) for one in found]  # type: ignore[union-attr]


def test_each_line_that_starts_an_agent_says_what_it_leaves_out(rules: RuleSet) -> None:
    assert seen(rules, ".github/workflows/fix.yml", WORKFLOW) == [
        ("mcp_launch", "@anthropic-ai/claude-code, no version", 6),
        ("agent_command", "--dangerously-skip-permissions", 10),
        ("agent_command", "--yolo", 11),
        ("agent_permission", "Bash(*)", 13),
        ("agent_command", "safety-strategy: unsafe", 18),
    ]


def test_an_image_is_built_with_an_agent(rules: RuleSet) -> None:
    text = 'FROM node:22\nRUN npm install -g @anthropic-ai/claude-code\nCMD ["claude", "--yolo"]\n'
    assert seen(rules, "Dockerfile", text) == [
        ("mcp_launch", "@anthropic-ai/claude-code, no version", 2),
        ("agent_command", "--yolo", 3),
    ]


def test_a_file_that_starts_nothing_may_speak_of_it(rules: RuleSet) -> None:
    text = "note: |\n  claude --dangerously-skip-permissions\n"
    assert seen(rules, "notes.yaml", text) == []


def test_a_task_of_an_editor_is_read(rules: RuleSet) -> None:
    text = json.dumps({"tasks": [{"command": "codex --yolo"}]})
    assert seen(rules, ".vscode/tasks.json", text) == [("agent_command", "--yolo", 1)]
    assert read(AgentCommands, "data.json", text, rules) == []


def test_a_service_for_agents_is_a_server(rules: RuleSet) -> None:
    text = """\
        services:
          notes-mcp:
            image: acme/notes-mcp
            command: ["--host", "0.0.0.0"]
            ports: ["8811:8811"]
            privileged: true
            volumes:
              - /var/run/docker.sock:/var/run/docker.sock
              - {type: bind, source: /, target: /host, read_only: true}
          database:
            image: postgres
            ports: ["5432:5432"]
        """
    found = seen(rules, "docker-compose.yml", text)
    assert [one for one in found if one[0] not in ("mcp_server", "mcp_environment")] == [
        ("mcp_launch", "notes-mcp: acme/notes-mcp, no tag", 3),
        ("mcp_container", "notes-mcp: --privileged", 6),
        ("mcp_mount", "notes-mcp: /", 9),
        ("mcp_setting", "notes-mcp: host", 4),
        ("mcp_setting", "notes-mcp: port 8811:8811", 5),
    ]


@pytest.mark.parametrize(
    "ports", ["127.0.0.1:8811:8811", "{target: 8811, published: 8811, host_ip: 127.0.0.1}"]
)
def test_a_port_of_this_machine_is_not_open(rules: RuleSet, ports: str) -> None:
    text = (
        f"services:\n  notes-mcp:\n    image: acme/notes-mcp:1.8.2\n    ports:\n      - {ports}\n"
    )
    assert "mcp_setting" not in [type for type, _, _ in seen(rules, "compose.yml", text)]


def test_settings_that_an_action_is_told_are_those_of_a_client(rules: RuleSet) -> None:
    text = """\
        on: push
        jobs:
          fix:
            steps:
              - uses: anthropics/claude-code-action@v1
                with:
                  settings: |
                    {
                      "permissions": {"allow": ["Bash(*)"]}
                    }
                  mcp_config: |
                    {"mcpServers": {
                      "notes": {"command": "npx", "args": ["-y", "acme-notes"]}
                    }}
                  other: "{"
        """
    found = seen(rules, ".github/workflows/fix.yml", text)
    assert ("agent_permission", "Bash(*)", 9) in found
    assert ("mcp_launch", "notes: acme-notes, no version", 13) in found
    [server] = [
        one
        for one in only(Identity, read(AgentCommands, ".github/workflows/fix.yml", text, rules))
        if one.kind is IdentityKind.MCP_SERVER
    ]
    assert server.aliases == ("mcp:notes", "mcp-package:npm/acme-notes")


@settings(max_examples=30, deadline=None)
@given(
    value=structures(
        "services",
        "mcp",
        "image",
        "ports",
        "volumes",
        "command",
        "claude --yolo",
        ":",
        "settings",
        "{}",
        '{"mcpServers": {"a": {"command": "npx"}}}',
    )
)
def test_anything_is_read(rules: RuleSet, value: object) -> None:
    survives(AgentCommands, "tasks.json", {"services": {"mcp": value}, "tasks": value}, rules)


def test_long_lines_take_time_in_proportion(rules: RuleSet) -> None:
    for part in ("claude ", "--allowedTools ", "sandbox: ", "npx @openai/codex ", "curl x | "):
        read(AgentCommands, "ci.yml", "jobs:\n  claude:\n    - run: " + part * 20_000, rules)


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("      - run: npm install -g @sourcegraph/amp", True),
        ("      - run: echo claude", True),
        ("      # - run: echo claude", False),
        ("      - run: cat stamp lamps clamp", False),
        ("x" * 3000 + "claude", False),
    ],
)
def test_lines_count_from_the_first_that_names_an_agent(
    rules: RuleSet, line: str, is_one: bool
) -> None:
    """`--trust-all-tools` names one itself; `--yes-always` says something behind a name only."""
    text = f"jobs:\n  a:\n    steps:\n      - run: --yes-always timestamp x\n{line}\n      - run: x --yes-always\n"
    found = [one for one in seen(rules, ".github/workflows/a.yml", text) if "yes" in one[1]]
    assert found == ([("agent_command", "--yes-always", 6)] if is_one else [])


SERVERS = '{"mcpServers": {"x": {"command": "npx", "args": ["-y", "some-server"]}}}'
INNER = '{"permissions": {"allow": ["Bash(*)"]}}'


@pytest.mark.parametrize(
    ("settings", "held"),
    [
        (f"          settings: '{INNER}'", True),
        (f"          settings: |\n            {INNER}", True),
        (f"          'settings' : &a '{INNER}'", True),
        (f"          claude_settings: '{INNER}'", True),
        (f"          env: [{{name: settings, value: '{INNER}'}}]", True),
        (f"          note: all settings of claude stand here {INNER[1:-1]}", False),
    ],
)
def test_settings_are_found_by_what_they_are_called(
    rules: RuleSet, settings: str, held: bool
) -> None:
    text = f"jobs:\n  a:\n    steps:\n      - uses: anthropics/claude-code-action@v1\n        with:\n{settings}\n"
    found = [one for one in seen(rules, ".github/workflows/a.yml", text) if "Bash" in one[1]]
    assert bool(found) is held
