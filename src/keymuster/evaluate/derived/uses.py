"""What follows from a use."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from keymuster import regex
from keymuster.evaluate.derived.common import EXCEPTED, Fields
from keymuster.inventory.build import Inventory
from keymuster.model import Resource, Use, UseKind
from keymuster.model.ids import scope


def _consumers(record: Use, inventory: Inventory, _: datetime) -> int:
    """How many different ones of the same declaration consume the same, but by what starts them: that
    may be shared."""
    counts = inventory.remembered("consumers", record.subject, lambda: _scopes(record, inventory))
    return counts[_declaration(record.by)]


def _scopes(record: Use, inventory: Inventory) -> Counter[str]:
    """How many consume what a use is of, by the declaration that they are in."""
    consumers = {
        (_declaration(one.by), _REVISION.sub(r"\1", one.by))
        for one in inventory.uses(record.subject)
        if one.kind is not UseKind.OTHER
    }
    return Counter(scope for scope, _ in consumers)


_REVISION = regex.later(r"(?<=:task-definition/)([\w-]{1,255}):\d{1,9}\Z")


def _declaration(id: str) -> str:
    """Where something is declared; what exists, exists in one world."""
    return _EXISTS if id.startswith(_EXISTS) else scope(id)


_EXISTS = "arn:"


def _exposures(record: Use, inventory: Inventory, _: datetime) -> list[str]:
    """Whether the instances that have the same profile can be reached from the internet: `public`,
    `private`, or both, as far as their declarations tell."""
    if "#IamInstanceProfile/" not in record.id:
        return []
    return inventory.remembered(
        "exposures", record.subject, lambda: _exposures_of(record, inventory)
    )


def _exposures_of(record: Use, inventory: Inventory) -> list[str]:
    machines = (
        inventory.records.get(f"resource:{one.by}") for one in inventory.uses(record.subject)
    )
    return sorted({_exposure(one) for one in machines} - {""})


def _exposure(machine: Any) -> str:
    if not isinstance(machine, Resource):
        return ""
    interfaces = machine.settings.get("NetworkInterfaces")
    first = interfaces[0] if isinstance(interfaces, list) and interfaces else None
    places = [machine.settings, *([first] if isinstance(first, dict) else [])]
    for place in places:
        if isinstance(said := place.get("AssociatePublicIpAddress"), bool):
            return "public" if said else "private"
    subnets = " ".join(str(place.get("SubnetId", "")).lower() for place in places)
    return next((word for word in ("public", "private") if word in subnets), "")


FIELDS: Fields = {
    "consumer_count": ("int", _consumers),
    "exposures": ("list<string>", _exposures),
    **EXCEPTED,
}
