"""What stays of a finding when files are moved, renamed or reformatted: the rule, what it is about and
what that may do, without where it stands."""

from __future__ import annotations

import re
from typing import Any

from keymuster import regex
from keymuster.evaluate.bounds import Bounds
from keymuster.inventory.build import Inventory
from keymuster.model import FileLocation
from keymuster.model.digest import digest
from keymuster.model.ids import in_id

_NUMBER = regex.later(r"(?<=[/#\[:])\d{1,5}(?=[/#\]:]|\Z)")
"""How often something stands before it, as ids have it where a vendor gives no name. What is longer
is an account or a project."""

_HERE = "."
"""What ids call the folder that was scanned."""


def fingerprint(policy: str, record: Any, bounds: Bounds, inventory: Inventory) -> str:
    """Two findings in one scan may have the same: copies."""
    said = [policy, _without_place(record, inventory)]
    said += [f"{name}={','.join(values)}" for name, values in sorted(bounds.items())]
    return digest("\0".join(said))


def _without_place(record: Any, inventory: Inventory) -> str:
    id: str = record.id
    for one in inventory.sightings(record):
        place = one.location
        if isinstance(place, FileLocation) and place.path:
            for path in (place.name, place.path, place.path.rpartition("/")[0] or _HERE):
                id = _without(in_id(path), id)
    return _NUMBER.sub("0", id)


def _without(path: str, id: str) -> str:
    """A path that is a part of an id, not of a word in it."""
    if path not in id:  # as in most: to make an expression takes a hundred times as long
        return id
    return re.sub(rf"(?<![\w./-]){re.escape(path)}(?![\w.-])", "", id)
