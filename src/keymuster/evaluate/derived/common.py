"""What follows alike from records of several sorts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from keymuster.evaluate import times
from keymuster.inventory.build import Inventory
from keymuster.model import FileLocation, ServiceLocation

Derive: TypeAlias = Callable[[Any, Inventory, datetime], Any]
Fields: TypeAlias = dict[str, tuple[str, Derive]]
"""Name -> (CEL type, how to find it). What is `dyn` may be `unknown`, too."""


def exists(record: Any, inventory: Inventory, _: datetime) -> bool:
    """Whether a service told of it: what only code declares may not be there, or not yet."""
    return any(isinstance(one.location, ServiceLocation) for one in inventory.sightings(record))


def paths(record: Any, inventory: Inventory, _: datetime) -> list[str]:
    places = (one.location for one in inventory.sightings(record))
    return sorted({place.name for place in places if isinstance(place, FileLocation)})


def excepted(record: Any, inventory: Inventory, now: datetime) -> bool:
    """Whether the registry of agents still allows it, for a time."""
    until = inventory.facts.get(record.id, {}).get("excepted_until", "")
    return bool(until) and now.date().isoformat() <= until


EXISTS: Fields = {"exists": ("bool", exists)}
EXCEPTED: Fields = {"excepted": ("bool", excepted)}
TIMES: Fields = {
    "age_days": ("dyn", times.age_days),
    "unused_days": ("dyn", times.unused_days),
    "never_used": ("dyn", times.never_used),
}
