"""Whether a program may build agents: asked of what it imports, before it is parsed."""

from __future__ import annotations

PROGRAMS = (".py", ".ts", ".mts", ".cts", ".tsx", ".js", ".jsx", ".mjs", ".cjs")
"""How the names of programs end that may build agents."""

MARKS = (b"gent", b"mcp", b"MCP", b"Tool")
"""One of these is in the name of everything that builds an agent; most programs hold none."""

NAMES = (
    b"crewai", b"agents", b"strands", b"google.adk", b"@google/adk", b"pydantic_ai", b"agno", b"haystack", b"llama_index",
    b"agent_framework", b"langchain", b"langgraph", b"autogen", b"ag2", b"semantic_kernel", b"claude_agent_sdk",
    b"claude_code_sdk", b"mcp", b"openai", b"anthropic", b"@mastra/", b"@ai-sdk/", b"@modelcontextprotocol/",
    b"'ai'", b'"ai"', b"'ai\"", b"\"ai'",
)  # fmt: skip
"""One of these is in whatever `may_build_agents` is true of: in a large program, that is sooner seen."""

_IMPORTS = rb"""(?mx)
    ^[ \t]{0,40}(?:from|import)[ \t]+(?:crewai|agents|strands|google\.adk|pydantic_ai|agno|haystack|llama_index|agent_framework
        |langchain|langgraph|deepagents|autogen|ag2|smolagents|semantic_kernel|claude_agent_sdk|claude_code_sdk|mcp|openai|anthropic)
    | (?:\bfrom|\brequire\(|\bimport\()\s{0,4}["'](?:@openai/agents|@strands-agents|@google/adk|@mastra/|@langchain/|langchain
        |ai["']|@ai-sdk/|@anthropic-ai/|openai["']|@modelcontextprotocol/)
    """


def may_build_agents(program: bytes) -> bool:
    """Whether a program imports something that agents are built with."""
    for mark in MARKS:  # each program is asked: `any` takes three times as long
        if mark in program:
            import re  # a glance at most changes needs none

            return re.search(_IMPORTS, program) is not None
    return False
