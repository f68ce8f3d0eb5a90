"""From who writes what an agent reads to the agent: a prompt is an order to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from keymuster import regex
from keymuster.analysis.reach.edges.uses import HAS
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import (
    Credential,
    Effect,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Trust,
)

AGENT = "agent"

STEERS = Kind(
    "steers", "{start} steers {to}", "Let {to} read nothing that strangers write, or act on nothing"
)

_READS_WEB = regex.later(
    r"(?i)\b(?:web_?fetch|web_?search|fetch|browse[r]?|browser_\w+|url_fetch|read_url|http_get|curl|wget)\b"
)
"""Tools, in the rules of any client, that bring in what anybody in the world has written."""


def edges(basis: Basis) -> Iterator[Node | Edge]:
    told: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for trust in basis.of(Trust):
        if trust.provider == "mcp" and trust.effect is Effect.ALLOW:
            ours = basis.told(trust.id).get("third_party") != "yes"
            doubt = f"whether strangers write what {trust.principal} answers is not known"
            told[trust.identity].append((trust.id, doubt if ours else ""))
    for grant in basis.of(Grant):
        is_tool = grant.kind is GrantKind.TOOL_PERMISSION and grant.effect is Effect.ALLOW
        if is_tool and any(map(_READS_WEB.search, grant.actions)):
            told[grant.identity].append((grant.id, ""))
    for one in basis.of(Identity):
        if one.kind is not IdentityKind.AGENT:
            continue
        prompt = Node(
            id=f"prompt:{one.id}", kind="outsider", name=f"whoever writes what {one.name} reads",
            entry=AGENT,
        )  # fmt: skip
        yield prompt
        reasons = told.get(one.id, [])
        for record, doubt in reasons:
            yield Edge(prompt.id, one.id, STEERS, (record,), doubt)
        if not reasons:
            yield Edge(prompt.id, one.id, STEERS, (one.id,), "what it reads is not known")
    yield from _handed(basis)


def _handed(basis: Basis) -> Iterator[Edge]:
    """What stands in the entry of a server is handed to it, whatever it is called there."""
    servers: dict[str, list[tuple[Identity, FileLocation]]] = defaultdict(list)
    for one in basis.of(Identity):
        if one.kind is IdentityKind.MCP_SERVER and isinstance(one.location, FileLocation):
            servers[one.location.name].append((one, one.location))
    if not servers:
        return
    for credential in basis.of(Credential):
        used = {use.by for use in basis.inventory.uses(credential.id)}
        places = {seen.location for seen in basis.inventory.sightings(credential)}
        for place in places:
            if isinstance(place, FileLocation):
                for server, entry in servers.get(place.name, ()):
                    if server.id not in used and _is_in(place, entry):
                        yield Edge(server.id, credential.id, HAS, (credential.id,))


def _is_in(place: FileLocation, entry: FileLocation) -> bool:
    begins = (entry.line, entry.column) <= (place.line, place.column)
    return begins and (place.end_line, place.end_column) <= (entry.end_line, entry.end_column)
