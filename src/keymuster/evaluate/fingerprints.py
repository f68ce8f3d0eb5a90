"""What stays of a finding when files are moved, renamed or reformatted: the rule, what it is about and
what that may do, without where it stands."""

from __future__ import annotations

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
    kept, done = "", 0
    at = id.find(path)
    while at >= 0:
        end = at + len(path)
        if _is_word(id[at - 1 : at], "./-") or _is_word(id[end : end + 1], ".-"):
            end = at + 1
        else:
            kept, done = kept + id[done:at], end
        at = id.find(path, end)
    return kept + id[done:]


def _is_word(char: str, signs: str) -> bool:
    """Whether what stands beside a path makes it a part of something longer."""
    return char.isalnum() or char == "_" or (char != "" and char in signs)
