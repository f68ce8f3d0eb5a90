"""What follows from an exception that a team has made."""

from __future__ import annotations

from datetime import datetime

from keymuster.evaluate.derived.common import Fields
from keymuster.inventory.build import Inventory
from keymuster.model import RiskException


def _expired(record: RiskException, _: Inventory, now: datetime) -> bool:
    return record.expires is not None and record.expires < now.date()


def _self_approved(record: RiskException, *_: object) -> bool:
    """Whether nobody else has looked: names are compared without case."""
    return bool(record.owner) and record.owner.casefold() == record.approver.casefold()


def _days(record: RiskException, *_: object) -> int:
    """How many it holds."""
    if record.created is None or record.expires is None:
        return 0
    return (record.expires - record.created).days


FIELDS: Fields = {
    "expired": ("bool", _expired),
    "self_approved": ("bool", _self_approved),
    "days": ("int", _days),
}
