"""Many calls of one surface at the same time: one for each of many things that no list tells of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from keymuster.collect.asking.scope import Scope

THREADS = 8
_AHEAD = 4
"""Things per thread that are asked about before the first of their answers is taken."""

_Thing = TypeVar("_Thing")
_Found = TypeVar("_Found")


def each(
    ask: Scope, things: Iterable[_Thing], do: Callable[[_Thing], _Found], threads: int = THREADS
) -> Iterator[tuple[_Thing, _Found]]:
    """Every thing with what was found of it, in their order. Ends as `go_on` of the scope does, and when
    the sign-in has ended: there would be no more answers."""
    coming = iter(things)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="ask-each")
    try:
        waiting: deque[tuple[_Thing, Future[_Found]]] = deque(
            (one, pool.submit(do, one)) for one in islice(coming, _AHEAD * threads)
        )
        while waiting and ask.session.ended is None:
            thing, future = waiting.popleft()
            yield thing, future.result()
            ask.go_on()
            waiting.extend((one, pool.submit(do, one)) for one in islice(coming, 1))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
