"""Tags, labels and annotations that name an owner, by the names that settings give."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.inventory.owners import named_tags
from keymuster.model import Identity

_FIRST, _OTHERS = 0.8, 0.45


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    """The first that settings name weighs most: an `owner` is more than a `contact`. What a credential calls
    its tags, it says of itself."""
    if not isinstance(subject, Identity):
        return
    weight = _FIRST
    for name, value in named_tags(subject.tags, estate.configured.owners.tags):
        yield Signal(
            candidate=value, source="tag", weight=weight, evidence=f"its tag {name}", place=subject.location
        )  # fmt: skip
        weight = _OTHERS
