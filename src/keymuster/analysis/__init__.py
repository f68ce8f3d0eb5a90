"""Step 3: derived facts about what the inventory holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import environment
from keymuster.inventory.owners import owner, purpose
from keymuster.model import Identity
from keymuster.settings import Settings

Derived: TypeAlias = Iterator[tuple[str, dict[str, Any]]]
"""The id of a record, and what follows for it: name -> value, as `inventory.facts` declares them."""


def analysed(inventory: Inventory, configured: Settings) -> Inventory:
    """The same inventory, with what follows from its records in its `facts`."""
    if all(map(_says_all, inventory.records.values())):
        return inventory
    for id, facts in _identities(inventory, configured):
        inventory.facts.setdefault(id, {}).update(facts)
    return inventory


def _says_all(record: object) -> bool:
    """Whether nothing follows from a record that it does not say itself: most scans hold nothing
    but such, and need none of what thinks about the others."""
    return type(record).__name__ in ("Credential", "InlineAllow")


def _identities(inventory: Inventory, configured: Settings) -> Derived:
    for one in inventory.of(Identity):
        yield (
            one.id,
            {
                "owner": owner(one, configured.owners.tags),
                "purpose": purpose(one, configured.owners.purpose_tags),
                "environment": environment(one, configured.environments),
            },
        )
