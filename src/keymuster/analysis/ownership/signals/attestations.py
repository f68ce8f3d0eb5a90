"""Who somebody has said it is, in `.keymuster/owners.yaml`: that outweighs all else until its day is over."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership import names
from keymuster.analysis.ownership.combination import ATTESTATION
from keymuster.analysis.ownership.estate import Attested, Estate, Owned
from keymuster.analysis.ownership.signal import Signal

_OVER, _CONTRADICTED = 0.35, 0.6


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    valid = []
    for one in estate.attested(subject):
        if estate.is_over(one.said):
            yield _signal(
                one, _OVER, f"said by {one.said.by} until {one.said.expires}, which is over"
            )
        else:
            valid.append(one)
    best = [one for one in valid if one.exactness == valid[0].exactness]
    agreed = len({estate.directory.who(one.said.owner).key for one in best}) == 1
    for one in best:
        words = f"said by {one.said.by} on {one.said.on}: {one.said.reason.strip()}"
        if agreed and not names.is_nobody(one.said.owner):
            yield _signal(one, 1.0, words, attested=True)
        else:
            yield _signal(one, _CONTRADICTED, f"{words} (another entry contradicts it)")


def _signal(one: Attested, weight: float, evidence: str, *, attested: bool = False) -> Signal:
    return Signal(
        candidate=one.said.owner, source=ATTESTATION, weight=weight, evidence=evidence, attested=attested,
        place=one.record.location,
    )  # fmt: skip
