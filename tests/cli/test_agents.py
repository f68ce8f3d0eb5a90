"""`keymuster agents`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from cli.conftest import Said
from keymuster import work
from keymuster.collect.sources.worktree import Worktree
from repositories import Repository

Run = Callable[..., Said]
Token = Callable[..., str]

SERVERS = """\
{
  "mcpServers": {
    "tickets": {
      "command": "npx", "args": ["-y", "@acme/tickets@1.4.2"], "env": {"TICKETS_TOKEN": "${TICKETS_TOKEN}"},
      "autoApprove": [
        "list_tickets"
      ]
    },
    "docs": {"url": "https://mcp.docs.example/mcp", "headers": {"Authorization": "Bearer ${DOCS_TOKEN}"}}
  }
}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tmp_path.joinpath(".mcp.json").write_text(SERVERS)
    tmp_path.joinpath(".claude").mkdir()
    tmp_path.joinpath(".claude/settings.json").write_text(
        '{"permissions": {"allow": ["Bash(git log *)"]}}'
    )
    return tmp_path


@pytest.fixture
def registered(tree: Path, keymuster: Run) -> Path:
    """The registry that `init` writes, filled in."""
    assert keymuster("agents", "init").code == 0
    file = tree / ".keymuster/agents.yaml"
    text = file.read_text()
    for empty, filled in (
        ('owner: ""', "owner: team"),
        ('purpose: ""', "purpose: answers tickets"),
        ('log_sink: ""', "log_sink: https://logs.example"),
        ('{how: ""}', "{how: remove the app, last_drill: 2999-01-01}"),
        ("review:  #", "review: 2999-01-01  #"),
    ):
        assert empty in text
        text = text.replace(empty, filled)
    file.write_text(text)
    return file


def test_init_writes_what_can_be_seen(tree: Path, keymuster: Run) -> None:
    said = keymuster("agents", "init")
    assert said.code == 0
    assert "1 agent;" in said.out
    [agent] = yaml.safe_load((tree / ".keymuster/agents.yaml").read_text())["agents"]
    assert agent["id"] == "claude-code"
    assert agent["tools"] == ["Bash(git log *)"]
    assert agent["servers"] == [
        {"name": "tickets", "package": "npm/@acme/tickets", "tools": ["list_tickets"]},
        {"name": "docs", "url": "https://mcp.docs.example/mcp", "tools": []},
    ]
    assert agent["credentials"] == {"kind": "short_lived"}


def test_init_leaves_a_registry_that_is_there(registered: Path, keymuster: Run) -> None:
    before = registered.read_text()
    said = keymuster("agents", "init")
    assert said.code == 2
    assert "there is a registry" in said.err
    assert "--missing" in said.err
    assert registered.read_text() == before


def test_init_without_agents_writes_an_empty_registry(tmp_path: Path, keymuster: Run) -> None:
    assert keymuster("agents", "init").code == 0
    assert yaml.safe_load((tmp_path / ".keymuster/agents.yaml").read_text()) == {"agents": []}


def test_missing_prints_the_entries_that_a_registry_lacks(registered: Path, keymuster: Run) -> None:
    assert keymuster("agents", "init", "--missing").out == ""
    folder = registered.parents[1] / ".cursor"
    folder.mkdir()
    folder.joinpath("mcp.json").write_text(SERVERS)
    said = keymuster("agents", "init", "--missing")
    assert [one["id"] for one in yaml.safe_load(said.out)] == ["cursor"]


def test_what_nobody_filled_in_is_a_difference(tree: Path, keymuster: Run) -> None:
    keymuster("agents", "init")
    said = keymuster("agents", "check")
    assert said.code == 1
    assert "nobody is named who answers for the agent claude-code" in said.out


def test_what_is_as_registered_is_no_difference(registered: Path, keymuster: Run) -> None:
    said = keymuster("agents", "check")
    assert (said.code, said.out) == (0, "1 agent seen; 0 differences from the registry\n")


