"""Who owns an identity, what it is for, and in which environment."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import environment
from keymuster.inventory.owners import owner, purpose
from keymuster.model import Identity
from keymuster.settings import Settings


def facts(inventory: Inventory, configured: Settings, _: Known) -> dict[str, dict[str, Any]]:
    return {
        one.id: {
            "owner": owner(one, configured.owners.tags),
            "purpose": purpose(one, configured.owners.purpose_tags),
            "environment": environment(one, configured.environments),
        }
        for one in inventory.of(Identity)
    }
