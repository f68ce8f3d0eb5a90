"""Step 3: derived facts about what the inventory holds."""

from __future__ import annotations

from keymuster.inventory.build import Inventory


def analysed(inventory: Inventory) -> Inventory:
    """The same inventory, with what follows from its records in its `facts`."""
    return inventory
