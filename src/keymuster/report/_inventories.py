"""Files that there are not: lists of what services have, so that a finding about it has a line.

Code-scanning services show no result without one. A report carries the lists (SARIF 2.1.0, 3.24.8:
contents of artifacts), one for each account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from keymuster.model import Location, ServiceLocation
from keymuster.report.base import readable


class Inventories:
    """What of services the results of a report are about, in order."""

    def __init__(self, places: Iterable[Location]) -> None:
        named: dict[str, set[str]] = defaultdict(set)
        for place in places:
            if isinstance(place, ServiceLocation):
                named[_file(place)].add(readable(place.resource))
        self._lists = {file: sorted(names) for file, names in sorted(named.items())}
        self._lines = {
            (file, name): line
            for file, names in self._lists.items()
            for line, name in enumerate(names, 1)
        }
        self._index = {file: index for index, file in enumerate(self._lists)}

    def physical(self, place: ServiceLocation) -> dict[str, Any]:
        """The line of a place, as a physical location."""
        file, name = _file(place), readable(place.resource)
        line = self._lines[file, name]
        return {
            "artifactLocation": {"uri": file, "index": self._index[file]},
            "region": {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": len(name) + 1},
        }  # fmt: skip

    def artifacts(self) -> list[dict[str, Any]]:
        return [
            {
                "location": {"uri": file},
                "description": {"text": "What keymuster found in this account, a line each."},
                "contents": {"text": "".join(f"{name}\n" for name in names)},
            }
            for file, names in self._lists.items()
        ]


def _file(place: ServiceLocation) -> str:
    account = "".join(char if char.isalnum() or char in "-._" else "-" for char in place.account)
    return f"keymuster-inventory/{place.service}/{account or 'all'}.txt"
