"""The contract of a channel, and what it is told.

What a channel gets has no secret text in it, but it is full of words that others wrote: names of files, of identities,
of owners. To a channel they are data, never markup, an address or a header.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from threading import Event as Flag
from typing import Annotated, Any, ClassVar, Protocol

from msgspec import Meta, Struct

from keymuster.model import Confidence, Finding, Severity


class Became(StrEnum):
    """What became of a finding, in the words that people are told. One that has been `accepted` is still there."""

    NEW = "new"
    REOPENED = "reopened"
    CHANGED = "changed"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"
    NOT_OBSERVED = "not observed"


class Change(Struct, frozen=True, kw_only=True):
    """One finding, and what became of it. `number` is that of its event in the store."""

    number: int
    became: Became
    at: datetime
    run: int
    target: str
    finding: Finding
    why: str = ""


class OwnerCount(Struct, frozen=True, kw_only=True):
    """How many of the changes are about what somebody answers for; `owner` is empty where nobody is known."""

    owner: str
    total: int
    gravest: Severity


class Message(Struct, frozen=True, kw_only=True):
    """What one recipient is told at once. The `changes` are the gravest, the counts are of all. The same `key` is the same
    message, sent again. Where each change is a message of its own, `about` is what its finding is known by, whatever becomes of
    it, and `told_before` says whether that was told of already."""

    key: str
    channel: str
    at: datetime
    counts: dict[Became, dict[Severity, int]]
    changes: tuple[Change, ...] = ()
    owners: tuple[OwnerCount, ...] = ()
    recipient: str = ""
    about: str = ""
    told_before: bool = False
    is_test: bool = False

    @property
    def total(self) -> int:
        return sum(sum(some.values()) for some in self.counts.values())

    @property
    def left_out(self) -> int:
        """How many changes are only counted."""
        return self.total - len(self.changes)


_TELLS = (Became.NEW, Became.REOPENED, Became.CHANGED, Became.RESOLVED)


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What settings say of a channel of any `kind`: it is told of findings from a `severity` and `confidence` on, that
    became what it `tells`. A message has at most `limit` of them, the gravest, and counts the others; of a tracker, no more
    are opened at once."""

    kind: str
    severity: Severity = Severity.MEDIUM
    confidence: Confidence = Confidence.MEDIUM
    tells: tuple[Became, ...] = _TELLS
    limit: Annotated[int, Meta(ge=1, le=500)] = 25

    def wants(self, became: Became, finding: Finding) -> bool:
        return (
            became in self.tells
            and finding.severity.rank >= self.severity.rank
            and finding.confidence.rank >= self.confidence.rank
        )


class Undelivered(Exception):
    """A message that did not arrive, and why, without a word of the message or its address. What was `refused` for what
    it says may arrive in fewer words. If it is `alone`, others may arrive: it is about its recipient or its words."""

    def __init__(
        self, why: str, advice: str = "", *, refused: bool = False, alone: bool = False
    ) -> None:
        super().__init__(why)
        self.why = why
        self.advice = advice
        self.refused = refused
        self.alone = alone or refused


class Channel(Protocol):
    """A sort of channel. `options` are what settings say of one, `takes_recipients` whether it can be told whom to write to,
    `one_by_one` whether each change is a message of its own. It gives up waiting when `stop` is set."""

    name: ClassVar[str]
    options: ClassVar[type[Options]]
    takes_recipients: ClassVar[bool]
    one_by_one: ClassVar[bool]

    def __init__(self, options: Any, stop: Flag) -> None:
        """SettingsError if what the options refer to is not there, or cannot be meant."""

    def send(self, message: Message) -> None:
        """Undelivered if it did not arrive, after as many tries as are worth it."""
