"""MCP servers, whatever client declares them, in the words of `.mcp.json`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from keymuster import regex
from keymuster.collect.agents import shown
from keymuster.collect.agents.clients import places
from keymuster.collect.syntax.node import Node

_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "command": (("command",), ("cmd",), ("transport", "command"), ("params", "command")),
    "args": (("args",), ("arguments",), ("transport", "args"), ("params", "args")),
    "env": (
        ("env",), ("environment",), ("envs",), ("transport", "env"), ("params", "env"),
    ),
    "url": (
        ("url",), ("uri",), ("httpUrl",), ("serverUrl",), ("server_url",), ("endpoint",), ("baseUrl",),
        ("transport", "url"), ("params", "url"),
    ),
    "headers": (
        ("headers",), ("http_headers",), ("requestOptions", "headers"), ("requestInit", "headers"),
        ("transport", "headers"), ("transport", "requestOptions", "headers"), ("params", "headers"),
    ),
    "autoApprove": (
        ("autoApprove",), ("alwaysAllow",), ("always_allow",), ("autoApproved",), ("auto_approve",),
    ),
    "tools": (
        ("tools",), ("includeTools",), ("enabled_tools",), ("enabledTools",), ("available_tools",),
        ("allowedTools",), ("allowed_tools",),
    ),
    "disabledTools": (("disabledTools",), ("excludeTools",), ("disabled_tools",)),
    "envFile": (("envFile",), ("env_file",)),
    "cwd": (("cwd",), ("workingDirectory",)),
    "trust": (("trust",), ("trusted",)),
    "type": (("type",), ("transport",), ("transportType",), ("transport", "type")),
}  # fmt: skip
"""A setting of a server, and what clients call it."""

_AUTHENTICATION = (
    "oauth", "auth", "authorization", "authProvider", "authProviderType", "headersHelper", "bearer_token_env_var",
    "env_http_headers", "bearerTokenEnvVar", "targetAudience", "api_key", "apiKey", "bearer_token", "token",
    "scopes", "client_id", "clientId", "oauth_resource", "auth_provider_type", "http_headers_helper",
)  # fmt: skip
"""Settings that say how the client proves itself, besides headers."""

_LAST = (
    "command", "cmd", "args", "url", "uri", "httpUrl", "serverUrl", "headers", "env", "environment", "envs",
)  # fmt: skip
_URL = regex.later(r"(?i)\b(?:https?|wss?)://")

MOST = 2_000
"""Servers in one file."""


class Word(NamedTuple):
    """A word of a command line, and where it stands."""

    text: str
    node: Node


class Server(Struct, kw_only=True, frozen=True, eq=False):
    """One server. `settings` are those of the file, by the names that `.mcp.json` has for them; `words` is
    the command with its arguments. `project` is the folder that a file for many names it for."""

    name: str
    node: Node
    settings: dict[str, Node]
    words: tuple[Word, ...]
    project: str = ""

    def __repr__(self) -> str:  # settings may be secrets
        return f"Server({self.name!r})"

    def text(self, key: str) -> str:
        found = self.settings.get(key)
        return found.text() if found else ""

    def env(self) -> Iterator[tuple[str, Node]]:
        """The variables that the server is given: a map, or a list of names and values."""
        yield from pairs(self.settings.get("env"))

    def headers(self) -> Iterator[tuple[str, Node]]:
        yield from pairs(self.settings.get("headers"))

    @property
    def disabled(self) -> bool:
        return self.text("disabled") == "true"


def pairs(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is None:
        return
    if isinstance(node.value, list):
        for item in node.value:
            named, value = item.get("name"), item.get("value")
            if named and value:
                yield named.text(), value
            elif "=" in item.text():
                key, _, text = item.text().partition("=")
                yield key.strip(), item.holding(text)
        return
    for name, value in node.entries():
        inner = value.get("value")
        yield name, inner if inner is not None else value


def servers(root: Node, where: list[str]) -> Iterator[Server]:
    """Those at the places where a client has them, each place once."""
    seen: set[int] = set()
    count = 0
    for path in where:
        for keys, found in places(root, path):
            if id(found) in seen:
                continue
            seen.add(id(found))
            project = keys[1] if len(keys) > 2 and keys[0] == "projects" else ""
            for one in _within(found, project):
                count += 1
                if count > MOST:
                    return
                yield one


def _within(found: Node, project: str) -> Iterator[Server]:
    if isinstance(found.value, list):
        for item in found.value:
            named = item.get("name") or item.get("id")
            if isinstance(item.value, dict) and looks_like_server(item):
                yield server(named.text() if named else "a server", item, project)
        return
    for name, entry in found.entries():
        if looks_like_server(entry):
            yield server(name, entry, project)


def looks_like_server(entry: Node) -> bool:
    """Whether a map is a server: it is started, is somewhere, or is given something."""
    return isinstance(entry.value, dict) and any(
        entry.get(*path) is not None
        for word in ("command", "url", "args", "env")
        for path in _WORDS[word]
    )


def server(name: str, entry: Node, project: str = "") -> Server:
    """A declared server; `entry` begins where its name stands."""
    settings = {
        word: found
        for word, paths in _WORDS.items()
        if (found := next((one for path in paths if (one := entry.get(*path)) is not None), None))
    }
    for key in (*_AUTHENTICATION, "disabled", "enabled", "env_vars", "env_keys", "verifySsl"):
        if (found := entry.get(key)) is not None:
            settings[key] = found
    if (found := entry.get("requestOptions", "verifySsl")) is not None:
        settings["verifySsl"] = found
    if (enabled := settings.pop("enabled", None)) is not None and enabled.value is False:
        settings["disabled"] = enabled.holding(True)
    return Server(
        name=shown.text(name), node=_whole(entry), settings=settings, words=tuple(_words(entry, settings)),
        project=project,
    )  # fmt: skip


def _words(entry: Node, settings: dict[str, Node]) -> Iterator[Word]:
    command = settings.get("command")
    if command is not None and isinstance(command.value, dict):  # Zed: {path, args, env}
        settings.setdefault("env", command.get("env") or command.holding({}))
        args = command.get("args") or settings.get("args")
        command = command.get("path") or command.get("command")
    else:
        args = settings.get("args")
    for item in command.items() if command else ():
        text = item.text()
        if isinstance(command.value if command else None, str) and _is_line(text):
            yield from (Word(word, item) for word in split(text))
        elif text:
            yield Word(text, item)
    for item in args.items() if args else ():
        if isinstance(args.value if args else None, str):
            yield from (Word(word, item) for word in split(item.text()))
        else:
            yield Word(item.text(), item)


def _is_line(text: str) -> bool:
    """Whether a command is written with its arguments; a path may hold blanks, too."""
    return " " in text.strip() and not re.match(r"(?:[A-Za-z]:)?[/\\]|[~.]{1,2}/", text)


def split(line: str) -> list[str]:
    """The words of a command line."""
    try:
        return shlex.split(line[:20_000], posix=True)
    except ValueError:
        return line[:20_000].split()


def _whole(entry: Node) -> Node:
    """A server from its name to the last line that says something, without a closing bracket."""
    lines = [one.end_line for key, one in entry.entries() if key in _LAST] or [
        one.end_line for _, one in entry.entries()
    ]
    whole = entry.holding(entry.value)
    if lines and max(lines) > entry.line:
        whole.end_line, whole.end_column = max(lines), 1
    return whole


def urls(server: Server) -> Iterator[Word]:
    """The addresses that a server is reached at: its own, and those that a bridge is told."""
    found = server.settings.get("url")
    if found is not None and found.text():
        yield Word(found.text(), found)


def is_url(text: str) -> bool:
    return bool(_URL.match(text))
