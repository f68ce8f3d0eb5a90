"""What variables, arguments, headers and scopes of a server come to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keymuster.collect.agents import hosts, people, references
from keymuster.collect.agents.launchers import launch
from keymuster.collect.agents.servers import server
from keymuster.collect.agents.values import said
from keymuster.collect.syntax import json as syntax
from keymuster.collect.syntax.node import File


def means(**settings: Any) -> list[str]:
    entry = syntax.parse(json.dumps({"command": "./x", **settings}), File(path="a"))
    one = server("x", entry)
    return [what for what, _, _, _ in said(one, launch(one.words))]


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0", "tls-off"),
        ("JIRA_SSL_VERIFY", "false", "tls-off"),
        ("VERIFY_SSL", "no", "tls-off"),
        ("GIT_SSL_NO_VERIFY", "1", "tls-off"),
        ("CURL_INSECURE", "true", "tls-off"),
        ("ALLOW_SELF_SIGNED_CERTS", "true", "tls-off"),
        ("PGSSLMODE", "disable", "tls-off"),
        ("DSN", "postgres://db.example.com/x?sslmode=disable", "tls-off"),
        ("FASTMCP_HOST", "0.0.0.0", "listens-everywhere"),
        ("BIND", "[::]:8080", "listens-everywhere"),
        ("AWS_PROFILE", "admin-prod", "admin-profile"),
        ("AWS_PROFILE", "AdministratorAccess-123456789012", "admin-profile"),
        ("DSN", "postgres://postgres:x@db.example.com/x", "superuser"),
        ("JIRA_USERNAME", "jane.doe@acme.example", "personal-account"),
        ("GITHUB_PERSONAL_ACCESS_TOKEN", "${input:token}", "personal-token"),
        ("GITLAB_PAT", "${GITLAB_PAT}", "personal-token"),
        ("GITHUB_TOKEN", "$(gh auth token)", "personal-token"),
        ("AWS_ACCESS_KEY_ID", "${AWS_ACCESS_KEY_ID}", "static-key"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/keys/sa.json", "key-file"),
        ("GITHUB_TOOLSETS", "all", "wide-toolset"),
        ("GOOGLE_SCOPES", "openid https://mail.google.com/", "wide-scope"),
        ("READ_ONLY", "false", "writes-allowed"),
        ("ALLOW_DELETE_OPERATIONS", "true", "writes-allowed"),
    ],
)
def test_a_variable_comes_to_something(name: str, value: str, what: str) -> None:
    assert means(env={name: value}) == [what]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_TLS_REJECT_UNAUTHORIZED", "1"),
        ("JIRA_SSL_VERIFY", "true"),
        ("DSN", "postgres://localhost/x?sslmode=disable"),
        ("DSN", "postgres://agent_ro:x@db.example.com/x"),
        ("HOST", "127.0.0.1"),
        ("AWS_PROFILE", "agent-readonly"),
        ("JIRA_USERNAME", "svc-triage@acme.example"),
        ("JIRA_USERNAME", "your.email@company.com"),
        ("GITHUB_PERSONAL_ACCESS_TOKEN", "<YOUR_TOKEN>"),
        ("SLACK_BOT_TOKEN_FILE", "/run/secrets/slack"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/path/to/credentials.json"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/gcp/workload-identity.json"),
        ("AWS_ACCESS_KEY_ID", "your-key-id"),
        ("GITHUB_TOOLSETS", "issues,repos"),
        ("READ_ONLY", "true"),
        ("ALLOW_ONLY_NON_DESTRUCTIVE_TOOLS", "true"),
        ("NODE_ENV", "production"),
    ],
)
def test_a_variable_that_is_as_it_should_be(name: str, value: str) -> None:
    assert means(env={name: value}) == []


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["--insecure"], "tls-off"),
        (["--ssl-verify=false"], "tls-off"),
        (["--host", "0.0.0.0"], "listens-everywhere"),
        (["--toolsets", "all"], "wide-toolset"),
        (["--all-tools"], "wide-toolset"),
        (["--allow-write"], "writes-allowed"),
        (["--access-mode", "unrestricted"], "writes-allowed"),
        (["--no-sandbox"], "sandbox-off"),
        (["--profile", "prod-admin"], "admin-profile"),
        (["--user", "jane.doe@acme.example"], "personal-account"),
    ],
)
def test_an_argument_comes_to_something(args: list[str], what: str) -> None:
    assert means(args=args) == [what]


def test_keys_for_some_hours_are_not_static() -> None:
    assert means(env={"AWS_ACCESS_KEY_ID": "${ID}", "AWS_SESSION_TOKEN": "${TOKEN}"}) == []


def test_a_scope_is_judged_wherever_it_stands() -> None:
    assert means(oauth={"scopes": ["repo", "read:user"]}) == ["wide-scope"]
    assert means(scopes="read:user issues:read") == []


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("localhost", "loopback"),
        ("127.0.0.1", "loopback"),
        ("host.docker.internal", "loopback"),
        ("10.0.0.5", "private"),
        ("flags.corp.example.com", "internal"),
        ("mcp-server", "internal"),
        ("mcp.vendor.example", "public"),
        ("8.8.8.8", "public"),
        ("${HOST}", "unknown"),
    ],
)
def test_whose_a_host_is(host: str, kind: str) -> None:
    assert hosts.kind(host) == kind


@pytest.mark.parametrize("text", ["jane.doe@acme.example", "maria@acme.example", "jane.doe"])
def test_an_account_of_a_person(text: str) -> None:
    assert people.is_person(text)


@pytest.mark.parametrize(
    "text", ["svc-bot@acme.example", "ci@acme.example", "x@y.iam.gserviceaccount.com", "admin", "you@example.com", "jane"]
)  # fmt: skip
def test_an_account_of_none(text: str) -> None:
    assert not people.is_person(text)


@pytest.mark.parametrize(
    "text",
    ["<YOUR_KEY>", "your-token", "pk_your_api_key_here", "xxxxxxxxxxxx", "password", "[your data]", "${X}", "changeme-please", "op://vault/item", "API_TOKEN"],
)  # fmt: skip
def test_what_is_to_be_filled_in_is_no_secret(text: str) -> None:
    assert not references.is_secret("API_TOKEN", text, certain=True)


def test_what_a_machine_made_is_a_secret() -> None:
    assert references.is_secret("API_TOKEN", "kQ7vX2" + "mZ9tL4wBn81Pd")
    assert not references.is_secret("API_TOKEN", "production-token-name")
    assert not references.is_secret("JWT_SECRET", "some-words-of-at-least-32-characters")
    assert references.is_secret("DB_PASSWORD", "tr0ub4" + "dor&3", certain=True)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Bearer ${env:A_B}", ["A_B"]),
        ("${input:a-b}", ["a-b"]),
        ("${{ secrets.A }}", ["A"]),
        ("{env:A}", ["A"]),
        ("$A_B", ["A_B"]),
        ("%A_B%", ["A_B"]),
        ("${A:-b}", ["A"]),
        ("${workspaceFolder}/a", []),
        ("plain", []),
    ],
)
def test_the_variables_of_a_value(text: str, names: list[str]) -> None:
    assert list(references.variables(text)) == names
