"""What follows from a comment that accepts findings."""

from __future__ import annotations

from datetime import datetime

from keymuster.evaluate.derived.common import Fields
from keymuster.inventory.build import Inventory
from keymuster.model import InlineAllow


def _expired(record: InlineAllow, _: Inventory, now: datetime) -> bool:
    return record.until is not None and record.until < now.date()


FIELDS: Fields = {"expired": ("bool", _expired)}
