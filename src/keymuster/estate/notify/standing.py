"""One change for one thing: what the join tells of it with more stands for what its targets tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeAlias

from msgspec.structs import replace

from keymuster.estate.channels.base import Became, Change
from keymuster.estate.store.rows import Standing, Stored

Own: TypeAlias = tuple[str, str]
"""A target, and the id of a finding in it."""

_SORT = {Became.RESOLVED: "over", Became.ACCEPTED: "over", Became.NOT_OBSERVED: "unseen"}
"""Of changes that say as much: nobody is told that something is over by what has begun."""
_MOST_NAMES = 3


class Findings(Protocol):
    """What is asked of the store."""

    def findings(self, *, target: str, ids: list[str]) -> Iterator[Stored]:
        """Those of a target that are called so."""


class Told:
    """What somebody is told by changes of the join, so that they need not be told the same by those of targets."""

    def __init__(self, stands_for: Mapping[Own, tuple[Own, ...]]) -> None:
        self._stands_for = stands_for
        self._told: set[tuple[Own, str]] = set()

    def add(self, one: Change) -> None:
        for own in self._stands_for.get(_own(one), ()):
            self._told.add((own, _sort(one)))

    def has(self, one: Change) -> bool:
        return (_own(one), _sort(one)) in self._told


def what_remains(one: Change, stands_for: Mapping[Own, tuple[Own, ...]], log: Findings) -> Change:
    """Where something graver is over, and targets still have what it stood for, the change says so."""
    if one.became is not Became.RESOLVED or _own(one) not in stands_for:
        return one
    still = sorted(
        {
            target
            for target, id in stands_for[_own(one)]
            for stored in log.findings(target=target, ids=[id])
            if stored.state.is_open and stored.state is not Standing.NOT_OBSERVED
        }
    )
    if not still:
        return one
    names = ", ".join(still[:_MOST_NAMES]) + (" and others" if len(still) > _MOST_NAMES else "")
    said = f"less grave, it is still open in {names}"
    return replace(one, why="; ".join(filter(None, (one.why, said))))


def _own(one: Change) -> Own:
    return one.target, one.finding.id


def _sort(one: Change) -> str:
    return _SORT.get(one.became, "there")
