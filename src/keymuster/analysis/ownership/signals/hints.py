"""What the vendor of an identity says of who owns it, sponsors it, or has let it in."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Identity

_WEIGHTS = {
    "entra:owners": 0.7,
    "okta": 0.7,
    "entra:sponsors": 0.6,
    "defender": 0.5,
    "slack": 0.4,
    "okta:created-by": 0.35,
}
_WORDS = {
    "entra:owners": "an owner in Entra",
    "entra:sponsors": "a sponsor in Entra",
    "okta": "an owner in Okta",
    "okta:created-by": "who set it up in Okta",
    "defender": "an owner in Defender",
    "slack": "who installed it in Slack",
}
_OTHERS = 0.5


def signals(subject: Owned, _: Estate) -> Iterator[Signal]:
    for hint in subject.owner_hints if isinstance(subject, Identity) else ():
        if hint.name and hint.name != UNKNOWN:
            yield Signal(
                candidate=hint.name, source=hint.source, weight=_WEIGHTS.get(hint.source, _OTHERS),
                evidence=_WORDS.get(hint.source, f"{hint.source} says so"), at=hint.at, place=subject.location,
                active=hint.active,
            )  # fmt: skip
