"""What the registry of agents says of those that there are, and which of it they do not keep to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import (
    Credential,
    CredentialKind,
    Effect,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Resource,
    Use,
)
from keymuster.model.registration import TYPE, RegisteredServer, Registration, registration
from keymuster.settings import Settings

_STATIC = frozenset(
    {
        CredentialKind.API_KEY,
        CredentialKind.ACCESS_KEY,
        CredentialKind.PERSONAL_ACCESS_TOKEN,
        CredentialKind.SERVICE_TOKEN,
        CredentialKind.PASSWORD,
        CredentialKind.URL_PASSWORD,
        CredentialKind.PRIVATE_KEY,
        CredentialKind.CLIENT_SECRET,
        CredentialKind.CONNECTION_STRING,
    }
)
"""Kinds of credentials that live until somebody ends them."""


class Usage(Struct, frozen=True, kw_only=True):
    """What some agents use: servers, rules for tools, and credentials, their own and their servers'."""

    agents: tuple[Identity, ...]
    servers: tuple[tuple[Use, Identity], ...]
    permissions: tuple[Grant, ...]
    credentials: tuple[tuple[Use, Credential], ...]

    def tools(self, server: Identity | None) -> list[str]:
        """What the rules allow of a server, or of the agents themselves."""
        about = {one.id for _, one in self.servers} if server is None else {server.id}
        return list(
            dict.fromkeys(
                action
                for grant in self.permissions
                if (server is None) is not bool(about & {grant.identity, *grant.resources})
                for action in grant.actions
            )
        )


class Entry(Struct, frozen=True, kw_only=True):
    """An entry of the registry, and what the agents use that it is about."""

    record: Resource
    said: Registration
    used: Usage


def agents(inventory: Inventory) -> list[Identity]:
    return [one for one in inventory.of(Identity) if one.kind is IdentityKind.AGENT]


def entries(inventory: Inventory) -> list[Entry]:
    """Every entry, in order; an agent belongs to the first that matches."""
    records = [one for one in inventory.of(Resource) if one.type == TYPE]
    left = {one.id: one for one in agents(inventory)} if records else {}
    result = []
    for record in records:
        said = registration(record)
        found = [one for one in left.values() if _is_meant(said, one)]
        for one in found:
            del left[one.id]
        result.append(Entry(record=record, said=said, used=usage(inventory, found)))
    return result


def usage(inventory: Inventory, found: Sequence[Identity]) -> Usage:
    """What these agents use."""
    by = {one.id for one in found}
    servers = tuple(
        (use, server)
        for use in inventory.of(Use)
        if use.by in by and isinstance(server := inventory.records.get(use.subject), Identity)
    )
    by |= {server.id for _, server in servers}
    return Usage(
        agents=tuple(found),
        servers=servers,
        permissions=tuple(
            one
            for id in sorted(by)
            for one in inventory.grants(id)
            if one.kind is GrantKind.TOOL_PERMISSION and one.effect is Effect.ALLOW
        ),
        credentials=tuple(
            (use, credential)
            for use in inventory.of(Use)
            if use.by in by
            and isinstance(credential := inventory.records.get(use.subject), Credential)
        ),
    )


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    every = entries(inventory)
    holders: dict[str, list[str]] = {}
    for entry in every:
        for id in dict.fromkeys(credential.id for _, credential in entry.used.credentials):
            holders.setdefault(id, []).append(entry.said.id)
    result: dict[str, dict[str, Any]] = {
        one.id: {"registration": "missing" if every else "none"} for one in agents(inventory)
    }
    for entry in every:
        for id, found in _facts(entry, holders):
            result.setdefault(id, {}).update(found, registered_as=entry.said.id)
    return result


def _facts(
    entry: Entry, holders: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    said = entry.said
    told = {"purpose": said.purpose, "environment": said.environment}
    for one in entry.used.agents:
        yield one.id, {"registration": "registered"} | {k: v for k, v in told.items() if v}
    names = {server.name for _, server in entry.used.servers}
    gone = [one.name for one in said.servers or () if one.name not in names]
    yield (
        entry.record.id,
        {"found": [one.id for one in entry.used.agents], "gone_servers": ", ".join(gone)},
    )
    for use, server in entry.used.servers:
        yield (
            use.id,
            {
                "registration": _of_server(said, server),
                "subject_name": server.name,
                "excepted_until": _excepted(said, (server.name,)),
            },
        )
    servers = {server.id: server for _, server in entry.used.servers}
    for grant in entry.used.permissions:
        tools = _allowed(said, grant, servers)
        new = [one for one in grant.actions if not _any(one, tools)] if tools is not None else []
        yield (
            grant.id,
            {
                "registration": "wider" if new else "covered",
                "unregistered": ", ".join(new),
                "excepted_until": _excepted(said, new),
            },
        )
    for use, credential in entry.used.credentials:
        yield (
            use.id,
            {
                "registration": "static" if _is_static(said, credential) else "named",
                "shared_with": ", ".join(one for one in holders[credential.id] if one != said.id),
                "subject_name": credential.name,
            },
        )


def _is_meant(said: Registration, one: Identity) -> bool:
    names = (one.id, one.name, *one.aliases)
    return any(_any(name, said.matches or (said.id,)) for name in names)


def _of_server(said: Registration, server: Identity) -> str:
    """Whether an entry names a server, and as what it is: `named`, `unnamed`, or `changed`."""
    if said.servers is None:
        return "named"
    entry = _named(said, server)
    if entry is None:
        return "unnamed"
    packages = [one.partition(":")[2] for one in server.aliases if one.startswith(_PACKAGES)]
    urls = [one.partition(":")[2] for one in server.aliases if one.startswith("mcp-url:")]
    if entry.package and packages and not _any_of(packages, entry.package):
        return "changed"
    if entry.url and urls and not _any_of(urls, entry.url):
        return "changed"
    return "changed" if (entry.url and packages) or (entry.package and urls) else "named"


_PACKAGES = ("mcp-package:", "mcp-image:")


def _named(said: Registration, server: Identity) -> RegisteredServer | None:
    return next((one for one in said.servers or () if one.name == server.name), None)


def _allowed(
    said: Registration, grant: Grant, servers: Mapping[str, Identity]
) -> tuple[str, ...] | None:
    """The tools that the entry allows where a rule holds: for one server, or for the agent."""
    about = [servers[one] for one in (grant.identity, *grant.resources) if one in servers]
    if not about:
        return said.tools
    entry = _named(said, about[0])
    return entry.tools if entry else None


def _is_static(said: Registration, credential: Credential) -> bool:
    """Whether the entry speaks of credentials that end by themselves, and this one does not."""
    if said.credentials is None or said.credentials.kind == "static":
        return False
    return bool(credential.fingerprint) or credential.kind in _STATIC


def _excepted(said: Registration, things: Sequence[str]) -> str:
    """Until when exceptions allow all of these, as an ISO date; empty if they do not."""
    ends = []
    for one in things:
        fitting = [e.until for e in said.exceptions if _any(one, (e.allow,))]
        if not fitting:
            return ""
        ends.append(max(fitting))
    return min(ends).isoformat() if ends else ""


def _any(name: str, globs: Iterable[str]) -> bool:
    return any(name == glob or fnmatchcase(name, glob) for glob in globs)


def _any_of(names: Iterable[str], glob: str) -> bool:
    return any(_any(name, (glob,)) for name in names)