def test_a_tool_that_is_added_is_a_difference_at_its_line(
    registered: Path, keymuster: Run, tree: Path
) -> None:
    tree.joinpath(".mcp.json").write_text(
        SERVERS.replace('"list_tickets"', '"list_tickets",\n        "close_ticket"')
    )
    said = keymuster("agents", "check")
    assert said.code == 1
    assert "claude-code may use close_ticket without asking" in said.out
    assert "at .mcp.json:7" in said.out


def test_the_same_is_a_finding_of_a_scan(registered: Path, keymuster: Run, tree: Path) -> None:
    tree.joinpath(".mcp.json").write_text(SERVERS.replace("list_tickets", "close_ticket"))
    report = json.loads(keymuster("scan", "--format", "json").out)
    rules = {one["rule"] for one in report["findings"]}
    assert "registered-agent-has-new-tool" in rules
    checked = json.loads(keymuster("agents", "check", "--format", "json").out)
    assert {one["rule"] for one in checked["findings"]} <= rules


def test_a_change_of_one_file_is_held_against_the_registry_that_stands(
    registered: Path, keymuster: Run, tree: Path
) -> None:
    tree.joinpath("sub").mkdir()
    tree.joinpath("sub/.mcp.json").write_text(SERVERS)
    said = keymuster("scan", "sub", "--format", "json")
    findings = {one["rule"] for one in json.loads(said.out)["findings"]}
    assert "agent-not-registered" in findings


def test_a_registry_elsewhere(tree: Path, keymuster: Run) -> None:
    tree.joinpath(".keymuster.yaml").write_text("agents: {registry: all/agents.yaml}\n")
    said = keymuster("agents", "check")
    assert said.code == 2
    assert "there is no" in said.err
    tree.joinpath("all").mkdir()
    tree.joinpath("all/agents.yaml").write_text("agents: [{id: other}]\n")
    said = keymuster("agents", "check")
    assert said.code == 1
    assert "the agent claude-code is not in the registry" in said.out


def test_a_broken_registry_is_not_one_without_differences(registered: Path, keymuster: Run) -> None:
    registered.write_text(registered.read_text().replace("purpose", "purpos"))
    said = keymuster("agents", "check")
    assert said.code == 3
    assert said.err.count("unknown field `purpos`") == 1


def test_a_registry_without_agents_is_told_to_be_none(registered: Path, keymuster: Run) -> None:
    registered.write_text("[]\n")
    said = keymuster("agents", "check")
    assert said.code == 3
    assert "line 1: it is no registry: `agents:` is missing" in said.err


@pytest.mark.parametrize("registry", [None, "", "agents: []\n"])
def test_agents_without_a_registry_are_a_difference(
    tree: Path, keymuster: Run, registry: str | None
) -> None:
    if registry is not None:
        tree.joinpath(".keymuster").mkdir()
        tree.joinpath(".keymuster/agents.yaml").write_text(registry)
    said = keymuster("agents", "check")
    assert said.code == 1
    assert "there is no registry of agents" in said.out


def test_a_card_says_all_about_one_agent(registered: Path, keymuster: Run) -> None:
    said = keymuster("agents", "card", "claude-code")
    assert said.code == 0
    for part in ("| Owner | team |", "list\\_tickets", "TICKETS\\_TOKEN", "- mcp.docs.example"):
        assert part in said.out


def test_a_card_of_nobody(registered: Path, keymuster: Run) -> None:
    said = keymuster("agents", "card", "claude")
    assert said.code == 2
    assert "It has: claude-code" in said.err


def test_procurement_lists_what_a_tool_consumes(registered: Path, keymuster: Run) -> None:
    said = keymuster("agents", "procurement", "tickets", "--format", "json")
    rows = {one["name"]: one for one in json.loads(said.out)}
    assert rows["tickets"]["owner"] == "team"
    assert "no revocation path" in rows["TICKETS_TOKEN"]["gaps"]
    assert keymuster("agents", "procurement", "tickets").out.startswith("# tickets")


