"""What of a run waits for a worker that takes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from keymuster.estate.attempts import JOIN
from keymuster.estate.base import Work

if TYPE_CHECKING:
    from keymuster.estate.store.store import Store

_SETTLED = (Work.DONE, Work.DEAD)


def unattended(store: Store, run: int, now: datetime) -> Iterator[str]:
    """In sentences: targets, or the join over them, that no worker takes who lives. On one machine there are none."""
    from keymuster.estate.store.rows import Takes

    if store.file:
        return
    left = {one.target: one.work for one in store.work(run) if one.work not in _SETTLED}
    taken = {*store.workers(now).values()}
    others = [target for target in left if target != JOIN.id]
    if others and not taken & {Takes.ANY, Takes.TARGETS}:
        what = "1 target waits" if len(others) == 1 else f"{len(others):,} targets wait"
        yield f"{what} for a worker: no `keymuster estate worker` that takes targets lives"
    if JOIN.id in left and not taken & {Takes.ANY, Takes.JOIN}:
        yield "the join waits for a worker: no `keymuster estate worker` that takes the join lives (`--takes join`)"
