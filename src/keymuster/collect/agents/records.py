"""Agents, servers and what they consume, as records."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from keymuster.collect.agents import (
    environments,
    hosts,
    secrets,
    server_facts,
    settings,
    shown,
    tools,
)
from keymuster.collect.agents.clients import Configured, places
from keymuster.collect.agents.launchers import Launch, launch
from keymuster.collect.agents.servers import Server, servers
from keymuster.collect.base import Blob
from keymuster.collect.ci.things import Thing, resources
from keymuster.collect.literals.names import kind_of
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.literals.search import named
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Credential,
    Effect,
    Environment,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.model.ids import in_id
from keymuster.model.location import span


class Started(NamedTuple):
    """A server with what its command line starts."""

    server: Server
    launch: Launch


def of(
    root: Node, configured: Configured, sealing: Sealing, wanted: Container[str], blob: Blob
) -> Iterator[Observation]:
    """All that a file of a client says."""
    file, path = configured.file, blob.path
    declared = [Started(one, launch(one.words)) for one in servers(root, file.servers)]
    said = list(settings.said(root, configured))
    if not declared and not said:
        return
    agent = client_id(configured)
    yield Identity(
        id=agent, kind=IdentityKind.AGENT, provider=configured.client.id, name=configured.client.id,
        location=root.start().location(), aliases=(f"agent:{configured.client.id}",),
    )  # fmt: skip
    if file.agent and (name := shown.text((root.get("name") or root).text())):
        yield Identity(
            id=f"agent:{configured.client.id}:{in_id(path)}:{name}", kind=IdentityKind.AGENT, provider=configured.client.id,
            name=name, location=root.start().location(), aliases=(f"agent:{name}",),
        )  # fmt: skip
    for one in declared:
        if blob.counts(one.server.node.line, one.server.node.end_line):
            yield from server_records(
                one, configured.client.id, agent, path, configured.folder, sealing
            )
    yield from _grants(said, configured, agent, blob)
    for credential in _client_credentials(root, said, configured, sealing):
        if blob.counts(*span(credential.location)):
            yield credential
            yield use(credential, agent)
    yield from resources(
        f"agents:{in_id(path)}", _things(root, declared, said, configured), wanted, blob
    )


def client_id(configured: Configured) -> str:
    return f"agent:{configured.client.id}:{in_id(configured.folder or '.')}"


def server_id(path: str, server: Server) -> str:
    project = f"{server.project}:" if server.project else ""
    return f"mcp:{in_id(path)}:{project}{server.name}"


def server_records(
    one: Started, client: str, agent: str, path: str, folder: str, sealing: Sealing
) -> Iterator[Observation]:
    """A server, who uses it, what it is handed and may do, and who runs it."""
    server, started = one
    id = server_id(path, server)
    place = server.node.location()
    said, _ = environments.environment(server, started)
    yield Identity(
        id=id, kind=IdentityKind.MCP_SERVER, provider=client, name=server.name, location=place,
        aliases=tuple(dict.fromkeys((f"mcp:{server.name}", *really(server, started)))),
        environment=Environment(said) if said else Environment.UNKNOWN,
        status="disabled" if server.disabled else "",
    )  # fmt: skip
    yield Use(id=f"{id}#used-by:{agent}", subject=id, by=agent, kind=UseKind.AGENT, location=place)
    url = hosts.parts(server.text("url"))
    if url is not None and hosts.kind((url.hostname or "").lower()) in ("public", "internal"):
        yield Trust(
            id=f"{id}#operator", identity=agent, principal=(url.hostname or "").lower(), kind=TrustKind.OTHER,
            provider="mcp", location=server.settings["url"].location(),
        )  # fmt: skip
    for credential in secrets.of_server(server, started, sealing, server.project or folder):
        yield credential
        yield use(credential, id)
    yield from _approved(server, id, agent, client)


def _approved(server: Server, id: str, agent: str, client: str) -> Iterator[Grant]:
    """The tools of a server that run without asking, each where it is named."""
    allowed = server.settings.get("autoApprove")
    for item in allowed.items() if allowed else ():
        if name := shown.text(item.text())[:100]:
            yield Grant(
                id=f"{id}#approved:{name}", identity=agent, kind=GrantKind.TOOL_PERMISSION, provider=client,
                actions=(name,), resources=(id,), location=item.location(),
            )  # fmt: skip


def use(credential: Credential, by: str) -> Use:
    return Use(
        id=f"{by}#uses:{credential.id}", subject=credential.id, by=by, kind=UseKind.AGENT, location=credential.location
    )  # fmt: skip


def really(server: Server, started: Launch) -> Iterator[str]:
    """What a server is, whatever it is called here."""
    if started.kind in ("npm", "pypi", "go", "nuget"):
        yield f"mcp-package:{started.kind}/{shown.text(started.name)}"
    elif started.kind == "image":
        yield f"mcp-image:{shown.text(started.name)}"
    elif started.kind == "git":
        yield f"mcp-package:git/{shown.text(started.name)}"
    url = hosts.parts(server.text("url"))
    if url is not None and url.hostname:
        yield f"mcp-url:{shown.address(url)}"[:300]


def _grants(
    said: list[settings.Said], configured: Configured, agent: str, blob: Blob
) -> Iterator[Grant]:
    seen: set[str] = set()
    for rule in settings.rules(said):
        text = tools.shown(rule.text)
        effect = rule.effect
        id = f"{agent}#{blob.path}:{effect}:{text}"
        if effect is None or id in seen or not blob.counts(rule.node.line, rule.node.end_line):
            continue
        seen.add(id)
        yield Grant(
            id=id, identity=agent, kind=GrantKind.TOOL_PERMISSION, provider=configured.client.id, actions=(text,),
            resources=(configured.folder or ".",), effect=Effect(effect), location=rule.node.location(),
        )  # fmt: skip


def _client_credentials(
    root: Node, said: list[settings.Said], configured: Configured, sealing: Sealing
) -> Iterator[Credential]:
    """The secrets among the settings of a client itself: keys of models, variables."""
    values = (secrets.Given(*one) for one in _client_values(root, said))
    yield from secrets.credentials(values, sealing, configured.folder)


def _client_values(root: Node, said: list[settings.Said]) -> Iterator[tuple[str, str, Node]]:
    for one in said:
        if one.means == "variables":
            for name, node in one.node.entries():
                yield name, node.text(), node
    for key in (
        "models",
        "provider",
        "providers",
        "model_providers",
        "language_models",
        "embeddingsProvider",
        "channels",
        "gateway",
    ):
        holder = root.get(key)
        for inner in named(holder) if holder else ():
            if inner.name not in ("id", "key") and not inner.name.endswith("env_key"):
                yield inner.name, inner.node.text(), inner.node
    for path in ("inputs", "mcp.inputs"):
        for _, node in places(root, path):
            for item in node.items():
                yield from _input(item)


def _input(item: Node) -> Iterator[tuple[str, str, Node]]:
    """What an input is if nobody gives another value, where it asks for a secret."""
    default, id = item.get("default"), item.get("id")
    password = item.get("password")
    if default is not None and id is not None:
        is_secret = password is not None and password.value is True
        yield (f"{id.text()}-secret" if is_secret else id.text()), default.text(), default


def _things(
    root: Node, declared: list[Started], said: list[settings.Said], configured: Configured
) -> Iterator[Thing]:
    for one in declared:
        yield from server_facts.things(one.server, one.launch, configured.client.id)
    yield from _mixed(declared, configured.client.id)
    yield from settings.things(said, configured)
    yield settings.whole(said, configured, root)
    yield from _forwarded(root, declared, configured)


def _mixed(declared: list[Started], client: str) -> Iterator[Thing]:
    """Production beside something else, in one configuration or in one server."""
    found = [(one, *environments.environment(one.server, one.launch)) for one in declared]
    others = sorted({said for _, said, _ in found if said and not environments.is_production(said)})
    for one, said, all in found:
        beside = sorted(name for name in all if not environments.is_production(name))
        if environments.is_production(said) and others:
            yield _environment(one, one.server.node, others, client)
        elif "production" in all and beside:
            yield _environment(one, all["production"], beside, client)


def _environment(one: Started, place: Node, beside: list[str], client: str) -> Thing:
    return Thing(
        "mcp_environment", f"{one.server.project}:{one.server.name}", one.server.name, place.location(),
        {"server": one.server.name, "client": client, "environment": "production", "beside": beside},
    )  # fmt: skip


def _forwarded(root: Node, declared: list[Started], configured: Configured) -> Iterator[Thing]:
    """Agents of others that a client hands its servers to, with their credentials."""
    agents = root.get(configured.file.forwards) if configured.file.forwards else None
    with_secrets = [one for one in declared if any(True for _ in _proofs(one))]
    for name, node in agents.entries() if agents else ():
        if with_secrets:
            place = node.holding(node.value)
            yield Thing(
                "agent_forwarding", name, name[:80], place.location(),
                {"client": configured.client.id, "agent": name[:80], "servers": [one.server.name for one in with_secrets]},
            )  # fmt: skip


def _proofs(one: Started) -> Iterator[object]:
    for given in secrets.given(one.server, one.launch):
        if given.certain or kind_of(given.name):
            yield given
