"""Programs that build agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ci_files import Read, of, reading
from keymuster.collect.agents.imports import NAMES, may_build_agents
from keymuster.collect.readers.agent_code import AgentCode
from keymuster.model import Credential, Identity, IdentityKind, Resource, Trust, Use
from keymuster.rules.schema import RuleSet

PROGRAM = """\
import os
from agents import Agent, HostedMCPTool
from agents.mcp import MCPServerStdio

docs = MCPServerStdio(name="docs", params={
    "command": "npx", "args": ["-y", "@acme/docs"], "env": {"DOCS_TOKEN": os.environ["DOCS_TOKEN"]},
})
mail = HostedMCPTool(tool_config={
    "type": "mcp", "server_label": "mail", "server_url": "https://mcp.mail.example/mcp",
    "require_approval": "never",
})
triage = Agent(name="triage", model="gpt-5", tools=[mail])
writer = Agent(name="writer", mcp_servers=[docs])
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(AgentCode, rules, tmp_path, "app/main.py")


def _things(observed: list[Any], type: str) -> list[Resource]:
    return [one for one in of(Resource, observed) if one.type == type]


def test_agents_and_servers_are_identities_at_their_lines(read: Read) -> None:
    found = {one.name: (one.kind, one.id, one.location.line) for one in of(Identity, read(PROGRAM))}
    assert found == {
        "triage": (IdentityKind.AGENT, "agent:openai-agents:app/main.py:triage", 12),
        "writer": (IdentityKind.AGENT, "agent:openai-agents:app/main.py:writer", 13),
        "docs": (IdentityKind.MCP_SERVER, "mcp:app/main.py:docs", 5),
        "mail": (IdentityKind.MCP_SERVER, "mcp:app/main.py:mail", 8),
    }


def test_a_server_is_used_by_the_agent_that_it_is_handed_to(read: Read) -> None:
    used = {one.subject: one.by for one in of(Use, read(PROGRAM)) if one.subject.startswith("mcp:")}
    assert used == {
        "mcp:app/main.py:docs": "agent:openai-agents:app/main.py:writer",
        "mcp:app/main.py:mail": "agent:openai-agents:app/main.py:triage",
    }


def test_a_server_that_nobody_is_seen_to_have_is_used_by_all_of_the_file(read: Read) -> None:
    text = PROGRAM.replace("mcp_servers=[docs]", "mcp_servers=[*every]")
    users = [one.by for one in of(Use, read(text)) if one.subject == "mcp:app/main.py:docs"]
    assert [one.rpartition(":")[2] for one in users] == ["triage", "writer"]


def test_what_a_server_is_handed_is_a_credential_by_name(read: Read) -> None:
    observed = read(PROGRAM)
    assert {(one.id, one.name) for one in of(Credential, observed)} == {
        ("environment:app:DOCS_TOKEN", "DOCS_TOKEN")
    }


def test_who_runs_a_remote_server_is_trusted_by_the_agent(read: Read) -> None:
    [trust] = of(Trust, read(PROGRAM))
    assert (trust.principal, trust.identity) == (
        "mcp.mail.example", "agent:openai-agents:app/main.py:triage",
    )  # fmt: skip


def test_a_key_of_a_model_is_a_credential_of_the_agent_without_its_text(read: Read) -> None:
    word = "q8Zr4Tn2LwX7" + "vB9mKpDd"
    observed = read(
        "from crewai import Agent\nfrom langchain_openai import ChatOpenAI\n"
        f"Agent(role='writer', llm=ChatOpenAI(api_key='{word}'))\n"
    )
    [credential] = of(Credential, observed)
    assert credential.fingerprint
    assert [one.by for one in of(Use, observed)] == ["agent:crewai:app/main.py:writer"]
    assert word not in repr(observed)


@pytest.mark.parametrize(
    ("text", "path", "agent"),
    [
        ("from google.adk.agents import LlmAgent\nLlmAgent(name='x')", "a.py", "google-adk"),
        ("from strands import Agent\nx = Agent()", "a.py", "strands"),
        ("from pydantic_ai import Agent\nx = Agent('m')", "a.py", "pydantic-ai"),
        ("from langgraph.prebuilt import create_react_agent\nx = create_react_agent(m, [])", "a.py", "langgraph"),
        ("from autogen_agentchat.agents import AssistantAgent\nx = AssistantAgent('x')", "a.py", "autogen"),
        ("import { Agent } from '@mastra/core/agent';\nconst x = new Agent({})", "a.ts", "mastra"),
        ("import { createReactAgent } from '@langchain/langgraph/prebuilt';\nconst x = createReactAgent({})", "a.js", "langgraph"),
        ("import { query } from '@anthropic-ai/claude-agent-sdk';\nconst x = query({ prompt: 'a' })", "a.mjs", "claude-agent-sdk"),
    ],
)  # fmt: skip
def test_every_framework_is_known_by_its_package(
    read: Read, text: str, path: str, agent: str
) -> None:
    [one] = of(Identity, read(text, path))
    assert (one.id, one.provider) == (f"agent:{agent}:{path}:x", agent)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("from dqn import Agent\nAgent()", "a.py"),
        ("class Agent: pass\nAgent()", "a.py"),
        ("import { Agent } from './agents';\nnew Agent()", "a.ts"),
        ("import { Agent } from 'https';\nnew Agent({ keepAlive: true })", "a.ts"),
    ],
)
def test_other_things_that_are_called_agents_are_none(read: Read, text: str, path: str) -> None:
    assert of(Identity, read(text, path)) == []