def test_procurement_names_the_way_to_revoke_and_no_text(
    tree: Path, keymuster: Run, token: Token
) -> None:
    made = token("github-pat")
    tree.joinpath(".mcp.json").write_text(SERVERS.replace("${TICKETS_TOKEN}", made))
    said = keymuster("agents", "procurement", "github", "--format", "json")
    [row] = json.loads(said.out)
    assert row["revocation"]
    assert "its text stands in a file" in row["gaps"]
    assert made not in said.out


def test_procurement_of_what_there_is_not(registered: Path, keymuster: Run) -> None:
    said = keymuster("agents", "procurement", "nothing-like-it")
    assert said.code == 2
    assert "nothing that was found is called" in said.err


_WATCHED = """
import sys

def refuse(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "socket.connect"):
        raise SystemExit(f"{event} of {arguments}")

sys.addaudithook(refuse)
from keymuster.cli import main
main()
"""


def test_nothing_that_settings_name_is_started_or_contacted(tmp_path: Path) -> None:
    hostile = "touch STARTED"
    servers = {
        "shell": {"command": "sh", "args": ["-c", hostile]},
        "near": {"url": "http://127.0.0.1:9/mcp"},
        "far": {"url": "https://mcp.example/mcp", "headersHelper": hostile},
    }
    hook = {"matcher": "*", "hooks": [{"type": "command", "command": hostile}]}
    tmp_path.joinpath(".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    tmp_path.joinpath(".claude").mkdir()
    tmp_path.joinpath(".claude/settings.json").write_text(
        json.dumps({"apiKeyHelper": hostile, "hooks": {"SessionStart": [hook]}})
    )
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, "scan", ".", "--format", "json", "--jobs", "1"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert json.loads(done.stdout)["complete"], done.stderr
    assert not tmp_path.joinpath("STARTED").exists()


@pytest.mark.parametrize(
    ("path", "program"),
    [
        (
            "app/main.py",
            "from agents import Agent\nfrom agents.mcp import MCPServerStreamableHttp\n"
            'mail = MCPServerStreamableHttp(params={"url": "http://mail.acme.example/mcp"})\n'
            'agent = Agent(name="triage", mcp_servers=[mail])\n',
        ),
        (
            "app/main.ts",
            'import { Agent } from "@mastra/core/agent";\nimport { MCPClient } from "@mastra/mcp";\n'
            'const mcp = new MCPClient({ servers: { mail: { url: new URL("http://mail.acme.example/mcp") } } });\n'
            'export const triage = new Agent({ name: "triage", tools: await mcp.getTools() });\n',
        ),
    ],
)
def test_programs_that_build_agents_are_read_in_a_tree_as_in_a_change(
    make_repo: Callable[..., Repository], keymuster: Run, tmp_path: Path, path: str, program: str
) -> None:
    repository = make_repo(tmp_path)
    tmp_path.joinpath("app").mkdir()
    tmp_path.joinpath(path).write_text(program)
    repository.git("add", path)

    def rules_of(*arguments: str) -> set[str]:
        said = keymuster("scan", *arguments, "--format", "json", "--fail-on", "never")
        return {one["rule"] for one in json.loads(said.out)["findings"]}

    assert "mcp-server-over-cleartext" in rules_of()
    assert rules_of() == rules_of("--staged")
    listed = keymuster("inventory", "list", "--format", "json").out
    assert {one["name"] for one in json.loads(listed) if one["is"] == "identity"} == {
        "triage",
        "mail",
    }


def test_no_output_says_a_secret_that_is_a_name_or_a_part_of_an_address(
    tmp_path: Path, keymuster: Run, token: Token
) -> None:
    secrets = [token("github-pat", seed) for seed in range(7)]
    name, path, query, rule, tool, card, key = secrets
    tmp_path.joinpath(".claude").mkdir()
    tmp_path.joinpath(".well-known").mkdir()
    tmp_path.joinpath(".mcp.json").write_text(
        json.dumps(
            {
                "mcpServers": {
                    f"mail {name}": {
                        "url": f"https://mcp.acme.example/s/{path}/mcp?token={query}",
                        "autoApprove": [tool],
                    }
                }
            }
        )
    )
    tmp_path.joinpath(".claude/settings.json").write_text(
        json.dumps({"permissions": {"allow": [rule, f"Bash({rule} *)"]}})
    )
    tmp_path.joinpath(".well-known/agent-card.json").write_text(
        json.dumps(
            {
                "name": f"triage {card}",
                "description": card,
                "url": f"http://a2a.acme.example/v1?key={key}",
                "skills": [],
                "capabilities": {},
            }
        )
    )
    outputs = [
        keymuster(*words).out
        for words in (
            ("inventory", "list", "--format", "json"),
            ("inventory", "list", "--kind", "identity", "--kind", "grant", "--kind", "resource"),
            ("scan", "--format", "json"),
            ("scan", "--format", "sarif"),
            ("agents", "init", "--missing"),
            ("agents", "init"),
            ("agents", "check"),
            ("agents", "check", "--format", "sarif"),
            ("agents", "card", "claude-code"),
            ("agents", "procurement", "mail"),
            ("agents", "procurement", "triage", "--format", "json"),
        )
    ]
    outputs.append(tmp_path.joinpath(".keymuster/agents.yaml").read_text())
    assert all(outputs)
    assert [one[-6:] for one in secrets if any(one[4:24] in said for said in outputs)] == []


def test_what_an_agent_says_of_itself_is_shown_without_secrets(
    tmp_path: Path, keymuster: Run, token: Token
) -> None:
    secret = token("github-pat", "a purpose")
    folder = tmp_path / ".claude/agents"
    folder.mkdir(parents=True)
    words = f"description: signs in as {secret}\nmodel: {secret}\n"
    folder.joinpath("tickets.md").write_text(f"---\nname: tickets\n{words}---\nAnswer.\n")
    shown = keymuster("agents", "init", "--missing").out
    assert "signs in as ghp_****" in shown
    assert keymuster("agents", "init").code == 0
    written = (tmp_path / ".keymuster/agents.yaml").read_text()
    outputs = [
        shown,
        written,
        keymuster("agents", "card", "tickets").out,
        keymuster("agents", "check").out,
        keymuster("agents", "procurement", "tickets").out,
        keymuster("agents", "procurement", "tickets", "--format", "json").out,
    ]
    assert all(outputs)
    assert secret not in "".join(outputs).replace("\\", "")


def test_a_card_quotes_the_registry_without_secrets(
    registered: Path, keymuster: Run, token: Token
) -> None:
    secret = token("github-pat", "a switch")
    text = registered.read_text().replace("how: remove the app", f"how: revoke {secret}")
    registered.write_text(text.replace("owner: team", f"owner: {secret}"))
    said = keymuster("agents", "card", "claude-code")
    assert "revoke ghp\\_\\*\\*\\*\\*" in said.out
    assert secret not in (said.out + keymuster("agents", "check").out).replace("\\", "")


def test_a_check_that_was_interrupted_is_3(
    registered: Path, keymuster: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered.write_text(registered.read_text().replace("owner: team", 'owner: ""'))
    assert keymuster("agents", "check").code == 1
    whole = Worktree.batches

    def batches(self: Worktree) -> Iterator[object]:
        yield from whole(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(Worktree, "batches", batches)
    monkeypatch.setattr(work, "default_jobs", lambda: 1)  # what was read by then is judged
    said = keymuster("agents", "check")
    assert said.code == 3
    assert "nobody is named" in said.out
    assert "was interrupted" in said.err
