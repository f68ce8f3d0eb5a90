"""Runs on this machine alone, of a store in a file."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from keymuster import settings, work
from keymuster.estate.alone import alone
from keymuster.estate.attempts import Came, Looking
from keymuster.estate.definition import Estate
from keymuster.estate.running import Progress, carry_out, worker_name
from keymuster.estate.scratch import scratch
from keymuster.estate.starting import start
from keymuster.model import Trouble

if TYPE_CHECKING:
    from keymuster.estate.store.store import Store

Tell = Callable[[Progress, Came | None], None]


class Ran(Struct, frozen=True, kw_only=True):
    """A run that was gone through here, `complete` if to its end, and what could not be listed for it. It `went_on`
    if it had been begun before."""

    run: int
    complete: bool
    went_on: bool = False
    troubles: tuple[Trouble, ...] = ()


@contextlib.contextmanager
def engine(
    said: Estate, url: str, store: Store, waiting: Callable[[str], None]
) -> Iterator[Looking]:
    """What looks at targets, as the estate says it; `waiting` is told why while the store is away."""
    configured = settings.load(said.config, "")[0] if said.config else settings.Settings()
    with scratch() as folder:
        yield Looking(
            store=store, url=url, worker=worker_name(), retries=said.defaults.retries,
            now=lambda: datetime.now(UTC), cache=said.cache.folder, config=said.config, scratch=folder,
            fingerprint_variable=configured.fingerprint_key_env, waiting=waiting,
        )  # fmt: skip


def run(
    said: Estate, url: str, store: Store, *, only: Sequence[str] = (), jobs: int = 0, scheduled: str = "",
    stop: threading.Event, tell: Tell, waiting: Callable[[str], None],
) -> Ran:  # fmt: skip
    """Go on with the run that was not finished, or begin one. SettingsError if another process does so."""
    with alone(store.file), engine(said, url, store, waiting) as looking:
        troubles: tuple[Trouble, ...] = ()
        if left := store.unfinished_runs():
            number, went_on = left[-1].id, True
        else:
            begun = start(said, store, looking.now(), only, scheduled=scheduled)
            number, went_on, troubles = begun.run, False, begun.troubles
        complete = carry_out(looking, number, jobs=_jobs(said, jobs), stop=stop, tell=tell)
        return Ran(run=number, complete=complete, went_on=went_on, troubles=troubles)


def _jobs(said: Estate, given: int) -> int:
    return given or said.defaults.jobs or work.default_jobs()
