"""The way through accounts, regions and surfaces: each is a unit of its own, and what one lacks does
not stop the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from msgspec import Struct

from keymuster.collect.aws.access import Access
from keymuster.collect.aws.scope import PART, Scope
from keymuster.collect.aws.surface import Surface, Told
from keymuster.model import Looked, Trouble

_THREADS = 16
_AHEAD = 4 * _THREADS
"""Units that are asked for before the first of them is taken: their answers wait in memory."""


class Answered(Struct, frozen=True, kw_only=True):
    """What one unit told, and what it could not."""

    told: tuple[Told, ...]
    troubles: tuple[Trouble, ...]
    looked: Looked


def answered(
    accounts: Iterable[Access | Trouble], regions: Callable[[Access], Iterable[str | Trouble]],
    surfaces: Iterable[Surface],
) -> Iterator[Answered | Trouble]:  # fmt: skip
    """Every unit, in order of accounts, surfaces and regions; several are asked for at the same time."""
    surfaces = tuple(surfaces)
    waiting: deque[Future[Answered] | Trouble] = deque()
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=PART)
    try:
        for account in accounts:
            for unit in _units(account, regions, surfaces):
                waiting.append(unit if isinstance(unit, Trouble) else pool.submit(_look, unit))
                while len(waiting) > _AHEAD:
                    yield _taken(waiting.popleft())
        while waiting:
            yield _taken(waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _units(
    account: Access | Trouble, regions: Callable[[Access], Iterable[str | Trouble]],
    surfaces: tuple[Surface, ...],
) -> Iterator[Scope | Trouble]:  # fmt: skip
    if isinstance(account, Trouble):
        yield account
        return
    places: list[str] = []
    for one in regions(account):
        if isinstance(one, Trouble):
            yield one
        else:
            places.append(one)
    for surface in surfaces:
        for region in places if surface.regional else places[:1]:
            yield Scope(account, region, surface)


def _taken(one: Future[Answered] | Trouble) -> Answered | Trouble:
    return one if isinstance(one, Trouble) else one.result()


def _look(scope: Scope) -> Answered:
    told = tuple(scope.surface.look(scope))
    troubles = tuple(scope.troubles())
    return Answered(
        told=told,
        troubles=troubles,
        looked=Looked(
            service=PART, account=scope.account, scope=scope.name, part=scope.surface.name,
            types=scope.surface.types, subjects=scope.surface.subjects,
            problem=troubles[0].message if troubles else "",
        ),
    )  # fmt: skip
