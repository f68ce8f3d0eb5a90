"""Who answers for what a finding is about: the owner of the record or of its identity, or else whom CODEOWNERS
names for the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keymuster.inventory.build import Inventory
from keymuster.model import FileLocation, Owner, Resource, Use

if TYPE_CHECKING:
    from keymuster.inventory.codeowners import Codeowners

_ANSWERS = {"yes": True, "no": False}


def owner(record: Any, inventory: Inventory) -> Owner | None:
    """None if nobody is named."""
    for id in _asked(record):
        known = inventory.facts.get(id, {})
        if known.get("owner_status") in ("named", "left"):
            return Owner(
                name=known["owner"], source=", ".join(known["owner_sources"]),
                active=_ANSWERS.get(known.get("owner_active", "")), status=known["owner_status"],
                confidence=known["owner_confidence"],
            )  # fmt: skip
    return _of_file(record, inventory)


def _asked(record: Any) -> Iterator[str]:
    yield record.id
    yield getattr(record, "identity", None) or ""
    if isinstance(record, Use):
        yield record.subject
    if isinstance(record, Resource):
        yield record.id.removeprefix("resource:")


def _in_force(inventory: Inventory) -> list[tuple[str, Resource, Codeowners]]:
    resources = [*inventory.of(Resource)]
    if not resources:
        return []
    from keymuster.inventory.codeowners import in_force  # a secret alone is found in most scans

    return in_force(resources)


def _of_file(record: Any, inventory: Inventory) -> Owner | None:
    every = inventory.remembered("codeowners", "", lambda: _in_force(inventory))
    if not every:
        return None
    paths = [one.path for one in inventory.places(record) if isinstance(one, FileLocation)]
    for path in dict.fromkeys(paths):
        for base, _, codeowners in every:
            if path.startswith(base):
                names = [
                    name for one in codeowners.of(path.removeprefix(base)) for name in one.owners
                ]
                if names:
                    return Owner(name=names[0], source="codeowners", confidence="medium")
                break
    return None
