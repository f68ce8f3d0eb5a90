"""What happens after a run: its events are logged, and people are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from keymuster.errors import KeymusterError
from keymuster.estate.events.writing import cursor_of as written_up_to
from keymuster.estate.events.writing import written
from keymuster.estate.notify.delivery import PATIENCE_SECONDS, notify
from keymuster.estate.notify.delivery import cursor_of as told_up_to
from keymuster.model import Trouble

if TYPE_CHECKING:
    from keymuster.estate.definition import Estate
    from keymuster.estate.store.store import Store


def tell(store: Store, said: Estate, now: datetime) -> list[Trouble]:
    """What could not be told, and why. It is told after the next run; nothing of it ends a run."""
    if not (said.events or said.notify.channels):
        return []
    return _tried("notify", lambda: _told(store, said, now))


def _told(store: Store, said: Estate, now: datetime) -> list[Trouble]:
    with store.alone("telling", _PATIENCE_SECONDS) as is_alone:  # two would tell the same
        if not is_alone:
            return [_trouble("notify", "somebody else has been telling for too long", "")]
        return [
            *_tried("events", lambda: written(store, said.events)),
            *_tried("notify", lambda: notify(store, said.notify, now)),
        ]


_PATIENCE_SECONDS = 2 * PATIENCE_SECONDS


def _tried(part: str, work: Callable[[], list[Trouble]]) -> list[Trouble]:
    try:
        return work()
    except KeymusterError as error:  # of the store
        return [_trouble(part, error.message, error.advice())]


def _trouble(part: str, message: str, advice: str) -> Trouble:
    later = "What was not told is told after the next run."
    return Trouble(part=part, scope="the store", message=message, advice=advice or later)


def not_told(store: Store, said: Estate) -> dict[str, int]:
    """How many events a channel or a log has not been told of, where there are some."""
    cursors = {f"log {one.name}": written_up_to(one.name) for one in said.events}
    cursors |= {f"channel {name}": told_up_to(name) for name in said.notify.channels}
    pending = {name: store.pending(cursor) for name, cursor in cursors.items()}
    return {name: count for name, count in pending.items() if count}
