"""What the names of tools and the rules about them allow an agent to do."""

from __future__ import annotations

import pytest

from keymuster.collect.agents import tools


@pytest.mark.parametrize(
    "name",
    ["delete_rows", "createIssue", "execute_sql", "run_query", "manage_k8s_resource", "mcp__hub__push_files", "apply_patch", "memo_create_memo", "browser_click"],
)  # fmt: skip
def test_a_tool_that_changes_something(name: str) -> None:
    assert tools.changes(name)


@pytest.mark.parametrize(
    "name",
    ["list_containers", "get_updates", "searchCode", "read_query", "describe_table", "resolve-library-id", "get_pod_logs", "memo_list_updates", ""],
)  # fmt: skip
def test_a_tool_that_reads(name: str) -> None:
    assert not tools.changes(name)


@pytest.mark.parametrize(
    ("rule", "reach"),
    [
        ("*", "any-tool"),
        ("mcp__*", "any-tool"),
        ("Bash", "any-command"),
        ("Bash(*)", "any-command"),
        ("Bash(:*)", "any-command"),
        ("Shell(**)", "any-command"),
        ("run_shell_command", "any-command"),
        ("run_shell_command(git status)", "narrow"),
        ("Bash(/.*/)", "any-command"),
        ("Bash(python3:*)", "any-program"),
        ("Bash(sudo *)", "any-program"),
        ("Bash(python3 tools/check.py:*)", "narrow"),
        ("Bash(git push:*)", "narrow"),
        ("mcp__hub", "any-tool-of-server"),
        ("mcp__hub__*", "any-tool-of-server"),
        ("@hub", "any-tool-of-server"),
        ("@hub/list", "narrow"),
        ("mcp__hub__list_issues", "narrow"),
        ("mcp__hub__delete_issue", "changing-tool"),
        ("Edit(//**)", "any-path"),
        ("Edit(docs/**)", "narrow"),
        ("Read", "narrow"),
    ],
)
def test_how_far_a_rule_goes(rule: str, reach: str) -> None:
    assert tools.reach(rule) == reach


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("Bash(npm run test:*)", "Bash(npm run test:*)"),
        ("Bash(export PGPASSWORD='x' && psql)", "Bash(export…)"),
        ("Bash(curl -H 'Authorization: x' https://example.com)", "Bash(curl…)"),
        ("Read", "Read"),
    ],
)
def test_a_rule_is_shown_without_what_may_be_secret(rule: str, shown: str) -> None:
    assert tools.shown(rule) == shown
