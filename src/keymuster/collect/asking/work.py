"""The way through all there is to ask: each part is a unit of its own, and what one lacks does not stop
the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeAlias

from msgspec import Struct

from keymuster.collect.asking.scope import Interrupted, Scope
from keymuster.collect.asking.surface import Told
from keymuster.model import Looked, Trouble

THREADS = 16
_AHEAD = 4
"""Units per thread that are asked for before the first of them is taken: their answers wait in memory."""

_GRACE_SECONDS = 5
"""How long calls that are under way may take when somebody interrupts."""


class Answered(Struct, frozen=True, kw_only=True):
    """What one unit told, and what it could not."""

    told: tuple[Told, ...]
    troubles: tuple[Trouble, ...]
    looked: Looked


class Afterwards(Struct, frozen=True):
    """What is to be done when all units before it have been taken."""

    do: Callable[[], None]


Unit: TypeAlias = Callable[[], Answered]

_Waiting: TypeAlias = "Future[Answered] | Trouble | Afterwards"


def in_order(
    work: Iterable[Unit | Trouble | Afterwards], stop: Event, threads: int = THREADS
) -> Iterator[Answered | Trouble]:
    """What comes of every unit, in their order; several are asked at the same time. An interrupt
    (Ctrl-C) sets `stop`, and is passed on when all that was answered before has been told."""
    waiting: deque[_Waiting] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="ask")
    try:
        for one in work:
            waiting.append(pool.submit(one) if callable(one) else one)
            while len(waiting) > _AHEAD * threads:
                yield from _taken(waiting)
        while waiting:
            yield from _taken(waiting)
    except KeyboardInterrupt:
        stop.set()
        yield from _rest(waiting)
        raise
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _taken(waiting: deque[_Waiting]) -> Iterator[Answered | Trouble]:
    """The next one. It stays until it is there, lest an interrupt loses it."""
    one = waiting[0]
    found = one.result() if isinstance(one, Future) else one
    waiting.popleft()
    if isinstance(found, Afterwards):
        found.do()
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


def look(scope: Scope) -> Answered:
    """What the surface of a scope tells there. Whatever it stumbles over is a trouble."""
    if (
        ended := scope.session.ended
    ) is not None:  # said once; what it hides is noted of every unit
        return _said(scope, (), (), f"{ended.call} {ended.why}; nothing was asked any more")
    told: list[Told] = []
    more: list[Trouble] = []
    try:
        for one in scope.surface.look(scope) if scope.is_offered else ():
            told.append(one)  # noqa: PERF402 - what was told before a failure stays
    except Interrupted:
        more.append(_trouble(scope, "was interrupted", "Scan again and let it finish."))
    except Exception as error:  # noqa: BLE001 - an answer that nobody foresaw costs this part, not the scan
        words = f"an answer has another form than is known ({type(error).__name__})"
        more.append(_trouble(scope, words, "Update keymuster, or tell its authors."))
    troubles = (*scope.troubles(), *more)
    return _said(scope, tuple(told), troubles, troubles[0].message if troubles else "")


def _trouble(scope: Scope, why: str, advice: str) -> Trouble:
    message = f"{scope.surface.name}: {why}; it was not looked at wholly"
    return Trouble(part=scope.part, scope=scope.name, message=message, advice=advice)


def _said(
    scope: Scope, told: tuple[Told, ...], troubles: tuple[Trouble, ...], problem: str
) -> Answered:
    looked = Looked(
        service=scope.part, account=scope.account, scope=scope.name, part=scope.surface.name,
        types=scope.surface.types, subjects=scope.surface.subjects, problem=problem,
        calls=scope.surface.calls, as_of=scope.as_of,
    )  # fmt: skip
    return Answered(told=told, troubles=troubles, looked=looked)
