"""What the publisher of an MCP server says of it: `server.json` of the registry, `manifest.json` of a bundle.

Each package and each address becomes a server as a client would start or reach it, so that what holds for
those holds for these.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from keymuster.collect.agents import records, secrets, server_facts, shown
from keymuster.collect.agents.launchers import launch
from keymuster.collect.agents.servers import Server, server
from keymuster.collect.base import Blob
from keymuster.collect.ci.things import Thing, resources
from keymuster.collect.literals.names import is_vague, kind_of
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Node
from keymuster.model import Identity, IdentityKind, Observation
from keymuster.model.ids import in_id

REGISTRY, BUNDLE = "mcp-registry", "mcp-bundle"
_MOST = 500
"""Packages, addresses or inputs of one manifest."""

_STARTERS = {
    "npm": ("npx", "@"), "pypi": ("uvx", "=="), "nuget": ("dnx", "@"), "oci": ("docker", ":"), "docker": ("docker", ":"),
}  # fmt: skip
"""Registry: what starts its packages, and what stands before a version."""


class Input(NamedTuple):
    """What a user has to give. `marked` says that the manifest calls it a secret."""

    name: str
    marked: bool
    value: Node | None
    place: Node


def kind(root: Node) -> str:
    """Which manifest a file is; empty if it is none."""
    if root.get("server", "mcp_config") is not None or _is_bundle(root):
        return BUNDLE
    listed = [one for key in ("packages", "remotes") for one in _list(root, key)]
    if root.get("name") is None or not listed:
        return ""
    schema = root.text("$schema")
    if "modelcontextprotocol" in schema and "server" in schema:
        return REGISTRY
    return REGISTRY if any(map(_is_entry, listed)) else ""


def of(
    root: Node, kind: str, sealing: Sealing, wanted: Container[str], blob: Blob
) -> Iterator[Observation]:
    """The server, the secrets that it wants, and what policies ask about how it is started."""
    name = shown.text(root.text("name") or "server")[:200]
    place = root.get("name") or root
    found = list(_bundled(root, name) if kind == BUNDLE else _published(root, name))
    started = [records.Started(one, launch(one.words)) for one in found]
    id = f"mcp:{in_id(blob.path)}:{name}"
    yield Identity(
        id=id, kind=IdentityKind.MCP_SERVER, provider=kind, name=name, location=place.location(),
        aliases=tuple(dict.fromkeys((f"mcp:{name}", *(alias for one in started for alias in records.really(*one))))),
        purpose=shown.text(root.text("description"))[:300],
    )  # fmt: skip
    folder = blob.path.rpartition("/")[0]
    inputs = list(_user_config(root) if kind == BUNDLE else _inputs(root))
    seen: set[str] = set()
    credentials = [one for all in started for one in secrets.of_server(*all, sealing, folder)]
    credentials += secrets.credentials(_wanted(inputs), sealing, folder)
    for one in credentials:
        yield one
        if one.id not in seen:
            seen.add(one.id)
            yield records.use(one, id)
    things = [thing for one in started for thing in server_facts.things(*one, kind)]
    things += (_input(one, name, kind) for one in inputs)
    yield from resources(f"mcp-manifest:{in_id(blob.path)}", things, wanted, blob)


def _is_bundle(root: Node) -> bool:
    has_version = any(root.get(key) is not None for key in ("dxt_version", "mcpb_version"))
    return has_version and root.get("server", "entry_point") is not None


def _is_entry(node: Node) -> bool:
    if any(node.get(key) is not None for key in ("registryType", "registry_type", "registry_name")):
        return True
    transport = node.text("type") or node.text("transport_type")
    return bool(node.text("url")) and transport in (
        "sse",
        "streamable-http",
        "streamable",
        "http",
    )


def _bundled(root: Node, name: str) -> Iterator[Server]:
    config = root.get("server", "mcp_config")
    if config is None:
        return
    yield server(name, config)
    overrides = config.get("platform_overrides")
    for platform, entry in overrides.entries() if overrides else ():
        if isinstance(entry.value, dict):
            yield server(f"{name} on {platform[:20]}", entry)


def _published(root: Node, name: str) -> Iterator[Server]:
    for one in _list(root, "packages"):
        yield server(name, one.holding(_started(one)))
    for one in _list(root, "remotes"):
        settings = {"url": url} if (url := one.get("url")) is not None else {}
        headers = {
            said: value
            for header in _list(one, "headers")
            if (said := header.text("name")) and (value := _given(header, said)) is not None
        }
        yield server(name, one.holding({**settings, "headers": one.holding({**headers})}))


def _started(package: Node) -> dict[str, Node]:
    """The command line that a client makes of a package."""
    registry = _first(package, "registryType", "registry_type", "registry_name")
    identifier = package.get("identifier") or package.get("name")
    version = package.get("version")
    starter, sign = _STARTERS.get(registry.lower(), ("", ""))
    environment = {
        one.name: one.value
        for one in _of_list(package, "environmentVariables", "environment_variables")
        if one.value is not None and not one.marked
    }
    found = {"env": package.holding({**environment})}
    if identifier is None or not starter:
        return found
    text = identifier.text()
    said = version.text() if version is not None else ""
    is_whole = starter == "docker" and (":" in text.rpartition("/")[2] or "@" in text)
    place = version if version is not None and said and not is_whole else identifier
    words = [place.holding(f"{text}{sign}{said}" if said and not is_whole else text)]
    before = list(_words(package, "runtimeArguments", "runtime_arguments"))
    after = list(_words(package, "packageArguments", "package_arguments"))
    if starter == "docker":
        before = [identifier.holding("run"), *before]
    found["command"] = identifier.holding(starter)
    found["args"] = package.holding([*before, *words, *after])
    return found


def _words(package: Node, *keys: str) -> Iterator[Node]:
    for one in (item for key in keys for item in _list(package, key)):
        value = one.get("value") or one.get("default")
        if one.text("type") == "named" and (name := one.get("name")) is not None:
            yield name
        if value is not None and not _is_marked(one):
            yield value


def _inputs(root: Node) -> Iterator[Input]:
    for package in _list(root, "packages"):
        yield from _of_list(package, "environmentVariables", "environment_variables")
        for key in (
            "runtimeArguments",
            "packageArguments",
            "runtime_arguments",
            "package_arguments",
        ):
            yield from (one for one in _of_list(package, key) if one.marked)
            for one in _list(package, key):
                yield from _variables(one)
    for remote in _list(root, "remotes"):
        yield from (one for one in _of_list(remote, "headers") if one.marked)
        for one in (remote, *_list(remote, "headers")):
            yield from _variables(one)


def _of_list(node: Node, *keys: str) -> Iterator[Input]:
    for one in (item for key in keys for item in _list(node, key)):
        if name := one.text("name") or one.text("valueHint") or one.text("value_hint"):
            place = one.get("name") or one
            yield Input(name[:200], _is_marked(one), _given(one, name), place)


def _variables(node: Node) -> Iterator[Input]:
    """What is to be filled in inside a value: `Bearer {token}`."""
    found = node.get("variables")
    for name, one in list(found.entries() if found else ())[:_MOST]:
        yield Input(name[:200], _is_marked(one), _given(one, name), one.first_line())


def _user_config(root: Node) -> Iterator[Input]:
    found = root.get("user_config")
    for name, one in list(found.entries() if found else ())[:_MOST]:
        if one.text("type") in ("string", ""):
            marked = one.text("sensitive") == "true"
            yield Input(f"user_config.{name}"[:200], marked, _given(one, name), one.first_line())


def _given(one: Node, name: str) -> Node | None:
    """What an input is if nobody gives another; a reference to it if that is all there is."""
    value = one.get("value") or one.get("default")
    if value is not None and value.text():
        return value
    return one.first_line().holding(f"${{{name}}}") if name.isidentifier() else None


def _wanted(inputs: list[Input]) -> Iterator[secrets.Given]:
    for one in inputs:
        name = one.name.rpartition(".")[2]
        if one.value is not None and (one.marked or kind_of(name)):
            yield from secrets.of_header(name, one.value.text(), one.value, secrets.CONFIGURED)
            if one.marked and not kind_of(name):
                yield secrets.Given(name, one.value.text(), one.value, certain=True)


def _input(one: Input, server: str, client: str) -> Thing:
    name = one.name.rpartition(".")[2]
    is_secret = kind_of(name) is not None and not is_vague(name)
    return Thing(
        "mcp_manifest_input", one.name, f"{server[:80]}: {name[:80]}", one.place.location(),
        {"server": server, "client": client, "secret": is_secret, "marked": one.marked},
    )  # fmt: skip


def _is_marked(one: Node) -> bool:
    return "true" in (one.text("isSecret"), one.text("is_secret"), one.text("sensitive"))


def _list(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    if found is None or not isinstance(found.value, list):
        return []
    return [one for one in found.value[:_MOST] if isinstance(one.value, dict)]


def _first(node: Node, *keys: str) -> str:
    return next((text for key in keys if (text := node.text(key))), "")
