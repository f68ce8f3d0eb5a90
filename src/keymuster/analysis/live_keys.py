"""Keys that were found in files and that exist: a service told of the same id."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Credential, CredentialStatus, ServiceLocation
from keymuster.settings import Settings


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """For what is found in files: what the key is called that works where it was made."""
    found: dict[str, dict[str, Any]] = {}
    for one in inventory.of(Credential):
        if not one.fingerprint or not isinstance(one.location, ServiceLocation):
            continue
        if "key_id" in one.tags and one.status is not CredentialStatus.DISABLED:
            found[f"secret:{one.fingerprint}"] = {"exists_as": one.name}
    return {id: said for id, said in found.items() if id in inventory.records}
