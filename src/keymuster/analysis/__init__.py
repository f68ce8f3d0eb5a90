"""Step 3: derived facts about what the inventory holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from keymuster.analysis import identities, kubernetes_rbac
from keymuster.inventory.build import Inventory
from keymuster.settings import Settings

Facts: TypeAlias = dict[str, dict[str, Any]]
"""Id of a record -> name, as in `inventory/facts.py` -> value."""

_ANALYSES: tuple[Callable[[Inventory, Settings], Facts], ...] = (
    identities.facts,
    kubernetes_rbac.facts,
)


def analysed(inventory: Inventory, configured: Settings) -> Inventory:
    """The same inventory, with what follows from its records in its `facts`."""
    if all(map(_says_all, inventory.records.values())):
        return inventory
    for analysis in _ANALYSES:
        for id, found in analysis(inventory, configured).items():
            inventory.facts.setdefault(id, {}).update(found)
    return inventory


def _says_all(record: object) -> bool:
    """Whether nothing follows from a record that it does not say itself: most scans hold nothing
    but such, and need none of what thinks about the others."""
    return type(record).__name__ in ("Credential", "InlineAllow")
