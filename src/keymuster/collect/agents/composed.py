"""Agents and MCP servers that services of a Compose file are."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster import regex
from keymuster.collect.agents.launchers import launch
from keymuster.collect.agents.server_facts import things
from keymuster.collect.agents.servers import Server, Word, split
from keymuster.collect.ci.things import Thing
from keymuster.collect.syntax.node import Node

_AGENT = regex.later(
    r"(?i)(?:\A|[^a-z])(?:mcp|agent|agents|claude|codex|gemini-cli|opencode|openclaw|goose|aider|openhands|modelcontextprotocol)(?:\Z|[^a-z])"
)
CLIENT = "compose"
_SAID_ELSEWHERE = ("socket", "credentials")
"""Mounts that are judged for all services."""


def of(root: Node) -> Iterator[Thing]:
    """What there is to say of the services that are servers for agents, or agents."""
    services = root.get("services")
    for name, service in services.entries() if services else ():
        if isinstance(service.value, dict) and _is_for_agents(name, service):
            server = _server(name, service)
            for one in things(server, launch(server.words), CLIENT):
                if one.settings.get("what") not in _SAID_ELSEWHERE:
                    yield one


def _is_for_agents(name: str, service: Node) -> bool:
    image, command = service.get("image"), service.get("command")
    said = [name, image.text().rpartition("@")[0] or image.text() if image else ""]
    said += [item.text() for item in command.items()] if command else []
    return any(_AGENT.search(text[:400]) for text in said)


def _server(name: str, service: Node) -> Server:
    """The service as the command line that would start it."""
    settings = {}
    if (environment := service.get("environment")) is not None:
        settings["env"] = environment
    return Server(name=name, node=service, settings=settings, words=tuple(_words(service)))


def _words(service: Node) -> Iterator[Word]:
    yield Word("docker", service)
    yield Word("run", service)
    for item in _items(service.get("ports")):
        yield from (Word("-p", item), Word(_port(item), item))
    for item in _items(service.get("volumes")):
        source, target = item.get("source"), item.get("target")
        text = item.text() or f"{source.text() if source else ''}:{target.text() if target else ''}"
        if (read_only := item.get("read_only")) is not None and read_only.value is True:
            text += ":ro"
        if ":" in text:
            yield from (Word("-v", item), Word(text, item))
    privileged = service.get("privileged")
    if privileged is not None and privileged.value is True:
        yield Word("--privileged", privileged)
    for key, option in (
        ("network_mode", "--network"),
        ("pid", "--pid"),
        ("ipc", "--ipc"),
        ("userns_mode", "--userns"),
    ):
        if (node := service.get(key)) is not None:
            yield from (Word(option, node), Word(node.text(), node))
    for key, option in (
        ("cap_add", "--cap-add"),
        ("security_opt", "--security-opt"),
        ("devices", "--device"),
    ):
        for item in _items(service.get(key)):
            yield from (Word(option, item), Word(item.text(), item))
    if (image := service.get("image")) is not None:
        yield Word(image.text(), image)
        command = service.get("command")
        for item in _items(command):
            parts = split(item.text()) if command is item else [item.text()]
            yield from (Word(part, item) for part in parts)


def _port(item: Node) -> str:
    published, target, address = item.get("published"), item.get("target"), item.get("host_ip")
    if target is None:
        return item.text()
    ports = f"{published.text() if published else ''}:{target.text()}"
    return f"{address.text()}:{ports}" if address else ports


def _items(node: Node | None) -> list[Node]:
    return node.items() if node is not None else []
