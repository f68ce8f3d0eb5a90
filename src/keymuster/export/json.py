"""The inventory in the JSON of keymuster; its schema is in `docs/schemas/inventory-v1.json`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TextIO

import msgspec

from keymuster.export._shape import document
from keymuster.export.base import Export
from keymuster.inventory.build import Inventory


class Json(Export):
    """One object with a list for each kind of record."""

    name: ClassVar[str] = "json"

    def __init__(self, at: datetime | None = None) -> None:
        pass

    def write(self, inventory: Inventory, out: TextIO) -> None:
        encoded = msgspec.json.encode(document(inventory))
        out.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
