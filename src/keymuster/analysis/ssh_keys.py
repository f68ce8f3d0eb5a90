"""SSH keys that are the same, by their fingerprints, wherever they open something."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Credential, CredentialKind, CredentialStatus, ServiceLocation
from keymuster.settings import Settings


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """For each key that opens something: the names of the others that are the same."""
    opening: dict[str, list[Credential]] = defaultdict(list)
    for one in inventory.of(Credential):
        fingerprint = one.tags.get("ssh_fingerprint")
        if one.kind is not CredentialKind.PRIVATE_KEY or not fingerprint:
            continue
        is_told = isinstance(one.location, ServiceLocation) and not one.fingerprint
        if is_told and one.status is not CredentialStatus.DISABLED:
            opening[fingerprint].append(one)
    return {
        one.id: {"same_key": sorted(other.name for other in several if other is not one)}
        for several in opening.values()
        if len(several) > 1
        for one in several
    }
