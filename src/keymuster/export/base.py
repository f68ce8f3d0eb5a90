"""The contract of an export."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Protocol, TextIO

from keymuster.inventory.build import Inventory


class Export(Protocol):
    """Writes an inventory that was looked over for secrets. The same inventory gives the same bytes: a time
    is only in it if somebody says `at` which."""

    name: ClassVar[str]

    def __init__(self, at: datetime | None = None) -> None: ...

    def write(self, inventory: Inventory, out: TextIO) -> None: ...