def test_that_an_agent_asks_nobody_stands_where_it_is_said(read: Read) -> None:
    text = (
        "from claude_agent_sdk import ClaudeAgentOptions\n"
        "x = ClaudeAgentOptions(\n    permission_mode='bypassPermissions')\n"
    )
    [setting] = _things(read(text), "agent_setting")
    assert (setting.settings["value"], setting.location.line) == ("never", 3)


def test_servers_of_scripts_have_their_headers(read: Read) -> None:
    text = (
        "import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';\n"
        "const t = new StreamableHTTPClientTransport(new URL('https://a.example/mcp'),\n"
        "  { requestInit: { headers: { Authorization: `Bearer ${process.env.A_TOKEN}` } } });\n"
    )
    observed = read(text, "a.ts")
    assert [one.settings["authenticated"] for one in _things(observed, "mcp_endpoint")] == [True]
    assert [one.name for one in of(Credential, observed)] == ["A_TOKEN"]


def test_a_client_of_one_server_is_told_by_its_transport(read: Read) -> None:
    text = (
        "import { experimental_createMCPClient } from 'ai';\n"
        "const mail = await experimental_createMCPClient({\n"
        "  transport: { type: 'sse', url: 'http://mail.acme.example/sse' },\n});\n"
    )
    observed = read(text, "a.ts")
    assert [one.name for one in of(Identity, observed)] == ["mail"]
    assert [one.settings["scheme"] for one in _things(observed, "mcp_endpoint")] == ["http"]


def test_of_a_change_only_what_it_touches_counts(read: Read) -> None:
    observed = read(PROGRAM, changed=[(12, 12)])
    assert {one.name for one in of(Identity, observed)} == {"triage"}


def test_a_file_without_a_framework_is_not_parsed(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keymuster.collect.agents.programs.observations", None)
    assert read("import requests\nagent = 'curl'\n") == []


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (
            "from strands import Agent\nfrom strands_tools import python_repl, shell\n"
            "a = Agent(tools=[shell, python_repl])",
            {("commands", "shell", 3), ("code", "python_repl", 3)},
        ),
        ("from strands import Agent\na = Agent(tools=[search, shell()])", set()),
        ("from pydantic_ai import Agent\na = Agent(tools=[shell])", set()),
        (
            "from crewai_tools import CodeInterpreterTool\na = CodeInterpreterTool(unsafe_mode=True)",
            {("code", "unsafe_mode", 2)},
        ),
        ("from crewai_tools import CodeInterpreterTool\na = CodeInterpreterTool()", set()),
    ],
)
def test_tools_that_run_what_a_model_writes(
    read: Read, text: str, runs: set[tuple[str, str, int]]
) -> None:
    found = _things(read(text), "agent_tool")
    assert {(x.settings["runs"], x.settings["by"], x.location.line) for x in found} == runs


@pytest.mark.parametrize(
    "program",
    [
        *(f"from {name} import x  # Tool" for name in (
            "crewai", "agents", "strands", "google.adk", "pydantic_ai", "agno", "haystack", "llama_index",
            "agent_framework", "langchain", "langgraph", "deepagents", "autogen", "ag2", "smolagents", "semantic_kernel",
            "claude_agent_sdk", "claude_code_sdk", "mcp", "openai", "anthropic",
        )),
        *(f"import {{ Tool }} from '{name}" for name in (
            "@openai/agents'", "@strands-agents/x'", "@google/adk'", "@mastra/core'", "@langchain/core'", "langchain'",
            "ai'", 'ai"', "@ai-sdk/x'", "@anthropic-ai/sdk'", "openai'", "@modelcontextprotocol/sdk'",
        )),
    ],
)  # fmt: skip
def test_whatever_is_imported_is_one_of_the_names(program: str) -> None:
    assert may_build_agents(program.encode())
    assert any(name in program.encode() for name in NAMES)
