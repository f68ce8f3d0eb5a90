"""The way through accounts, regions and surfaces: each is a unit of its own, and what one lacks does
not stop the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from threading import Event
from typing import TypeAlias

from msgspec import Struct

from keymuster.collect.aws.access import Access
from keymuster.collect.aws.accounts import Door
from keymuster.collect.aws.scope import PART, Interrupted, Scope
from keymuster.collect.aws.surface import Surface, Told
from keymuster.errors import CollectError
from keymuster.model import Looked, Trouble

_THREADS = 16
_AHEAD = 4 * _THREADS
"""Units that are asked for before the first of them is taken: their answers wait in memory."""

_DOORS_AHEAD = 4
"""Accounts that are signed in to before the units of one are all asked for."""

_GRACE_SECONDS = 5
"""How long calls that are under way may take when somebody interrupts."""


class Answered(Struct, frozen=True, kw_only=True):
    """What one unit told, and what it could not."""

    told: tuple[Told, ...]
    troubles: tuple[Trouble, ...]
    looked: Looked


Regions: TypeAlias = Callable[[Access], Iterable[str | Trouble]]

_Waiting: TypeAlias = "Future[Answered] | Trouble | Access"
"""A unit, something to tell, or an account of which all units are before it."""


def answered(
    accounts: Iterable[Door | Trouble],
    regions: Regions,
    surfaces: Iterable[Surface],
    leader: Access,
) -> Iterator[Answered | Trouble]:
    """Every unit, in order of accounts, surfaces and regions; several are asked for at the same time.
    What is of the whole organisation is asked for in the `leader`'s account, looked at or not. An
    interrupt (Ctrl-C) is passed on when all that was answered before has been told."""
    surfaces = tuple(surfaces)
    waiting: deque[_Waiting] = deque()
    stop = Event()
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=PART)
    try:
        for one in surfaces:
            if one.once:
                waiting.append(pool.submit(_look, Scope(leader, leader.home, one, stop)))
        each = tuple(one for one in surfaces if not one.once)
        closed = entered = 0
        for access, units in _entered(pool, accounts, regions, each, stop):
            closed += access is None
            entered += access is not None
            for unit in units:
                waiting.append(unit if isinstance(unit, Trouble) else pool.submit(_look, unit))
                while len(waiting) > _AHEAD:
                    yield from _taken(waiting)
            if access is not None:
                waiting.append(access)
        while waiting:
            yield from _taken(waiting)
        if closed and not entered:
            raise CollectError(
                f"none of the accounts could be signed in to ({closed})",
                "The troubles say why. --role-name names the role to assume in each.",
            )
    except KeyboardInterrupt:
        stop.set()
        yield from _rest(waiting)
        raise
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


_Units: TypeAlias = "tuple[Access | None, list[Scope | Trouble]]"


def _entered(
    pool: ThreadPoolExecutor, accounts: Iterable[Door | Trouble], regions: Regions,
    surfaces: tuple[Surface, ...], stop: Event,
) -> Iterator[_Units]:  # fmt: skip
    """The units of each account. Some accounts are signed in to ahead, as that takes a while."""

    def enter(door: Door | Trouble) -> _Units:
        account = door if isinstance(door, Trouble) else door()
        if isinstance(account, Trouble):
            return None, [account]
        return account, list(_units(account, regions, surfaces, stop))

    coming = iter(accounts)
    ahead = deque(pool.submit(enter, one) for one in islice(coming, _DOORS_AHEAD))
    while ahead:
        found = ahead.popleft().result()
        ahead.extend(pool.submit(enter, one) for one in islice(coming, 1))
        yield found


def _units(
    account: Access, regions: Regions, surfaces: tuple[Surface, ...], stop: Event
) -> Iterator[Scope | Trouble]:
    places: list[str] = []
    for one in regions(account):
        if isinstance(one, Trouble):
            yield one
        else:
            places.append(one)
    for surface in surfaces:
        for region in places if surface.regional else (account.home,):
            yield Scope(account, region, surface, stop)


def _taken(waiting: deque[_Waiting]) -> Iterator[Answered | Trouble]:
    """The next one. It stays until it is there, lest an interrupt loses it."""
    one = waiting[0]
    found = one.result() if isinstance(one, Future) else one
    waiting.popleft()
    if isinstance(found, Access):
        found.forget()
    else:
        yield found


def _rest(waiting: Iterable[_Waiting]) -> Iterator[Answered | Trouble]:
    """All that is known by now."""
    futures = [one for one in waiting if isinstance(one, Future) and not one.cancel()]
    done, _ = wait(futures, _GRACE_SECONDS)
    for one in waiting:
        if isinstance(one, Trouble):
            yield one
        elif isinstance(one, Future) and one in done:
            yield one.result()


def _look(scope: Scope) -> Answered:
    if (ended := scope.access.ended) is not None:  # said once; what it hides is noted of every unit
        why, _ = ended.words()
        return _said(scope, (), (), f"{ended.call} {why}; nothing was asked any more")
    told: list[Told] = []
    more: list[Trouble] = []
    try:
        for one in scope.surface.look(scope) if scope.is_offered else ():
            told.append(one)  # noqa: PERF402 - what was told before a failure stays
    except Interrupted:
        more.append(_trouble(scope, "was interrupted", "Scan again and let it finish."))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        words = f"an answer has another form than is known ({type(error).__name__})"
        more.append(_trouble(scope, words, "Update keymuster, or tell its authors."))
    troubles = (*scope.troubles(), *more)
    return _said(scope, tuple(told), troubles, troubles[0].message if troubles else "")


def _trouble(scope: Scope, why: str, advice: str) -> Trouble:
    message = f"{scope.surface.name}: {why}; it was not looked at wholly"
    return Trouble(part=PART, scope=scope.name, message=message, advice=advice)


def _said(
    scope: Scope, told: tuple[Told, ...], troubles: tuple[Trouble, ...], problem: str
) -> Answered:
    looked = Looked(
        service=PART, account=scope.account, scope=scope.name, part=scope.surface.name,
        types=scope.surface.types, subjects=scope.surface.subjects, problem=problem,
        calls=scope.surface.calls,
    )  # fmt: skip
    return Answered(told=told, troubles=troubles, looked=looked)
