"""Many signs of who answers for something, put together: who it is, how surely, and who else it may be.

* What speaks for the same person or team adds up: 1 minus the product of what each leaves open. Of one source, only
  the strongest counts.
* What happened long ago weighs less: half after two years, a quarter at last. What stands written today does not age.
* A second candidate of nearly the same weight makes the first less sure, unless both are in one sentence (two owners
  in one line), or the one is in the other's team.
* Who has left answers for nothing. If nobody else is likely, the answer is that the owner has `left`.
* What somebody has attested holds, unless who they named has left.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from keymuster.analysis.ownership import names
from keymuster.analysis.ownership.directory import Directory
from keymuster.analysis.ownership.signal import Signal

ATTESTATION = "attestation"
"""The source of what somebody stands up for."""

NAMED, LEFT, NONE, UNKNOWN = "named", "left", "none", "unknown"

HIGH, MEDIUM = 0.75, 0.45
"""From which weight on an answer is sure, or fairly sure."""

_NEAR = 0.75
"""What part of the first one's weight a second one has who makes it unsure."""

_HALF_LIFE_DAYS = 730
_LEAST_OF_AGE = 0.25
_LEVELS = ("low", "medium", "high")


class Candidate(Struct, frozen=True, kw_only=True):
    """Somebody who may answer for it: how surely (0 to 1), by which signs, and whether they are still there, `why`
    saying who tells so."""

    key: str
    name: str
    weight: float
    signals: tuple[Signal, ...]
    active: bool | None = None
    why: str = ""
    attested: bool = False


class Ownership(Struct, frozen=True, kw_only=True):
    """Who answers for something. The `status` is `named`, `left` (then the name is that of who left), `none`, or
    `unknown` where somebody may be named that could not be looked at. The `candidates` are all that there are, the
    likeliest first. `reason` is a sentence on what makes it unsure."""

    status: str
    name: str = ""
    confidence: str = ""
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""

    @property
    def best(self) -> Candidate | None:
        """Whoever was chosen."""
        return next((one for one in self.candidates if one.name == self.name), None)


def combined(
    signals: Iterable[Signal], directory: Directory, now: datetime | None, *, is_untold: bool = False
) -> Ownership:  # fmt: skip
    """The answer, the same whatever the order of the signs. `is_untold` says that there may be signs which
    could not be read."""
    every = _candidates(signals, directory, now)
    if not every:
        return Ownership(status=UNKNOWN if is_untold else NONE, name=UNKNOWN if is_untold else "")
    there = [one for one in every if one.active is not False]
    attested = [one for one in there if one.attested]
    if attested:
        return Ownership(
            status=NAMED, name=attested[0].name, confidence="high", candidates=tuple(every)
        )
    gone = [one for one in every if one.active is False]
    likely = [one for one in there if one.active or one.weight >= MEDIUM] if gone else there
    if not likely:
        return Ownership(
            status=LEFT, name=gone[0].name, confidence=_LEVELS[_level(gone[0].weight)], candidates=tuple(every),
            reason=f"{gone[0].name} {gone[0].why or 'has left'}",
        )  # fmt: skip
    return _named(likely, every, directory)


def _named(
    likely: Sequence[Candidate], every: Sequence[Candidate], directory: Directory
) -> Ownership:
    first, level = likely[0], _level(likely[0].weight)
    rival = next((one for one in likely[1:] if _competes(first, one, directory)), None)
    reason = ""
    if rival is not None:
        level, reason = max(0, level - 1), f"{rival.name} is nearly as likely"
    elif (gone := every[0]).active is False:
        reason = f"{gone.name} {gone.why or 'has left'}"
    return Ownership(
        status=NAMED, name=first.name, confidence=_LEVELS[level], candidates=tuple(every), reason=reason
    )  # fmt: skip


def _competes(first: Candidate, other: Candidate, directory: Directory) -> bool:
    """Whether the second makes the first unsure. Two entries that attest different owners always do."""
    if other.weight < _NEAR * first.weight:
        return False
    places = {(one.source, str(one.place)) for one in first.signals if one.source != ATTESTATION}
    if all((one.source, str(one.place)) in places for one in other.signals):
        return False
    return not directory.are_together(first.signals[0].candidate, other.signals[0].candidate)


def _candidates(
    signals: Iterable[Signal], directory: Directory, now: datetime | None
) -> list[Candidate]:
    """The likeliest first; of equal ones, by their names."""
    by_key: dict[str, list[Signal]] = {}
    known = {}
    for one in signals:
        if names.is_nobody(one.candidate):
            continue
        who = directory.who(one.candidate)
        by_key.setdefault(who.key, []).append(one)
        known[who.key, one.candidate] = who
    found = []
    for key, several in by_key.items():
        several.sort(key=_order)
        whos = [known[key, one.candidate] for one in several]
        active, why = whos[0].active, whos[0].why
        if active is None:
            active, why = _told_by_signs(several, why)
        found.append(
            Candidate(
                key=key, name=_shown(several, [who.name for who in whos]), weight=_weight(several, now),
                signals=tuple(several), active=active, why=why, attested=any(one.attested for one in several),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.weight, one.key))


def _order(one: Signal) -> tuple[float, str, str, str, str, str, str]:
    rest = (one.source, one.candidate, one.evidence, str(one.place), str(one.at), str(one.active))
    return (-one.weight, *rest)


def _shown(signals: Sequence[Signal], names_: Sequence[str]) -> str:
    """What the directory calls them, or else the name in the strongest sign."""
    return next((name for name in names_ if name), signals[0].candidate)


def _told_by_signs(signals: Sequence[Signal], why: str) -> tuple[bool | None, str]:
    """Whether they are there by what the signs themselves say, where no directory knows."""
    said = {one.active: one for one in signals if one.active is not None}
    if len(said) != 1:
        return None, why
    active, one = said.popitem()
    return active, "" if active else f"has left ({one.evidence})"


def _weight(signals: Iterable[Signal], now: datetime | None) -> float:
    by_source: dict[str, float] = {}
    for one in signals:
        weight = min(max(one.weight, 0.0), 1.0) * _of_age(one, now)
        by_source[one.source] = max(by_source.get(one.source, 0.0), weight)
    left = math.prod(1.0 - weight for weight in sorted(by_source.values()))
    return round(1.0 - left, 6)


def _of_age(one: Signal, now: datetime | None) -> float:
    if one.at is None or now is None:
        return 1.0
    at = one.at if one.at.tzinfo is not None else one.at.replace(tzinfo=now.tzinfo)
    days = max(0.0, (now - at).total_seconds() / 86400)
    return max(_LEAST_OF_AGE, math.pow(0.5, days / _HALF_LIFE_DAYS))


def _level(weight: float) -> int:
    return 2 if weight >= HIGH else 1 if weight >= MEDIUM else 0
