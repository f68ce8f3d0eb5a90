"""One target of a run: taken, looked at in a process of its own, and written down. All engines do it so."""

from __future__ import annotations

import itertools
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from keymuster import registry
from keymuster.errors import KeymusterError, Unreachable
from keymuster.estate.base import Bounds, Event, Failure, Outcome, Target, Task
from keymuster.estate.definition import Retries
from keymuster.estate.process import Stopped, perform
from keymuster.estate.surroundings import surroundings
from keymuster.model import Trouble

if TYPE_CHECKING:
    from keymuster.estate.store.rows import Attempt
    from keymuster.estate.store.store import Store

STORE_VARIABLE = "KEYMUSTER_DB"
"""In which the process of the join finds the address of the store, and no other one."""

JOIN = Target(
    id="join", kind="join", name="join", options={"store": {"env": STORE_VARIABLE}},
    bounds=Bounds(seconds=6 * 3600, memory=16 * 1024**3),
)  # fmt: skip

NICENESS = 10
"""A machine stays usable while it looks at others."""

_TRIES_HERE = 20
"""How often a target is tried, if it is this machine that fails."""
_TRIES_LOST = 5
"""How often a target is begun whose process, or the machine itself, goes away without a word."""
_STORE_PAUSE_SECONDS = 5.0
_TRIES_UNTOLD = 60
"""Of the store, between two words about it."""

T = TypeVar("T")


def _unchanged(task: Task) -> Outcome | None:
    """What comes of a target of which its kind can tell that nothing has changed: to start a process for that takes
    ten times as long as to ask."""
    if not task.left or task.target.kind == JOIN.kind:  # which loads all that a look needs
        return None
    if task.target.kind not in registry.names("kind"):
        return None
    part = registry.part("kind", task.target.kind)
    ask = getattr(part, "unchanged", None)
    return None if ask is None else ask(part(), task)


class Ended(Enum):
    """What came of an attempt."""

    DONE = "done"
    WAITING = "waiting"
    DEAD = "dead"
    NOT_OURS = "not ours"
    """Somebody else is at it, or there is nothing to do."""
    STOPPED = "stopped"


class Came(Struct, frozen=True, kw_only=True):
    """What came of a target. If it waits, it is until `retry_at`."""

    target: str
    how: Ended
    events: tuple[Event, ...] = ()
    failure: Failure | None = None
    retry_at: datetime | None = None
    unchanged: bool = False


def _unheard(words: str) -> None:
    """Where nobody listens."""


class Looking(Struct, frozen=True, kw_only=True):
    """Where an engine is: its `store`, whose address is `url`, who it is, and what it gives the processes of targets.
    Temporary files of theirs are in `scratch`. While the store is away, `waiting` is told why, now and then."""

    store: Store
    url: str
    worker: str
    retries: Retries
    now: Callable[[], datetime]
    cache: str = ""
    config: str = ""
    scratch: str = ""
    given: Mapping[str, str] = os.environ
    fingerprint_variable: str = ""
    waiting: Callable[[str], None] = _unheard

    def at(self, run: int, target: str, stop: threading.Event) -> Came:
        """Look at a target of a run, if nobody else does."""
        attempt = self.insist(lambda: self.store.begin(run, target, self.worker, self.now()), stop)
        if attempt is None:
            return Came(target=target, how=Ended.NOT_OURS)
        try:
            return self._attempted(attempt, stop)
        except Stopped:
            self.store.give_back(attempt)
            return Came(target=target, how=Ended.STOPPED)

    def _attempted(self, attempt: Attempt, stop: threading.Event) -> Came:
        task = self.insist(lambda: self.store.task_of(attempt), stop)
        task = replace(task, cache=self.cache, config=self.config)
        came = _unchanged(task) or perform(
            task, self._environment(task.target), stop=stop, niceness=NICENESS, folder=self.scratch or None
        )  # fmt: skip
        if isinstance(came, Failure):
            return self._failed(attempt, came, stop)
        try:
            events = self.insist(lambda: self.store.finish(attempt, came, self.now()), stop)
        except KeymusterError as error:  # what an extension says is no outcome that can be kept
            trouble = Trouble(
                part=task.target.kind, scope=task.target.name, message=error.message, advice=error.advice()
            )  # fmt: skip
            return self._failed(attempt, Failure(trouble=trouble, retry=False), stop)
        return Came(
            target=attempt.target, how=Ended.DONE, events=tuple(events), unchanged=came.unchanged
        )

    def _failed(self, attempt: Attempt, failure: Failure, stop: threading.Event) -> Came:
        now = self.now()
        at = retry_at(self.retries, attempt.number, failure, now)
        self.insist(lambda: self.store.fail(attempt, failure, now, at), stop)
        how = Ended.DEAD if at is None else Ended.WAITING
        return Came(target=attempt.target, how=how, failure=failure, retry_at=at)

    def _environment(self, target: Target) -> dict[str, str]:
        named = (*variables(target.options), self.fingerprint_variable)
        found = surroundings(named, self.given)
        if target.kind == JOIN.kind:
            found[STORE_VARIABLE] = self.url
        return found

    def insist(self, call: Callable[[], T], stop: threading.Event) -> T:
        """The store may be away for longer than it waits for itself; what was found is not thrown away for that."""
        for tries in itertools.count():
            try:
                return call()
            except Unreachable as error:
                if tries % _TRIES_UNTOLD == 0:
                    self.waiting(f"{error.message}; it is tried again until it works")
                if stop.wait(_STORE_PAUSE_SECONDS):
                    raise Stopped from None
        raise AssertionError  # nobody counts to the end

    def give_up_lost(self, attempt: Attempt) -> bool:
        """Whether a target was lost so often by those who looked at it that nobody should any more: it may be what
        takes them down."""
        if attempt.number < max(_TRIES_LOST, self.retries.attempts):
            return False
        kind, _, name = attempt.target.partition(":")
        trouble = Trouble(
            part=kind, scope=name or attempt.target,
            message=f"{attempt.number} times, whoever looked at it was gone before the end",
            advice="See what happens to the workers that look at it: memory, the disk, a restart.",
        )  # fmt: skip
        self.store.fail(attempt, Failure(trouble=trouble), self.now(), None)
        return True


def retry_at(retries: Retries, number: int, failure: Failure, now: datetime) -> datetime | None:
    """When to try again after the attempt of a number; None if there is no use, or not any more. Those that
    failed together do not come back together."""
    most = max(retries.attempts, _TRIES_HERE) if failure.here else retries.attempts
    if not failure.retry or number >= most:
        return None
    pause = min(retries.longest_seconds, retries.backoff_seconds * 2.0 ** (number - 1))
    return now + timedelta(seconds=pause * random.uniform(0.75, 1.25))


def variables(value: Any) -> Iterator[str]:
    """The variables of the environment that are named as credentials, anywhere in the options of a target."""
    match value:
        case {"env": str() as name} if len(value) == 1:
            yield name
        case dict():
            for one in value.values():
                yield from variables(one)
        case list() | tuple():
            for one in value:
                yield from variables(one)
