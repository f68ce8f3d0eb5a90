"""What the registry of AgentCore in an account says of the agents that run there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Identity, IdentityKind, ServiceLocation
from keymuster.settings import Settings


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """`cloud_registry` of agents: the status of the record of their name, or `missing`. Where nothing is
    registered, nobody keeps a registry."""
    agents = [
        one
        for one in inventory.of(Identity)
        if one.kind is IdentityKind.AGENT and one.provider == "bedrock"
    ]
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for one in agents:
        if status := one.tags.get("registry"):
            known[_account(one)][one.name] = status
    return {
        one.id: {"cloud_registry": known[_account(one)].get(one.name, "missing")}
        for one in agents
        if "registry" not in one.tags and known.get(_account(one))
    }


def _account(one: Identity) -> str:
    return one.location.account if isinstance(one.location, ServiceLocation) else ""
