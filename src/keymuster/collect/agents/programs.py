"""Agents that a program builds, as records: who they are, what they may run, what they consume."""

from __future__ import annotations

from collections.abc import Container, Iterator

from keymuster.collect.agents import records, secrets
from keymuster.collect.agents.frameworks import WORDS, Built, Found, found
from keymuster.collect.agents.launchers import launch
from keymuster.collect.agents.server_facts import things as server_things
from keymuster.collect.agents.servers import server
from keymuster.collect.base import Blob
from keymuster.collect.ci.things import Thing, resources
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.literals.search import named
from keymuster.collect.syntax.code import LANGUAGES, LONGEST, Code
from keymuster.collect.syntax.node import Broken, File
from keymuster.model import (
    Identity,
    IdentityKind,
    Location,
    Observation,
    Use,
    UseKind,
)
from keymuster.model.ids import in_id
from keymuster.model.location import span

_WORDS = tuple(word.encode() for word in sorted(WORDS))
"""A program that holds none of these builds nothing, whatever it imports."""


def observations(blob: Blob, sealing: Sealing, wanted: Container[str]) -> Iterator[Observation]:
    """What a program builds; Broken for one that is too large, or whose parser does not end."""
    content = blob.text.content
    language = LANGUAGES.get(f".{blob.path.rpartition('.')[2]}")
    if language is None or not any(map(content.__contains__, _WORDS)):
        return
    if len(content) > LONGEST:
        raise Broken(1, "is too large to be read as a program")
    built = found(Code(content.decode("utf-8", "replace"), File.of(blob), language))
    agents = {f"agent:{one.framework}:{in_id(blob.path)}:{one.name}": one for one in built.agents}
    for id, one in agents.items():
        place = _head(one)
        if blob.counts(*span(place)):
            yield from _agent(id, one, place, blob, sealing)
    yield from _servers(built, agents, blob, sealing)
    yield from resources(f"agents:{in_id(blob.path)}", _things(built), wanted, blob)


def _agent(
    id: str, one: Built, place: Location, blob: Blob, sealing: Sealing
) -> Iterator[Observation]:
    tags = {"model": one.model} if one.model else {}
    yield Identity(
        id=id, kind=IdentityKind.AGENT, provider=one.framework, name=one.name, location=place,
        aliases=(f"agent:{one.name}",), tags=tags,
    )  # fmt: skip
    values = (secrets.Given(x.name, x.node.text(), x.node) for x in named(one.node))
    for credential in secrets.credentials(values, sealing, _folder(blob.path)):
        yield credential
        yield records.use(credential, id)


def _servers(
    built: Found, agents: dict[str, Built], blob: Blob, sealing: Sealing
) -> Iterator[Observation]:
    """Each server is used by the agents that it is handed to; if none is, by all of the file: often only
    a run shows who has it."""
    for name, entry in built.servers:
        one = server(name, entry)
        if not blob.counts(one.node.line, one.node.end_line):
            continue
        users = [id for id, agent in agents.items() if agent.is_handed(entry)] or [*agents]
        first = users[0] if users else f"agent:program:{in_id(blob.path)}"
        client = agents[first].framework if users else "program"
        started = records.Started(one, launch(one.words))
        yield from records.server_records(
            started, client, first, blob.path, _folder(blob.path), sealing
        )
        id = records.server_id(blob.path, one)
        for agent in users[1:]:
            yield Use(
                id=f"{id}#used-by:{agent}", subject=id, by=agent, kind=UseKind.AGENT,
                location=one.node.location(),
            )  # fmt: skip


def _things(built: Found) -> Iterator[Thing]:
    for name, entry in built.servers:
        one = server(name, entry)
        yield from server_things(one, launch(one.words), "program")
    for said in built.settings:
        settings = {"client": "program", "means": said.means, "value": said.value}
        text = f"{said.key} = {said.node.text()}"
        yield Thing("agent_setting", said.key, text, said.node.location(), settings)
    for one_run in built.runs:
        settings = {"runs": one_run.what, "by": one_run.by}
        yield Thing("agent_tool", one_run.by, one_run.by, one_run.node.location(), settings)
    for agent in built.agents:
        settings_ = {
            "name": agent.name, "client": agent.framework, "model": agent.model,
            "tools": list(agent.tools), "permission_mode": "", "all_tools": False,
        }  # fmt: skip
        yield Thing("agent_definition", agent.name, agent.name, _head(agent), settings_)


def _head(one: Built) -> Location:
    """The line on which a call begins: an agent is called that, and goes on for pages."""
    return one.node.start().location()


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
