"""Agents in a directory: the blueprints that they are made after, the identities that they sign in as,
the accounts of users that some have, and those that Microsoft Defender knows of.

https://learn.microsoft.com/graph/api/resources/agentid-platform-overview
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from keymuster.collect.agents.clouds import agent, agent_id
from keymuster.collect.declared import Declared
from keymuster.collect.meanings.azure.names import principal
from keymuster.collect.meanings.entra import consents, directory, existing
from keymuster.collect.syntax.node import Node
from keymuster.model import Identity, Observation, OwnerHint, Use, UseKind

_SERVICE = "entra-agent-id"


def graph_object(one: Declared) -> Iterator[Observation]:
    """What Terraform sends to Microsoft Graph as it is: of that, the identities of agents, which are made
    after a blueprint and sign in by it."""
    if not one.text("url").lower().rstrip("/").endswith("microsoft.graph.agentidentity"):
        return
    yield from agent(one, _SERVICE, ("body.displayName",))
    yield from _made_after(one, "body", "agentIdentityBlueprintId")


def agent_identity(one: Declared) -> Iterator[Observation]:
    """The service principal that an agent signs in as, and the agent."""
    yield from _marked(directory.service_principal(one), "identity")
    for found in agent(one, _SERVICE, ("display_name",), tags={}, uses=one.id):
        yield _existing_agent(one, found)
    yield from _made_after(one, "agentIdentityBlueprintId")


def agent_user(one: Declared) -> Iterator[Observation]:
    """An account of a user that an agent has, with a mailbox and groups as people have them."""
    listed = {"licences": one.get("assignedLicenses"), "member_of": one.get("memberOf")}
    said = {
        name: str(len(node.value))
        for name, node in listed.items()
        if node is not None and isinstance(node.value, list) and node.value
    }
    for found in _marked(directory.managed_user(one), "user"):
        yield replace(found, tags=found.tags | said) if isinstance(found, Identity) else found
    parent = one.known("identityParentId")
    if parent and one.account:
        yield Use(
            id=f"{one.id}#agent", subject=one.id, by=f"entra:{one.account}/{parent}#agent", kind=UseKind.AGENT,
            location=one.location,
        )  # fmt: skip


def blueprint(one: Declared) -> Iterator[Observation]:
    """An application by which many agents sign in."""
    yield from _marked(directory.application(one), "blueprint")
    yield from consents.wanted(one)


def blueprint_principal(one: Declared) -> Iterator[Observation]:
    yield from _marked(directory.service_principal(one), "blueprint-principal")


def hunted_agent(one: Declared) -> Iterator[Observation]:
    """An agent of Copilot Studio, Foundry or another platform, as the table of Microsoft Defender has it;
    one that has an identity in the directory is the agent of that.

    https://learn.microsoft.com/defender-xdr/advanced-hunting-agentsinfo-table
    """
    listed = one.get("Owners")
    owners = [_owner(node) for node in listed.items()] if listed else []
    identity = one.known("EntraAgentId").lower()
    for found in agent(
        one, one.known("Platform") or "microsoft", ("AgentName",), ("AgentDescription",)
    ):
        if isinstance(found, Identity):
            yield replace(
                found,
                id=f"entra:{one.account}/{identity}#agent" if identity else found.id,
                account=one.account,
                created_at=one.time("CreatedDateTime"),
                status="disabled" if one.text("LifecycleStatus") == "Blocked" else "",
                owner_hints=tuple(OwnerHint(name=text, source="defender") for text in owners if text),
            )  # fmt: skip


def _owner(node: Node) -> str:
    """The form of an owner is not published: a name, or a map that has one."""
    names = (node.get(key) for key in ("upn", "userPrincipalName", "displayName", "entityId", "id"))
    return node.text() or next((text for one in names if one and (text := one.text())), "")


def _made_after(one: Declared, *path: str) -> Iterator[Observation]:
    node = one.get(*path)
    subject = principal(one, node.text()) if node is not None else ""
    if node is not None and subject:
        yield Use(
            id=f"{agent_id(one)}#blueprint", subject=subject, by=agent_id(one), kind=UseKind.AGENT,
            location=node.location(),
        )  # fmt: skip


def _existing_agent(one: Declared, found: Observation) -> Observation:
    if not isinstance(found, Identity):
        return found
    return replace(
        found,
        account=one.account,
        created_at=one.time("createdDateTime"),
        status="disabled" if one.text("account_enabled") == "false" else "",
        owner_hints=existing.hints(one, "sponsors") + existing.hints(one, "owners"),
    )


def _marked(found: Iterator[Observation], what: str) -> Iterator[Observation]:
    """The same, with what of an agent an identity is."""
    for one in found:
        yield replace(one, tags={**one.tags, "agent": what}) if isinstance(one, Identity) else one


TYPES: dict[str, Callable[[Declared], Iterator[Observation]]] = {
    "msgraph_resource": graph_object,
    "microsoft.graph.agentIdentity": agent_identity,
    "microsoft.graph.agentIdentityBlueprint": blueprint,
    "microsoft.graph.agentIdentityBlueprintPrincipal": blueprint_principal,
    "microsoft.graph.agentUser": agent_user,
    "AgentsInfo": hunted_agent,
}
