"""Agents that programs build with a framework: which calls build one, and what its arguments say.

A function counts by its last word and by the package that it was imported from, as its framework's own
documentation imports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from keymuster.collect.agents import shown
from keymuster.collect.syntax.code import Call, Code
from keymuster.collect.syntax.node import Node

_AGENTS: dict[str, dict[str, str]] = {
    "Agent": {
        "crewai": "crewai", "agents": "openai-agents", "@openai/agents": "openai-agents",
        "strands": "strands", "@strands-agents/sdk": "strands", "google.adk": "google-adk",
        "@google/adk": "google-adk", "pydantic_ai": "pydantic-ai", "agno": "agno",
        "@mastra/core": "mastra", "haystack": "haystack", "llama_index": "llamaindex",
        "agent_framework": "agent-framework",
    },
    "LlmAgent": {"google.adk": "google-adk", "@google/adk": "google-adk"},
    "SandboxAgent": {"agents": "openai-agents"},
    "LiteAgent": {"crewai": "crewai"},
    "create_react_agent": {"langgraph": "langgraph", "langchain": "langchain"},
    "createReactAgent": {"@langchain/langgraph": "langgraph", "langchain": "langchain"},
    "create_agent": {"langchain": "langchain"},
    "createAgent": {"langchain": "langchain", "@langchain": "langchain"},
    "create_deep_agent": {"deepagents": "langgraph"},
    "create_supervisor": {"langgraph_supervisor": "langgraph"},
    "initialize_agent": {"langchain": "langchain"},
    "create_tool_calling_agent": {"langchain": "langchain"},
    "create_openai_functions_agent": {"langchain": "langchain"},
    "create_sql_agent": {"langchain": "langchain"},
    "AssistantAgent": {"autogen": "autogen", "ag2": "autogen"},
    "ConversableAgent": {"autogen": "autogen", "ag2": "autogen"},
    "UserProxyAgent": {"autogen": "autogen", "ag2": "autogen"},
    "CodeExecutorAgent": {"autogen": "autogen"},
    "CodeAgent": {"smolagents": "smolagents"},
    "ToolCallingAgent": {"smolagents": "smolagents"},
    "FunctionAgent": {"llama_index": "llamaindex"},
    "ReActAgent": {"llama_index": "llamaindex"},
    "ChatCompletionAgent": {"semantic_kernel": "semantic-kernel"},
    "ChatAgent": {"agent_framework": "agent-framework"},
    "ToolLoopAgent": {"ai": "vercel-ai"},
    "Experimental_Agent": {"ai": "vercel-ai"},
    "ClaudeAgentOptions": {"claude_agent_sdk": "claude-agent-sdk"},
    "ClaudeCodeOptions": {"claude_code_sdk": "claude-agent-sdk"},
    "query": {
        "@anthropic-ai/claude-agent-sdk": "claude-agent-sdk",
        "@anthropic-ai/claude-code": "claude-agent-sdk",
    },
}  # fmt: skip
"""Last word of a function -> package, or the beginning of its name -> framework."""

_SERVERS: dict[str, tuple[str, ...]] = {
    "StdioServerParameters": ("mcp", "google.adk", "strands", "agno", "crewai"),
    "StdioServerParams": ("autogen",),
    "SseServerParams": ("autogen", "google.adk"),
    "StreamableHttpServerParams": ("autogen",),
    "SseConnectionParams": ("google.adk",),
    "StreamableHTTPConnectionParams": ("google.adk",),
    "sse_client": ("mcp",),
    "streamablehttp_client": ("mcp",),
    "streamable_http_client": ("mcp",),
    "MCPServerStdio": ("agents", "pydantic_ai", "@openai/agents"),
    "MCPServerSse": ("agents",),
    "MCPServerSSE": ("pydantic_ai", "@openai/agents"),
    "MCPServerHTTP": ("pydantic_ai", "crewai"),
    "MCPServerStreamableHttp": ("agents", "@openai/agents"),
    "MCPServerStreamableHTTP": ("pydantic_ai",),
    "MCPStdioTool": ("agent_framework",),
    "MCPStreamableHTTPTool": ("agent_framework",),
    "MCPStdioPlugin": ("semantic_kernel",),
    "MCPSsePlugin": ("semantic_kernel",),
    "HostedMCPTool": ("agents", "agent_framework"),
    "hostedMcpTool": ("@openai/agents",),
    "StdioClientTransport": ("@modelcontextprotocol/sdk", "@modelcontextprotocol/client"),
    "StreamableHTTPClientTransport": ("@modelcontextprotocol/sdk", "@modelcontextprotocol/client"),
    "SSEClientTransport": ("@modelcontextprotocol/sdk", "@modelcontextprotocol/client"),
    "Experimental_StdioMCPTransport": ("ai", "@ai-sdk/mcp"),
    "createMCPClient": ("ai", "@ai-sdk/mcp"),
    "experimental_createMCPClient": ("ai", "@ai-sdk/mcp"),
    "BasicMCPClient": ("llama_index",),
}  # fmt: skip
"""What builds one MCP server, and the packages that have it."""

_CLIENTS: dict[str, tuple[str, ...]] = {
    "MultiServerMCPClient": ("langchain_mcp_adapters", "@langchain/mcp-adapters"),
    "MCPClient": ("@mastra/mcp",),
    "MCPConfiguration": ("@mastra/mcp",),
    "MCPServerAdapter": ("crewai_tools",),
}
"""What is given a map of servers."""

_RUNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ShellTool": ("commands", ("langchain",)),
    "BashProcess": ("commands", ("langchain",)),
    "PythonREPLTool": ("code", ("langchain",)),
    "PythonREPL": ("code", ("langchain",)),
    "PythonAstREPLTool": ("code", ("langchain",)),
    "create_pandas_dataframe_agent": ("code", ("langchain",)),
    "create_python_agent": ("code", ("langchain",)),
    "LocalCommandLineCodeExecutor": ("code", ("autogen", "ag2")),
    "LocalShellTool": ("commands", ("agents",)),
    "UnsafeLocalCodeExecutor": ("code", ("google.adk",)),
    "LocalPythonExecutor": ("code", ("smolagents",)),
    "python_repl": ("code", ("strands_tools",)),
    "ShellTools": ("commands", ("agno",)),
    "PythonTools": ("code", ("agno",)),
}
"""Tools that run what a model writes, on the machine itself: what they run, and whose they are."""

_INTERPRETERS: dict[str, tuple[str, ...]] = {"CodeInterpreterTool": ("crewai_tools",)}
"""Tools that run it in a container, if nothing else is said."""

_HANDED_TOOLS = {"strands": {"shell": "commands", "python_repl": "code"}}
"""Framework -> tools that its agents are handed by name, without a call: what they run."""

WORDS = frozenset((*_AGENTS, *_SERVERS, *_CLIENTS, *_RUNS, *_INTERPRETERS, "create"))
"""The last words of all functions that are looked for."""

_NAMES = ("name", "role", "id", "agent_name")
_MODELS = ("model", "llm", "llm_config", "model_client", "chat_client", "chat_model", "service")
_TOOLS = ("tools", "toolkits", "allowed_tools", "allowedTools")
_HANDED = ("mcp_servers", "mcpServers", "mcps")
"""Arguments of an agent that hold servers themselves."""


class Setting(NamedTuple):
    """That an agent asks nobody, or looks at nothing, and where that is said."""

    key: str
    means: str
    value: str
    node: Node


class Runs(NamedTuple):
    """What a model may have run on the machine: `code`, `commands`, `requests`."""

    what: str
    by: str
    node: Node


class Built(Struct, kw_only=True, frozen=True, eq=False):
    """An agent. `options` are its arguments by name."""

    framework: str
    name: str
    model: str
    tools: tuple[str, ...]
    options: dict[str, Node]
    node: Node

    def is_handed(self, server: Node) -> bool:
        """Whether a server is among its arguments."""
        end = (server.end_line, server.end_column)
        return any((one.end_line, one.end_column) == end for one in self.node.walk())

    def __repr__(self) -> str:  # options may be secrets
        return f"Built({self.framework!r}, {self.name!r})"


class Found(NamedTuple):
    """All that a program builds; each server as its name and what it is given."""

    agents: list[Built]
    servers: list[tuple[str, Node]]
    settings: list[Setting]
    runs: list[Runs]


def found(code: Code) -> Found:
    """What the calls of a program build."""
    result = Found([], [], [], [])
    for call in code.calls(_is_wanted, WORDS):
        last = call.function.rpartition(".")[2]
        options = _options(call)
        if framework := _framework(call.function):
            result.agents.append(_agent(call, framework, options))
            result.settings.extend(_settings(options))
            result.runs.extend(_allowed(options))
            result.runs.extend(_by_name(framework, options))
            for key in _HANDED:
                result.servers.extend(_handed(options.get(key)))
        elif last in _SERVERS:
            result.servers.extend(_server(call, options))
        elif last in _CLIENTS:
            result.servers.extend(_several(call, options))
        elif last in _INTERPRETERS:
            result.runs.extend(_allowed(options))
        elif last in _RUNS:
            result.runs.append(Runs(_RUNS[last][0], last, call.arguments))
        else:  # a request to a model, with servers that it shall call itself
            result.servers.extend(_hosted(options))
    return result


def _is_wanted(function: str) -> bool:
    last = function.rpartition(".")[2]
    packages = _SERVERS.get(last) or _CLIENTS.get(last) or _INTERPRETERS.get(last) or ()
    packages = _RUNS[last][1] if last in _RUNS else packages
    if packages:
        return _is_of(function, packages)
    return bool(_framework(function)) or function.endswith(
        (".responses.create", ".messages.create")
    )


def _framework(function: str) -> str:
    packages = _AGENTS.get(function.rpartition(".")[2], {})
    return next((name for one, name in packages.items() if _is_of(function, (one,))), "")


def _is_of(function: str, packages: Iterable[str]) -> bool:
    """Whether a function is of a package, of one inside it, or of one whose name goes on (`langchain_core`)."""
    for one in packages:
        if function.startswith(one):
            rest = function[len(one) :]
            if rest[:1] in (".", "/") or (len(one) > 6 and rest[:1] in ("_", "-")):
                return True
    return False


def _options(call: Call) -> dict[str, Node]:
    """The arguments by name: those of the object that a script hands over, too."""
    given = dict(call.arguments.entries())
    first = given.get("0")
    if first is not None and not first.tag and isinstance(first.value, dict):
        given = {**given, **first.value}
    inner = given.get("options")
    if inner is not None and not inner.tag and isinstance(inner.value, dict):
        given = {**inner.value, **given}
    return given


def _agent(call: Call, framework: str, options: dict[str, Node]) -> Built:
    names = [node.text() for key in _NAMES if (node := options.get(key)) and node.text()]
    told = next((one for one in names if "${" not in one), "")
    tools = next((options[key] for key in _TOOLS if key in options), None)
    return Built(
        framework=framework,
        name=shown.text(told or call.bound or framework)[:100],
        model=_model(options),
        tools=tuple(_tool(one) for one in tools.items()) if tools else (),
        options=options,
        node=call.arguments,
    )


def _model(options: dict[str, Node]) -> str:
    """The name of the model, if it is told: text, or an argument of what is made for it."""
    node = next((options[key] for key in _MODELS if key in options), None) or options.get("0")
    for _ in range(3):
        if node is None:
            return ""
        if isinstance(node.value, str):
            return "" if "${" in node.value else node.value[:100]
        keys = ("model", "model_name", "model_id", "0", "config_list")
        node = next((inner for key in keys if (inner := node.get(key))), None)
        if node is not None and isinstance(node.value, list):
            node = node.value[0] if node.value else None
    return ""


def _tool(node: Node) -> str:
    """What a tool is called: a text, a name, or what makes it."""
    if node.tag:
        return node.tag.removesuffix("()").rpartition(".")[2][:80]
    return node.text().removeprefix("${(").removesuffix(")}")[:80]


def _settings(options: dict[str, Node]) -> Iterator[Setting]:
    for key, wanted, means, value in _SAID:
        node = options.get(key)
        if node is not None and node.text() == wanted:
            yield Setting(key, means, value, node)


_SAID = (
    ("permission_mode", "bypassPermissions", "approval", "never"),
    ("permissionMode", "bypassPermissions", "approval", "never"),
    ("permission_mode", "acceptEdits", "approval", "edits"),
    ("permissionMode", "acceptEdits", "approval", "edits"),
    ("allowDangerouslySkipPermissions", "true", "bypass", "accepted"),
    ("human_input_mode", "NEVER", "approval", "never"),
)
"""Argument, its value, and what that is in the words of a client's settings."""


