"""What happens after a run: its events are logged, and people are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from keymuster.errors import KeymusterError
from keymuster.estate.events.writing import written
from keymuster.estate.notify.delivery import notify
from keymuster.model import Trouble

if TYPE_CHECKING:
    from keymuster.estate.config import Estate
    from keymuster.estate.store.store import Store


def tell(store: Store, said: Estate, now: datetime) -> list[Trouble]:
    """What could not be told, and why. It is told after the next run; nothing of it ends a run."""
    return [
        *_tried("events", lambda: written(store, said.events)),
        *_tried("notify", lambda: notify(store, said.notify, now)),
    ]


def _tried(part: str, work: Callable[[], list[Trouble]]) -> list[Trouble]:
    try:
        return work()
    except KeymusterError as error:  # of the store
        return [Trouble(part=part, scope="the store", message=error.message, advice=error.advice())]
