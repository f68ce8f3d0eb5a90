"""What one recipient is told at once, from however many changes: the gravest of them, and counts of all."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime
from heapq import heappush, heapreplace

from keymuster.estate.channels._words import owner_of
from keymuster.estate.channels.base import Became, Change, Message, OwnerCount
from keymuster.model import Severity

_MOST_OWNERS = 20
_FIRST = {one: -rank for rank, one in enumerate(Became)}


class Gathering:
    """Changes as they come. It keeps no more than `limit` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._gravest: list[tuple[int, int, int, Change]] = []
        self._counts: dict[Became, dict[Severity, int]] = defaultdict(lambda: defaultdict(int))
        self._owners: dict[str, dict[Severity, int]] = defaultdict(lambda: defaultdict(int))
        self._numbers = hashlib.blake2b(digest_size=16)
        self.total = 0

    def add(self, one: Change) -> None:
        severity = one.finding.severity
        self.total += 1
        self._counts[one.became][severity] += 1
        self._owners[owner_of(one.finding)][severity] += 1
        self._numbers.update(one.number.to_bytes(8, "big"))
        ranked = (severity.rank, _FIRST[one.became], -one.number, one)
        if len(self._gravest) < self._limit:
            heappush(self._gravest, ranked)
        elif self._gravest and ranked[:3] > self._gravest[0][:3]:
            heapreplace(self._gravest, ranked)

    def changes(self) -> list[Change]:
        """The gravest first."""
        return [one for *_, one in sorted(self._gravest, key=lambda one: one[:3], reverse=True)]

    def message(self, channel: str, recipient: str, now: datetime) -> Message:
        """Its key says who is told of which events: the same again is the same message."""
        said = f"{channel}\0{recipient}\0{self._numbers.hexdigest()}"
        return Message(
            key=hashlib.blake2b(said.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest(),
            channel=channel, recipient=recipient, at=now, changes=tuple(self.changes()), owners=self._by_owner(),
            counts={one: dict(self._counts[one]) for one in Became if one in self._counts},
        )  # fmt: skip

    def _by_owner(self) -> tuple[OwnerCount, ...]:
        """Those with the gravest first; the others together."""
        counts = [
            OwnerCount(owner=owner, total=sum(some.values()), gravest=_gravest(some))
            for owner, some in self._owners.items()
        ]
        counts.sort(key=lambda one: (-one.gravest.rank, -one.total, one.owner))
        rest = counts[_MOST_OWNERS:]
        if not rest:
            return tuple(counts)
        others = OwnerCount(
            owner=f"{len(rest):,} others",
            total=sum(one.total for one in rest),
            gravest=max((one.gravest for one in rest), key=lambda one: one.rank),
        )
        return (*counts[:_MOST_OWNERS], others)


def _gravest(some: dict[Severity, int]) -> Severity:
    return max(some, key=lambda one: one.rank)