def _allowed(options: dict[str, Node]) -> Iterator[Runs]:
    """What an agent itself is allowed to run."""
    flags = (
        ("allow_dangerous_code", "code"),
        ("unsafe_mode", "code"),
        ("allow_dangerous_requests", "requests"),
    )
    for key, what in flags:
        node = options.get(key)
        if node is not None and node.value is True:
            yield Runs(what, key, node)
    mode = options.get("code_execution_mode")  # of CrewAI; `safe` is in a container
    if mode is not None and mode.text() == "unsafe":
        yield Runs("code", "code_execution_mode", mode)
    execution = options.get("code_execution_config")
    docker = execution.get("use_docker") if execution else None
    if docker is not None and docker.value is False:
        yield Runs("code", "use_docker", docker)


def _by_name(framework: str, options: dict[str, Node]) -> Iterator[Runs]:
    known = _HANDED_TOOLS.get(framework, {})
    tools = options.get("tools")
    for one in tools.items() if known and tools else ():
        name = _tool(one).rpartition(".")[2]
        if name in known and not one.tag:
            yield Runs(known[name], name, one)


def _server(call: Call, options: dict[str, Node]) -> Iterator[tuple[str, Node]]:
    """The one server of a call: named, or called like what it is bound to."""
    inner = options.get("tool_config") or options.get("params")
    nested = inner if inner is not None and isinstance(inner.value, dict) else None
    if nested is not None and nested.tag:  # the call inside says it
        return
    given = {**options, **(dict(nested.entries()) if nested else {})}
    first, second = given.get("0"), given.get("1")
    if second is not None and not second.tag:
        given = {**dict(second.entries()), **given}
    if first is not None:
        target = _address(first)
        if target is not None:
            given["url"] = target
        elif isinstance(first.value, str) and "command" not in given:
            given["command"] = first
            if second is not None and isinstance(second.value, list):
                given["args"] = second
    if (line := given.get("fullCommand")) is not None:
        given["command"] = line
    named = [given[key] for key in ("server_label", "serverLabel", "name") if key in given]
    name = next((one.text() for one in named if one.text() and "${" not in one.text()), "")
    yield name or call.bound or f"line {call.arguments.line}", _entry(call.arguments, given)


