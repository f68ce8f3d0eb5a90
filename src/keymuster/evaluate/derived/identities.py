"""What follows from an identity."""

from __future__ import annotations

from datetime import datetime

from keymuster.evaluate.derived.common import EXISTS, TIMES, Derive, Fields
from keymuster.evaluate.derived.credentials import expired
from keymuster.inventory.build import Inventory
from keymuster.model import CredentialStatus, Identity, Resource


def _usable(record: Identity, inventory: Inventory, now: datetime) -> list[str]:
    """The kinds of credentials by which it can sign in now."""
    held = [one for one in inventory.credentials(record.id) if not expired(one, inventory, now)]
    return sorted({one.kind.value for one in held if one.status is not CredentialStatus.DISABLED})


def _services(which: str) -> Derive:
    """Those that it may use and has used, or not, where its vendor remembers."""

    def derive(record: Identity, inventory: Inventory, _: datetime) -> list[str]:
        told = inventory.records.get(f"{record.id}#services")
        found = told.settings.get(which) if isinstance(told, Resource) else None
        return [str(one) for one in found] if isinstance(found, list) else []

    return derive


FIELDS: Fields = {
    **EXISTS,
    **TIMES,
    "usable_credentials": ("list<string>", _usable),
    "used_services": ("list<string>", _services("Used")),
    "unused_services": ("list<string>", _services("Unused")),
}
