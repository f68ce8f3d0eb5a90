"""An order of commits, oldest first, which further commits do not change.

git's own orders depend on all that is walked: where clocks were wrong, or stood still, another branch
may turn two old commits around. Here the place of a commit depends on nothing but its ancestors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

Rank: TypeAlias = tuple[int, int]
"""The time of a commit, or of an ancestor if that is later; and how many commits in a row before it
have that time. A parent has a lower one."""


class Order:
    """The ranks of commits that are added parents first. `late` are those that differ from the
    commits' own times; so they and the times of the parents are enough to go on from."""

    def __init__(self, late: Mapping[bytes, Rank] | None = None) -> None:
        self.late: dict[bytes, Rank] = dict(late or {})
        self._times: dict[bytes, int] = {}

    def begin_behind(self, commit: bytes, time: int) -> None:
        """Take note of a parent that was ranked at another time."""
        self._times[commit] = time

    def add(self, commit: bytes, parents: Iterable[bytes], time: int) -> Rank:
        """The rank of a commit. Parents that were not added do not count."""
        self._times[commit] = time
        rank = time, 0
        for parent in parents:
            before = self.late.get(parent) or (self._times.get(parent, -1), 0)
            if before >= rank:
                rank = before[0], before[1] + 1
        if rank[0] != time or rank[1]:
            self.late[commit] = rank
        return rank
