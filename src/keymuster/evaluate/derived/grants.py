"""What follows from a grant."""

from __future__ import annotations

from datetime import datetime

from keymuster.evaluate.derived.common import EXCEPTED, EXISTS, Fields
from keymuster.inventory.build import Inventory
from keymuster.model import Grant, Resource


def _held(record: Grant, inventory: Inventory, _: datetime) -> bool:
    """Whether somebody has what is granted. Nobody may be seen to have a policy that stands by itself:
    it is for others to use, or a draft."""
    holder = inventory.records.get(record.identity)
    return not isinstance(holder, Resource) or inventory.is_attached(record.identity)


FIELDS: Fields = {
    **EXISTS,
    "held": ("bool", _held),
    **EXCEPTED,
}
