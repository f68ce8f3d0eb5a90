"""The registry of agents, `.keymuster/agents.yaml`."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal

_WEIGHT, _SPONSOR = 0.85, 0.5


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    for entry, agents in estate.registered:
        if subject.id not in agents:
            continue
        for key, weight in (("owner", _WEIGHT), ("sponsor", _SPONSOR)):
            if name := str(entry.settings.get(key) or ""):
                left = key == "owner" and entry.settings.get("owner_left") is True
                yield Signal(
                    candidate=name, source="registry", weight=weight, place=entry.location,
                    evidence=f"{key} in the registry of agents{', which says that they left' if left else ''}",
                    active=False if left else None,
                )  # fmt: skip
