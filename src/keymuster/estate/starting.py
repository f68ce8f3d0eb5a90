"""Runs begun: of all targets that there are now, or of those that somebody chose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from keymuster.errors import SettingsError
from keymuster.estate.attempts import JOIN
from keymuster.estate.definition import Estate
from keymuster.estate.targets import found, selected
from keymuster.model import Trouble

if TYPE_CHECKING:
    from keymuster.estate.store.store import Store


class Started(Struct, frozen=True, kw_only=True):
    """A run, of how many targets, and what could not be listed for it."""

    run: int
    targets: int
    troubles: tuple[Trouble, ...] = ()


def start(
    said: Estate, store: Store, now: datetime, only: Sequence[str] = (), *, scheduled: str = ""
) -> Started:
    """A run of the targets that these globs are for; without any, of all. SettingsError if there is none, and no
    lister has failed."""
    there = found(said)
    known = [one.target for one in store.targets() if one.target.kind != JOIN.kind]
    targets = there.with_known(known)
    chosen = selected(targets, only) if only else list(targets)
    if not chosen and not there.troubles:
        if not targets:
            raise SettingsError(
                "there is nothing to look at", "Name repositories, services or listers under `targets` in estate.yaml."
            )  # fmt: skip
        raise SettingsError(
            f"no target is called {' or '.join(only)}", "`keymuster estate targets` lists those that there are."
        )  # fmt: skip
    unlisted = there.troubles
    run = store.start_run(
        [*chosen, JOIN], now, scheduled=scheduled, unlisted=unlisted, gone=there.gone(known)
    )
    return Started(run=run, targets=len(chosen), troubles=unlisted)
