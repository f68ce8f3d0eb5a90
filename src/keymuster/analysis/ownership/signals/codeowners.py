"""The CODEOWNERS of the repository that declares or holds it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.model import FileLocation

_NAMED, _FOR_ALL = 0.55, 0.35
"""A line for every file says who looks after the repository, and less of what is in it."""


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    for path in dict.fromkeys(one.path for one in estate.places(subject)):
        for record, found in estate.in_codeowners(path):
            place = record.location
            assert isinstance(place, FileLocation)
            for name in found.owners:
                yield Signal(
                    candidate=name, source="codeowners", weight=_FOR_ALL if found.is_for_all else _NAMED,
                    evidence=f"{found.line.pattern} in CODEOWNERS",
                    place=replace(place, line=found.line.number, end_line=found.line.number),
                )  # fmt: skip
