"""Step 3: derived facts about what the inventory holds."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from keymuster.inventory.build import Inventory
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.analysis.known import Known

_ANALYSES = (
    "identities",
    "memberships",
    "kubernetes_rbac",
    "aws_facts",
    "azure_facts",
    "gcp_facts",
    "trust_facts",
    "workflow_logins",
    "agents",
    "registrations",
)
"""The modules whose `facts` follow from an inventory: id of a record -> name, as in
`inventory/facts.py` -> value. They are imported for an inventory that holds more than secrets."""


def analysed(inventory: Inventory, configured: Settings, known: Known) -> Inventory:
    """The same inventory, with what follows from its records in its `facts`."""
    if all(map(_says_all, inventory.records.values())):
        return inventory
    for name in _ANALYSES:
        facts = import_module(f"{__name__}.{name}").facts
        for id, found in facts(inventory, configured, known).items():
            inventory.facts.setdefault(id, {}).update(found)
    return inventory


def _says_all(record: object) -> bool:
    """Whether nothing follows from a record that it does not say itself: most scans hold nothing
    but such, and need none of what thinks about the others."""
    return type(record).__name__ in ("Credential", "InlineAllow")
