"""What an identity is for, and in which environment."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.environments import Environments
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.inventory.owners import purpose
from keymuster.model import Identity
from keymuster.settings import Settings


def facts(inventory: Inventory, configured: Settings, _: Known) -> dict[str, dict[str, Any]]:
    environments = Environments(inventory, configured)
    found = {}
    for one in inventory.of(Identity):
        where = environments.of(one)
        found[one.id] = {
            "purpose": purpose(one, configured.owners.purpose_tags),
            "environment": where.environment,
            "environment_by": where.by,
            "environment_because": where.because,
        }
    return found