def _address(node: Node) -> Node | None:
    """`https://...`, or `new URL("https://...")`."""
    inner = node.get("0") if node.tag == "URL()" else node
    return inner if inner is not None and inner.text().startswith(("http://", "https://")) else None


def _several(call: Call, options: dict[str, Node]) -> Iterator[tuple[str, Node]]:
    servers = options.get("mcpServers") or options.get("servers") or options.get("connections")
    given = servers or options.get("0") or call.arguments
    for name, entry in given.entries():
        if isinstance(entry.value, dict) and not entry.tag:
            values = dict(entry.value)
            if "url" in values:
                values["url"] = _address(values["url"]) or values["url"]
            yield name, _entry(entry, values)


def _handed(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Servers that an agent is given as they are: a map of them, or addresses."""
    if node is None or node.tag:
        return
    for name, entry in node.entries():
        if isinstance(entry.value, dict) and not entry.tag:
            yield name, _entry(entry, dict(entry.value))
    for number, one in enumerate(node.value if isinstance(node.value, list) else ()):
        if one.text().startswith(("http://", "https://")):
            yield f"{number + 1}", _entry(one, {"url": one})


def _hosted(options: dict[str, Node]) -> Iterator[tuple[str, Node]]:
    """Servers that the vendor of a model shall call: `{"type": "mcp", "server_url": ...}`."""
    for key in ("tools", "mcp_servers"):
        for one in options[key].items() if key in options else ():
            url = one.get("server_url") or (one.get("url") if key == "mcp_servers" else None)
            if url is not None:
                label = one.get("server_label") or one.get("name") or one
                yield label.text() or f"line {one.line}", _entry(one, dict(one.entries()))


def _entry(place: Node, given: dict[str, Node]) -> Node:
    """A server with its settings, so that what runs without asking is said as clients say it."""
    approval = given.get("require_approval") or given.get("requireApproval")
    allowed = given.get("allowed_tools") or given.get("allowedTools")
    token = given.get("authorization_token")
    if token is not None:
        given = {**given, "authorization": token}
    if approval is not None and approval.text() == "never":
        always = allowed.items() if allowed is not None else [approval.holding("*")]
        given = {
            **given,
            "autoApprove": approval.holding([approval.holding(x.text()) for x in always]),
        }
    return place.holding({key: one for key, one in given.items() if not key.isdigit()})
