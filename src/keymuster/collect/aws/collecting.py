"""The way through accounts, regions and surfaces."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from threading import Event
from typing import TypeAlias

from keymuster.collect.asking.work import Afterwards, Answered, Unit, in_order, look
from keymuster.collect.aws.access import Access
from keymuster.collect.aws.accounts import Door
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface
from keymuster.errors import CollectError
from keymuster.model import Trouble

_DOORS_AHEAD = 4
"""Accounts that are signed in to before the units of one are all asked for."""

Regions: TypeAlias = Callable[[Access], Iterable[str | Trouble]]


def answered(
    accounts: Iterable[Door | Trouble],
    regions: Regions,
    surfaces: Iterable[Surface],
    leader: Access,
) -> Iterator[Answered | Trouble]:
    """Every unit, in order of accounts, surfaces and regions. What is of the whole organisation is asked
    for in the `leader`'s account, looked at or not. CollectError if no account lets anybody in."""
    way = _Way(tuple(surfaces), regions)
    yield from in_order(way.work(accounts, leader), way.stop)
    if way.closed and not way.entered:
        raise CollectError(
            f"none of the accounts could be signed in to ({way.closed})",
            "The troubles say why. --role-name names the role to assume in each.",
        )


class _Way:
    """Counts the accounts that were `entered`, and those that stayed `closed`."""

    def __init__(self, surfaces: tuple[Surface, ...], regions: Regions) -> None:
        self.stop = Event()
        self.closed = 0
        self.entered = 0
        self._regions = regions
        self._once = tuple(one for one in surfaces if one.once)
        self._each = tuple(one for one in surfaces if not one.once)

    def work(
        self, accounts: Iterable[Door | Trouble], leader: Access
    ) -> Iterator[Unit | Trouble | Afterwards]:
        for one in self._once:
            yield self._unit(leader, leader.home, one)
        pool = ThreadPoolExecutor(_DOORS_AHEAD)
        try:
            for entered in _ahead(pool, accounts, self._enter):
                if isinstance(entered, Trouble):
                    self.closed += 1
                    yield entered
                else:
                    self.entered += 1
                    yield from self._units(*entered)
                    yield Afterwards(entered[0].forget)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _enter(self, door: Door | Trouble) -> _Entered | Trouble:
        account = door if isinstance(door, Trouble) else door()
        return account if isinstance(account, Trouble) else (account, list(self._regions(account)))

    def _units(self, access: Access, places: list[str | Trouble]) -> Iterator[Unit | Trouble]:
        yield from (one for one in places if isinstance(one, Trouble))
        regions = [one for one in places if isinstance(one, str)]
        for surface in self._each:
            for region in regions if surface.regional else (access.home,):
                yield self._unit(access, region, surface)

    def _unit(self, access: Access, region: str, surface: Surface) -> Unit:
        return partial(look, Scope(access, region, surface, self.stop))


_Entered: TypeAlias = "tuple[Access, list[str | Trouble]]"
"""An account, and its regions."""


def _ahead(
    pool: ThreadPoolExecutor,
    doors: Iterable[Door | Trouble],
    enter: Callable[[Door | Trouble], _Entered | Trouble],
) -> Iterator[_Entered | Trouble]:
    """Some accounts are signed in to ahead, as that takes a while."""
    coming = iter(doors)
    ahead = deque(pool.submit(enter, one) for one in islice(coming, _DOORS_AHEAD))
    while ahead:
        found = ahead.popleft().result()
        ahead.extend(pool.submit(enter, one) for one in islice(coming, 1))
        yield found
