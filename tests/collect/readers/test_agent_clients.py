"""Settings of the programs that run AI agents, and the MCP servers that they start or reach."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keymuster.analysis import analysed
from keymuster.collect.readers import agent_clients
from keymuster.collect.readers.agent_clients import AgentClients
from keymuster.collect.syntax.node import Broken
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import (
    Credential,
    Grant,
    Identity,
    IdentityKind,
    Resource,
    Storage,
    Trust,
    Use,
    UseKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from reading import blob, only, read

TWO = """\
{ // comments and commas at the end are fine
  "mcpServers": {
    "notes": {
      "command": "npx",
      "args": ["-y", "@acme/notes-mcp@1.2.3", "--token", "${NOTES_TOKEN}"],
      "env": {"NOTES_URL": "https://notes.example.com"},
    },
    "hub": {"type": "http", "url": "https://hub.example.com/mcp?x=1", "autoApprove": ["list_issues"]},
  },
}
"""


def named(kind: type[Any], observed: list[Any]) -> list[str]:
    return [one.id for one in only(kind, observed)]


def test_a_client_and_its_servers_are_identities(rules: RuleSet) -> None:
    found = only(Identity, read(AgentClients, "app/.mcp.json", TWO, rules))
    assert [(one.id, one.kind, one.aliases) for one in found] == [
        ("agent:claude-code:app", IdentityKind.AGENT, ("agent:claude-code",)),
        (
            "mcp:app/.mcp.json:notes",
            IdentityKind.MCP_SERVER,
            ("mcp:notes", "mcp-package:npm/@acme/notes-mcp"),
        ),
        (
            "mcp:app/.mcp.json:hub",
            IdentityKind.MCP_SERVER,
            ("mcp:hub", "mcp-url:https://hub.example.com/mcp"),
        ),
    ]


def test_a_server_stands_from_its_name_to_its_last_line_that_says_something(rules: RuleSet) -> None:
    found = only(Identity, read(AgentClients, ".mcp.json", TWO, rules))
    assert [(one.location.line, one.location.end_line) for one in found[1:]] == [(3, 6), (8, 8)]  # type: ignore[union-attr]


def test_a_server_uses_what_its_settings_name(rules: RuleSet) -> None:
    observed = read(AgentClients, "app/.mcp.json", TWO, rules)
    [credential] = only(Credential, observed)
    assert (credential.id, credential.storage, credential.fingerprint) == (
        "environment:app:NOTES_TOKEN",
        Storage.AGENT_CONFIG,
        "",
    )
    uses = [(one.subject, one.by) for one in only(Use, observed) if one.kind is UseKind.AGENT]
    assert uses == [
        ("mcp:app/.mcp.json:notes", "agent:claude-code:app"),
        ("environment:app:NOTES_TOKEN", "mcp:app/.mcp.json:notes"),
        ("mcp:app/.mcp.json:hub", "agent:claude-code:app"),
    ]


def test_who_runs_a_remote_server_is_trusted(rules: RuleSet) -> None:
    [trust] = only(Trust, read(AgentClients, ".mcp.json", TWO, rules))
    assert (trust.identity, trust.principal, trust.provider) == (
        "agent:claude-code:.",
        "hub.example.com",
        "mcp",
    )


def test_rules_of_a_client_and_tools_of_a_server_are_grants(rules: RuleSet) -> None:
    text = json.dumps({"permissions": {"allow": ["Bash(npm test)"], "deny": ["Read(./.env)"]}})
    found = only(Grant, read(AgentClients, ".claude/settings.json", text, rules))
    assert [(one.actions, one.effect.value) for one in found] == [
        (("Bash(npm test)",), "allow"),
        (("Read(./.env)",), "deny"),
    ]
    [approved] = only(Grant, read(AgentClients, ".mcp.json", TWO, rules))
    assert (approved.actions, approved.resources) == (("list_issues",), ("mcp:.mcp.json:hub",))


def test_a_rule_that_may_hold_a_secret_is_shortened(rules: RuleSet) -> None:
    rule = 'Bash(curl -H "Authorization: Bearer abc123def456" https://example.com)'
    text = json.dumps({"permissions": {"allow": [rule]}})
    observed = read(AgentClients, ".claude/settings.json", text, rules)
    assert [one.actions for one in only(Grant, observed)] == [("Bash(curl…)",)]
    assert "abc123def456" not in repr(observed)


def test_nothing_shows_a_secret(rules: RuleSet) -> None:
    password = "kQ7" + "vX2mZ9tL4w"
    text = json.dumps(
        {
            "mcpServers": {
                "db": {
                    "command": "./db-mcp",
                    "args": ["--password", password, f"postgres://a:{password}@db.example.com/x"],
                    "env": {"DB_PASSWORD": password, "DSN": f"mysql://a:{password}@db.example.com"},
                    "headers": {"X-Api-Key": password},
                }
            }
        }
    )
    observed = read(AgentClients, ".mcp.json", text, rules)
    assert len({one.id for one in only(Credential, observed)}) == 1
    assert password not in repr(observed)


def test_an_input_with_a_secret_as_its_default_holds_one(rules: RuleSet) -> None:
    secret = "kQ7vX2" + "mZ9tL4wBn81Pd"
    inputs = [
        {"id": "site", "default": "eu1"},
        {"id": "hub", "password": True, "default": secret},
        {"id": "other-token", "default": "${env:OTHER}"},
    ]
    found = only(
        Credential,
        read(
            AgentClients,
            ".vscode/mcp.json",
            json.dumps({"inputs": inputs, "servers": {"a": SERVER}}, indent=1),
            rules,
        ),
    )
    assert [(one.id.split(":")[0], one.location.line) for one in found] == [
        ("secret", 10),
        ("environment", 14),
    ]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SQL_CONNECTION_STRING", "Server=db.example.com;Database=orders;Integrated Security=true"),
        ("API_TOKEN_LIMIT", "20000"),
        ("API_KEY", "not-a-real-key"),
        ("DB_PASSWORD", "your_password"),
    ],
)
def test_what_only_sounds_like_a_secret_is_none(rules: RuleSet, name: str, value: str) -> None:
    text = json.dumps({"mcpServers": {"a": {"command": "./a", "env": {name: value}}}})
    assert only(Credential, read(AgentClients, ".mcp.json", text, rules)) == []


SERVER = {"command": "npx", "args": ["-y", "@acme/notes-mcp"]}


@pytest.mark.parametrize(
    ("path", "text", "client"),
    [
        (".cursor/mcp.json", {"mcpServers": {"notes": SERVER}}, "cursor"),
        (".vscode/mcp.json", {"servers": {"notes": SERVER}}, "vscode"),
        (".vscode/settings.json", {"mcp": {"servers": {"notes": SERVER}}}, "vscode"),
        ("a.code-workspace", {"settings": {"mcp.servers": {"notes": SERVER}}}, "vscode"),
        ("home/.claude.json", {"projects": {"/src/app": {"mcpServers": {"notes": SERVER}}}}, "claude-code"),
        ("any/claude_desktop_config.json", {"mcpServers": {"notes": SERVER}}, "claude-desktop"),
        (".zed/settings.json", {"context_servers": {"notes": {"command": {"path": "npx", "args": ["-y", "@acme/notes-mcp"]}}}}, "zed"),
        ("opencode.jsonc", {"mcp": {"notes": {"type": "local", "command": ["npx", "-y", "@acme/notes-mcp"]}}}, "opencode"),
        (".config/goose/config.yaml", {"extensions": {"notes": {"cmd": "npx", "args": ["-y", "@acme/notes-mcp"]}}}, "goose"),
        (".continue/config.yaml", {"mcpServers": [{"name": "notes", **SERVER}]}, "continue"),
        (".continue/config.json", {"experimental": {"modelContextProtocolServers": [{"name": "notes", "transport": SERVER}]}}, "continue"),
        (".config/amp/settings.json", {"amp.mcpServers": {"notes": SERVER}}, "amp"),
        (".openclaw/openclaw.json", {"mcp": {"servers": {"notes": SERVER}}}, "openclaw"),
        ("gemini-extension.json", {"mcpServers": {"notes": SERVER}}, "gemini-cli"),
        (".codeium/windsurf/mcp_config.json", {"mcpServers": {"notes": SERVER}}, "windsurf"),
        ("fixtures/servers.json", {"mcpServers": {"notes": SERVER}}, "mcp"),
    ],
)  # fmt: skip
def test_each_client_has_its_servers_where_it_has_them(
    rules: RuleSet, path: str, text: object, client: str
) -> None:
    found = only(Identity, read(AgentClients, path, json.dumps(text), rules))
    servers = [one for one in found if one.kind is IdentityKind.MCP_SERVER]
    assert [(one.provider, one.name) for one in servers] == [(client, "notes")]
    assert "mcp-package:npm/@acme/notes-mcp" in servers[0].aliases


def test_servers_in_toml_are_read(rules: RuleSet) -> None:
    text = """\
        [mcp_servers.notes]
        command = "uvx"
        args = ["acme-notes"]
        env_vars = ["NOTES_TOKEN"]
        """
    observed = read(AgentClients, "app/.codex/config.toml", text, rules)
    assert named(Identity, observed) == ["agent:codex:app", "mcp:app/.codex/config.toml:notes"]
    assert named(Credential, observed) == ["environment:app:NOTES_TOKEN"]


def test_every_path_of_a_client_is_read(rules: RuleSet) -> None:
    reader = AgentClients(context := reader_context(rules))
    assert context.rules.agents
    for client in rules.agents:
        for file in client.files:
            if file.holds != "settings":
                continue
            listed = (
                *file.project,
                *file.home,
                *file.linux,
                *file.macos,
                *file.windows,
                *file.names,
            )
            for path in listed:
                real = path.removeprefix("~/").replace("*", "one").lstrip("/")
                assert reader.reads(real), path
                assert agent_clients._MAYBE.search(real), path
                found = reader._clients.of(f"a/{real}")
                assert found is not None, path
                assert found.client.id == client.id, path


def reader_context(rules: RuleSet) -> Any:
    from keymuster.collect.base import Context, Selection

    return Context(selection=Selection(root="."), rules=rules)


def test_a_broken_file_says_where(rules: RuleSet) -> None:
    with pytest.raises(Broken, match="line 2"):
        read(AgentClients, ".mcp.json", '{"mcpServers": {\n"a" 1}}', rules)
    assert read(AgentClients, ".vscode/settings.json", '{"mcp.servers": {\n"a" 1}}', rules) == []


def test_a_file_that_is_too_large_is_said_to_be_unread(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_clients, "_LARGEST", 100)
    with pytest.raises(Broken, match="too large"):
        read(AgentClients, ".mcp.json", TWO, rules)
    assert read(AgentClients, "servers.json", TWO, rules) == []


def test_other_files_are_left_alone(rules: RuleSet) -> None:
    assert read(AgentClients, "package.json", '{"name": "a", "command": "npx"}', rules) == []
    assert read(AgentClients, ".vscode/settings.json", '{"editor.tabSize": 2}', rules) == []


def test_only_servers_that_have_changed_count(rules: RuleSet) -> None:
    part = AgentClients(reader_context(rules))
    observed = list(part.read(blob(".mcp.json", TWO, changed=[(8, 8)])))
    servers = [one for one in only(Identity, observed) if one.kind is IdentityKind.MCP_SERVER]
    assert [one.name for one in servers] == ["hub"]
    assert {one.location.line for one in only(Resource, observed)} <= {1, 8}  # type: ignore[union-attr]


# --- files that nobody would write ---------------------------------------------------------------

KEYS = [
    "mcpServers", "servers", "mcp", "context_servers", "extensions", "projects", "command", "args", "env", "url",
    "headers", "autoApprove", "alwaysAllow", "tools", "trust", "disabled", "oauth", "scopes", "permissions", "allow",
    "deny", "ask", "defaultMode", "hooks", "permission", "bash", "sandbox", "enabled", "models", "apiKey",
    "approval_policy", "sandbox_mode", "amp.permissions", "tool", "matches", "cmd", "action", "agent_servers", "path",
    "env_vars", "requestOptions", "verifySsl", "chat.tools.terminal.autoApprove", "AWS_ACCESS_KEY_ID", "a", "type",
    "statusLine", "GOOSE_MODE", "shell_environment_policy", "set", "inherit", "name", "value", "profiles", "x",
]  # fmt: skip
WORDS = [
    "npx", "docker", "run", "-v", "/:/x", "-e", "A_TOKEN=b", "uvx", "--from", "git+https://a/b@c", "*", "Bash(*)", "never",
    "http://a", "https://[", "postgres://a:b@c:x/d", "${X:-abc}", "${input:a}", "Bearer x", "Basic !!", "-", "--", "",
    "sh", "-c", "curl x | sh", "'", "\x00", "\ud800", "C:\\", "all", "true", "cmd", "/c", "a@b.c", "mcp__a",
    "--mount", "type=bind,src=", "-p", "[::]:1:1", "prod", "staging", "{\"a\":", "[1]", "deno", "npm:", "go", "@",
]  # fmt: skip
scalars = st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers(-1, 3)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=40,
)
PATHS = [
    ".mcp.json", ".claude/settings.json", ".vscode/settings.json", ".zed/settings.json", "opencode.json",
    ".gemini/settings.json", ".config/goose/config.yaml", ".continue/config.yaml", ".openclaw/openclaw.json",
    ".claude.json", ".amp/settings.json", ".kiro/agents/a.json", "etc/claude-code/managed-settings.json",
]  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(PATHS), tree=st.dictionaries(st.sampled_from(KEYS), trees, max_size=8))
def test_no_value_in_any_place_stops_the_reader_or_a_policy(
    judging: Callable[[list[Any]], object], rules: RuleSet, path: str, tree: dict[str, Any]
) -> None:
    try:
        observed = read(AgentClients, path, json.dumps(tree), rules)
    except Broken:
        return
    judging(observed)


@pytest.fixture
def judging(rules: RuleSet) -> Callable[[list[Any]], object]:
    from msgspec.structs import replace

    ids = ("agent-", "mcp-", "secret-in-agent-")
    some = replace(rules, policies=[one for one in rules.policies if one.id.startswith(ids)])

    def judge(observed: list[Any]) -> object:
        inventory = analysed(build(observed), Settings(), some)
        return evaluate(inventory, some, Choice(), datetime(2026, 1, 1, tzinfo=UTC))

    return judge


@pytest.mark.parametrize(
    "part", ["npx ", "${", "-e A=", "'", '"', "curl | ", "&& sh -c ", "://", "a@", "x=", "--"]
)
def test_long_command_lines_take_time_in_proportion(rules: RuleSet, part: str) -> None:
    text = part * 20_000
    tree = {
        "mcpServers": {
            "a": {"command": "sh", "args": ["-c", text], "env": {"A_TOKEN": text}, "headers": {"Authorization": text}, "url": "http://a/" + text},
            "b": {"command": text, "args": [text]},
        },
        "permissions": {"allow": [f"Bash({text})", text]},
        "hooks": {"Stop": [{"hooks": [{"command": text}]}]},
    }  # fmt: skip
    assert read(AgentClients, ".claude/settings.json", json.dumps(tree), rules)


def test_many_values_take_time_in_proportion(rules: RuleSet) -> None:
    many = 15_000
    tree = {
        "mcpServers": {
            "a": {"command": "env", "args": ["-a"] * many},
            "b": {"command": "docker", "args": ["run", *["-v", "a:b"] * (many // 2)]},
        },
        "hooks": {"Stop": [[{}]] * many},
        "permissions": {"allow": ["Bash(a)"] * many},
    }
    assert read(AgentClients, ".claude/settings.json", json.dumps(tree), rules)
