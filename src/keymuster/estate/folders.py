"""The folder that each target has in an estate: its files are shown, and joined with those of others, as if they lay there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keymuster.estate.store.rows import Known

_COLON = re.compile(r":/*")
"""Ids have colons around the path of a file, and a folder has none: `git.acme.test:8443/api`."""


def folders(every: Iterable[Known]) -> dict[str, str]:
    """By the ids of targets, no folder twice, or what two targets declare would be taken for one thing. A name may have
    gone over to another target: it is that of the one looked at last, and the other is called by its id."""
    latest = sorted(every, key=lambda one: (-(one.run or 0), one.target.id))
    found: dict[str, str] = {}
    taken: set[str] = set()
    for one in latest:
        named = _COLON.sub("/", one.target.name)
        if named in taken:
            named = _COLON.sub("/", one.target.id)
        folder, number = named, 2
        while folder in taken:
            folder, number = f"{named}~{number}", number + 1
        taken.add(folder)
        found[one.target.id] = folder
    return found
