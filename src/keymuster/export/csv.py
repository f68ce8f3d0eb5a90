"""The inventory as a table: RFC 4180, one row for each record."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, TextIO

import msgspec

from keymuster.export._shape import SeenAtV1, document
from keymuster.export.base import Export
from keymuster.inventory.build import Inventory
from keymuster.report._cells import defused


class Csv(Export):
    """For spreadsheets, which take what begins like a formula for one: such a cell begins with `'`."""

    name: ClassVar[str] = "csv"

    def __init__(self, at: datetime | None = None) -> None:
        pass

    def write(self, inventory: Inventory, out: TextIO) -> None:
        rows = csv.writer(out, lineterminator="\r\n")
        rows.writerow(COLUMNS)
        for row in _rows(inventory):
            rows.writerow([defused(row.get(name, "")) for name in COLUMNS])


COLUMNS = (
    "record", "id", "kind", "name", "provider", "account", "environment", "status", "owner", "purpose",
    "identity", "format", "vendor", "preview", "fingerprint", "confidence", "subject", "by", "principal",
    "effect", "actions", "not_actions", "resources", "not_resources", "via", "created_at", "expires_at",
    "granted_at", "last_used_at", "never_used", "credentials", "places", "facts",
)  # fmt: skip

_KINDS = {
    "identities": "identity", "credentials": "credential", "grants": "grant", "trusts": "trust",
    "uses": "use", "resources": "resource",
}  # fmt: skip


def _rows(inventory: Inventory) -> Iterator[dict[str, str]]:
    said = document(inventory)
    for several, record in _KINDS.items():
        for one in getattr(said, several):
            row = {name: _cell(getattr(one, name)) for name in COLUMNS if hasattr(one, name)}
            if record == "resource":
                row["kind"] = one.type
            row["places"] = "\n".join(map(_place, one.places))
            yield {"record": record, **row}


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case datetime():
            return str(msgspec.to_builtins(value))
        case list():
            return "\n".join(map(str, value))
        case _:
            return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _place(one: SeenAtV1) -> str:
    if one.service is not None:
        return f"{one.service}://{one.account}/{one.resource}"
    member = f"!/{one.member}" if one.member else ""
    commit = f" in {one.commit}" if one.commit else ""
    return f"{one.path}{member}:{one.line}{commit}"
