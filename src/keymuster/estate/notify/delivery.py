"""Telling people what has changed: at least once, and none waits for another.

A cursor in the store says for each channel and recipient up to which event they have been told. It moves when a message
has arrived. The end of what is tried is noted before, so that after a crash or a failure the same message is sent, with the
same key, and what has come since in one of its own. Channels work beside each other; only this thread writes to the store.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from queue import Empty, Queue
from threading import Event as Flag
from threading import Thread
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from keymuster.errors import KeymusterError
from keymuster.estate.base import Event
from keymuster.estate.channels.base import Became, Change, Channel, Message, Undelivered
from keymuster.estate.notify.gathering import Gathering
from keymuster.estate.notify.routing import change, destinations
from keymuster.estate.notify.settings import Notify, Setting, settings
from keymuster.estate.notify.standing import Own, Told, what_remains
from keymuster.estate.store.rows import Standing, Stored
from keymuster.model import Trouble

PATIENCE_SECONDS = 300.0
"""How long a channel may take for all its messages."""

_GIVES_UP_AFTER = 3
"""Messages that one after the other do not arrive."""


class Log(Protocol):
    """What is asked of the store."""

    def events(self, since_id: int = 0) -> Iterator[tuple[int, Event]]:
        """What came after an event, with the number of each."""

    def notified(self, name: str, up_to_id: int | None = None) -> int:
        """Up to which event somebody has been told; with a number, keep that."""

    def findings(
        self,
        states: Collection[Standing] | None = None,
        target: str | None = None,
        ids: Collection[str] | None = None,
    ) -> Iterator[Stored]:
        """Those of a target that are called so."""

    def stands_for(self) -> dict[Own, tuple[Own, ...]]:
        """Findings of the join, and those of targets that each stands for, or stood for at last."""


class Letter(Struct, frozen=True, kw_only=True):
    """A message, and the cursors that move when it has arrived: each with the event that it moves to. Letters to one (`whom`)
    arrive in their order."""

    message: Message
    whom: str
    cursors: tuple[tuple[str, int], ...]


class Batch(Struct, frozen=True, kw_only=True):
    """All that a channel has to send, and up to which event that goes."""

    letters: tuple[Letter, ...]
    begun: tuple[tuple[str, int], ...]
    end: int


def notify(
    log: Log, said: Notify, now: datetime, *, patience: float = PATIENCE_SECONDS
) -> list[Trouble]:
    """Tell every channel what it was not told yet. What does not arrive stays for the next time, and is told here."""
    if not said.channels:
        return []
    try:
        channels = settings(said)
    except KeymusterError as error:
        return [_trouble("estate.yaml", error.message, error.advice())]
    troubles = []
    rounds: dict[str, _Round] = {}
    results: Queue[_Result] = Queue()
    for name, setting in channels.items():
        stop = Flag()
        try:
            channel = setting.opened(stop)
        except KeymusterError as error:
            troubles.append(
                _trouble(
                    f"channel {name}",
                    error.message.removeprefix(f"channel {name}: "),
                    error.advice(),
                )
            )
            continue
        batch = batch_for(setting, log, said, channels, now)
        for cursor, up_to in batch.begun:
            log.notified(cursor, up_to)
        rounds[name] = _Round(name, channel, batch, stop, results)
    for one in rounds.values():
        one.start()
    _wait_for(rounds, results, log, patience)
    for one in rounds.values():
        troubles += one.ended(log)
    return troubles


# --- what there is to send ---------------------------------------------------------------------------


def batch_for(
    setting: Setting, log: Log, said: Notify, channels: dict[str, Setting], now: datetime
) -> Batch:
    base = log.notified(cursor_of(setting.name))
    changes = _Changes(setting, log, said, channels, base)
    if setting.part.one_by_one:
        letters = _one_by_one(setting, log, changes, now)
        return Batch(letters=tuple(letters), begun=(), end=changes.end)
    letters, begun = _together(setting, log, changes, now)
    return Batch(letters=tuple(letters), begun=tuple(begun), end=changes.end)


class _Changes:
    """What has come for a channel. After the last, `end` is the number of the last event, whatever that was."""

    def __init__(
        self, setting: Setting, log: Log, said: Notify, channels: dict[str, Setting], base: int
    ) -> None:
        self._setting, self._log, self._said, self._channels = setting, log, said, channels
        self._base = base
        self.end = base

    def every(self) -> Iterator[Change]:
        for number, event in self._log.events(self._base):
            self.end = max(self.end, number)
            if (one := change(number, event)) is not None:
                yield one

    def recipients(self, one: Change) -> list[str]:
        """Who of the channel is told of it: nobody, if its filter or the routes leave it out."""
        if not self._setting.options.wants(one.became, one.finding):
            return []
        told = destinations(one, self._said, self._channels)
        return [recipient for name, recipient in told if name == self._setting.name]


class _Recipient:
    """Up to which event somebody was told, and up to which that was tried."""

    def __init__(
        self, cursor: str, log: Log, limit: int, stands_for: Mapping[Own, tuple[Own, ...]]
    ) -> None:
        self.cursor = cursor
        self.told = log.notified(cursor)
        self.tried = max(self.told, log.notified(_tried(cursor)))
        self.again, self.since = Gathering(limit), Gathering(limit)
        self._by_join = {False: Told(stands_for), True: Told(stands_for)}

    def part(self, one: Change) -> Gathering:
        return self.again if one.number <= self.tried else self.since

    def knows(self, one: Change) -> None:
        """By this change of the join they know what it stands for, in the same message."""
        if one.number > self.told:
            self._by_join[one.number <= self.tried].add(one)

    def is_told(self, one: Change) -> bool:
        return one.number <= self.told or self._by_join[one.number <= self.tried].has(one)


def _recipient(
    known: dict[str, _Recipient], name: str, setting: Setting, log: Log, stands_for: Mapping[Own, tuple[Own, ...]]
) -> _Recipient:  # fmt: skip
    if (found := known.get(name)) is None:
        cursor = cursor_of(setting.name, name)
        found = known[name] = _Recipient(cursor, log, setting.options.limit, stands_for)
    return found


def _together(
    setting: Setting, log: Log, changes: _Changes, now: datetime
) -> tuple[list[Letter], list[tuple[str, int]]]:
    """One message for each recipient; two, if one was tried before."""
    recipients: dict[str, _Recipient] = {}
    stands_for = log.stands_for()
    for one in changes.every() if stands_for else ():  # the join tells last
        for name in changes.recipients(one):
            _recipient(recipients, name, setting, log, stands_for).knows(one)
    for one in changes.every():
        for name in changes.recipients(one):
            found = _recipient(recipients, name, setting, log, stands_for)
            if not found.is_told(one):
                found.part(one).add(what_remains(one, stands_for, log))
    letters: list[Letter] = []
    begun: list[tuple[str, int]] = []
    for name, found in recipients.items():
        tries = (_tried(found.cursor), changes.end)
        if found.again.total:
            message = found.again.message(setting.name, name, now)
            arrives = ((found.cursor, found.tried), *([tries] if found.since.total else []))
            letters.append(Letter(message=message, whom=name, cursors=arrives))
        elif found.since.total:
            begun.append(tries)
        if found.since.total:
            message = found.since.message(setting.name, name, now)
            letters.append(
                Letter(message=message, whom=name, cursors=((found.cursor, changes.end),))
            )
    return letters, begun


def _one_by_one(setting: Setting, log: Log, changes: _Changes, now: datetime) -> list[Letter]:
    """A message for each finding, of the last that became of it. Those that were told of before come first, whatever filter
    and routes say by now: what was opened is closed. Of others, `limit` are opened, and the rest is counted in one message."""
    last: dict[tuple[str, str], Change] = {}
    wanted: dict[tuple[str, str], Change] = {}
    for one in changes.every():
        key = one.target, one.finding.id
        if changes.recipients(one):
            last[key] = wanted[key] = one
        elif one.became in _ENDED or one.became is Became.CHANGED:
            last[key] = one
    fresh = Gathering(setting.options.limit)
    letters: list[Letter] = []
    rest: list[Change] = []
    for key, one in last.items():
        cursor = _known_cursor(setting.name, log, one)
        told = log.notified(cursor)
        if one.number <= told:
            continue
        if told:
            letters.append(_letter_of(setting, one, cursor, now, told_before=True))
        elif key in wanted and one.became not in _ENDED:
            fresh.add(wanted[key])
            rest.append(wanted[key])
    chosen = fresh.changes()
    letters += [_letter_of(setting, one, _finding_cursor(setting.name, one), now) for one in chosen]
    if len(rest) > len(chosen):
        numbers = {one.number for one in chosen}
        others = Gathering(0)
        for one in rest:
            if one.number not in numbers:
                others.add(one)
        message = others.message(setting.name, "", now)
        letters.append(Letter(message=message, whom="", cursors=()))
    return letters


_ENDED = (Became.RESOLVED, Became.ACCEPTED)


def _letter_of(
    setting: Setting, one: Change, cursor: str, now: datetime, *, told_before: bool = False
) -> Letter:
    alone = Gathering(1)
    alone.add(one)
    message = replace(alone.message(setting.name, "", now), told_before=told_before, about=cursor)
    return Letter(message=message, whom=cursor, cursors=((cursor, one.number),))


def _known_cursor(channel: str, log: Log, one: Change) -> str:
    """The cursor of a finding, which is that of the name by which it was first told of."""
    cursor = _finding_cursor(channel, one)
    if one.became is Became.NEW or log.notified(cursor):
        return cursor
    for stored in log.findings(target=one.target, ids=[one.finding.id]):
        for id in stored.was:
            if log.notified(earlier := cursor_of(channel, f"{one.target}\0{id}")):
                return earlier
    return cursor


def _finding_cursor(channel: str, one: Change) -> str:
    return cursor_of(channel, f"{one.target}\0{one.finding.id}")


def cursor_of(channel: str, whom: str | None = None) -> str:
    """What the cursor of a channel, or of somebody that it tells, is called in the store, which is not told whom."""
    if whom is None:
        return f"notify/{channel}"
    digest = hashlib.blake2b(whom.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return f"notify/{channel}/{digest}"


def _tried(cursor: str) -> str:
    return f"{cursor}/tried"


# --- sending it --------------------------------------------------------------------------------------


class _Result(Struct, frozen=True):
    """What came of a letter of a channel: why it did not arrive, or None. After the last there is one without a letter."""

    channel: str
    letter: Letter | None
    problem: Undelivered | None = None


class _Round:
    """Brings the letters of one channel, beside the others, and knows what came of them."""

    def __init__(
        self, name: str, channel: Channel, batch: Batch, stop: Flag, results: Queue[_Result]
    ) -> None:
        self.is_done = False
        self._name, self._channel, self._batch = name, channel, batch
        self._stop, self._results = stop, results
        self._arrived = 0
        self._problem: Undelivered | None = None

    def start(self) -> None:
        # A channel that hangs keeps nobody from ending.
        Thread(target=self._bring, name=f"notify-{self._name}", daemon=True).start()

    def _bring(self) -> None:
        failed: list[str] = []
        in_a_row = 0
        for letter in self._batch.letters:
            if self._stop.is_set() or in_a_row >= _GIVES_UP_AFTER:
                break
            if letter.whom in failed:  # the cursor would move over what did not arrive
                continue
            problem = _sent(self._channel, letter.message)
            if problem is not None:
                failed.append(letter.whom)
            if problem is None:
                in_a_row = 0
            elif not problem.alone:
                in_a_row += 1
            self._results.put(_Result(self._name, letter, problem))
        self._results.put(_Result(self._name, None))

    def note(self, result: _Result, log: Log) -> None:
        """Move the cursors of what has arrived."""
        if result.letter is None:
            self.is_done = True
        elif result.problem is not None:
            self._problem = self._problem or result.problem
        else:
            self._arrived += 1
            for cursor, up_to in result.letter.cursors:
                log.notified(cursor, up_to)

    def ended(self, log: Log) -> list[Trouble]:
        missing = len(self._batch.letters) - self._arrived
        if not missing:
            log.notified(cursor_of(self._name), self._batch.end)
            return []
        self._stop.set()
        problem = self._problem or Undelivered("it took too long")
        noun = "message" if missing == 1 else "messages"
        advice = problem.advice or "What did not arrive is sent again after the next run."
        text = f"{missing:,} {noun} did not arrive: {problem.why}"
        return [_trouble(f"channel {self._name}", text, advice)]


def _wait_for(
    rounds: dict[str, _Round], results: Queue[_Result], log: Log, patience: float
) -> None:
    """Until all are through, or the time is over. Whatever ends it, what has arrived by then is noted, and so not sent again."""
    ends = time.monotonic() + patience
    try:
        while not all(one.is_done for one in rounds.values()):
            try:
                result = results.get(timeout=max(0.0, ends - time.monotonic()))
            except Empty:
                return
            rounds[result.channel].note(result, log)
    finally:
        with suppress(Empty):
            while True:
                result = results.get_nowait()
                rounds[result.channel].note(result, log)


def _sent(channel: Channel, message: Message) -> Undelivered | None:
    """None if it has arrived. What is refused for what it says is said in fewer words."""
    try:
        channel.send(message)
    except Undelivered as error:
        is_long = bool(message.changes) and not channel.one_by_one
        return _sent(channel, _shorter(message)) if error.refused and is_long else error
    except Exception as error:  # noqa: BLE001 - somebody else's code; its words may quote anything
        return Undelivered(f"the channel failed ({type(error).__name__})")
    return None


def _shorter(message: Message) -> Message:
    """Counts alone."""
    return replace(message, key=f"{message.key}-short", changes=(), owners=())


def _trouble(scope: str, message: str, advice: str = "") -> Trouble:
    return Trouble(part="notify", scope=scope, message=message, advice=advice)
