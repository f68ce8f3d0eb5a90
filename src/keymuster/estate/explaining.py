"""What estate.yaml says, in words, and what of it would not work here and now. No credential is read."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from keymuster import settings
from keymuster.estate import targets
from keymuster.estate.base import Target
from keymuster.estate.credentials import Reference, missing
from keymuster.estate.definition import Estate
from keymuster.estate.schedule import times
from keymuster.model import Trouble


class Named(Struct, frozen=True, kw_only=True):
    """A credential that the file names, who needs it, and what is wrong with it here; empty if nothing is."""

    reference: Reference
    users: tuple[str, ...]
    problem: str


class Planned(Struct, frozen=True, kw_only=True):
    """A schedule, when it comes next, and how many of the targets that are known without asking it is for."""

    name: str
    cron: str
    zone: str
    next: datetime
    targets: int


class Explanation(Struct, frozen=True, kw_only=True):
    """All that can be said without asking anybody."""

    store: str
    cache: str
    settings: str
    targets: dict[str, int]
    listers: tuple[str, ...]
    schedules: tuple[Planned, ...]
    credentials: tuple[Named, ...]
    troubles: tuple[Trouble, ...]

    @property
    def wrong(self) -> list[str]:
        """Sentences."""
        unread = [
            f"{one.reference} {one.problem}; it is for {', '.join(one.users)}"
            for one in self.credentials
            if one.problem
        ]
        return [*unread, *(f"{one.scope}: {one.message}" for one in self.troubles)]


def explained(said: Estate, now: datetime) -> Explanation:
    """SettingsError for a settings file that is wrong, and two targets that are one."""
    if said.config:
        settings.load(said.config, os.curdir)
    there = targets.found(said, asking=False)
    return Explanation(
        store=said.store if isinstance(said.store, str) else str(said.store),
        cache=f"{said.cache.folder}, up to {said.cache.size}",
        settings=said.config,
        targets=dict(sorted(Counter(one.kind for one in there.targets).items())),
        listers=tuple(_lister(one) for one in said.targets.listers),
        schedules=tuple(_planned(said, there.targets, now)),
        credentials=tuple(_named(said, there.targets)),
        troubles=(*there.troubles, *_not_there(said, there.targets)),
    )


def _not_there(said: Estate, there: tuple[Target, ...]) -> Iterator[Trouble]:
    """What cannot be looked at as it is written; nobody has to be asked to see that."""
    if not there and not said.targets.listers:
        yield Trouble(part="estate", scope="targets", message="the file names nothing to look at")
    for one in there:
        if (path := one.options.get("path")) and not targets.is_repository(str(path)):
            yield Trouble(part="estate", scope=str(path), message="no repository is there")
    if said.targets.listers:
        return  # who knows what they list
    for name, schedule in said.schedules.items():
        if there and not targets.selected(there, schedule.targets):
            message = f"none of the targets is called {' or '.join(schedule.targets)}"
            yield Trouble(part="estate", scope=f"schedule {name}", message=message)


def _lister(options: dict[str, Any]) -> str:
    words = (
        f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in options.items()
        if name != "lister" and isinstance(value, str | list)
    )
    return f"{options['lister']} ({'; '.join(words)})"


def _planned(said: Estate, there: tuple[Target, ...], now: datetime) -> Iterator[Planned]:
    for name, one in said.schedules.items():
        yield Planned(
            name=name, cron=one.cron, zone=one.zone, next=next(times(one.cron, one.zone, now)).astimezone(ZoneInfo(one.zone)),
            targets=len(targets.selected(there, one.targets)),
        )  # fmt: skip


def _named(said: Estate, there: tuple[Target, ...]) -> Iterator[Named]:
    """Each credential once, in the order of the file."""
    users: defaultdict[Reference, list[str]] = defaultdict(list)
    if isinstance(said.store, Reference):
        users[said.store].append("the store")
    for target in there:
        options = target.options
        for value in (options.get("credential"), *dict(options.get("environment") or {}).values()):
            if isinstance(value, dict):
                users[msgspec.convert(value, type=Reference)].append(target.name)
    for lister in said.targets.listers:
        if isinstance(value := lister.get("credential"), dict):
            users[msgspec.convert(value, type=Reference)].append(f"the lister {lister['lister']}")
    for name, channel in said.notify.channels.items():
        for reference in _references(channel):
            users[reference].append(f"the channel {name}")
    for reference, several in users.items():
        yield Named(
            reference=reference, users=tuple(dict.fromkeys(several)), problem=missing(reference)
        )


def _references(said: Any) -> Iterator[Reference]:
    """Whatever looks like one, at any depth."""
    match said:
        case {"env": str(name)} if len(said) == 1:
            yield Reference(env=name)
        case {"file": str(name)} if len(said) == 1:
            yield Reference(file=name)
        case dict():
            for one in said.values():
                yield from _references(one)
        case list():
            for one in said:
                yield from _references(one)
