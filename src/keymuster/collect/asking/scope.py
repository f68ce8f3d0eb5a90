"""Where calls are made, and what came of those that failed."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from threading import Event, Lock
from typing import ClassVar, Protocol

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.surface import Surface
from keymuster.model import Trouble


class Interrupted(Exception):
    """Nothing more is to be asked."""


class Session(Protocol):
    """Somebody who is signed in, somewhere. What `ended` it is said once, and holds for all calls."""

    ended: Refused | None

    @property
    def account(self) -> str: ...


class Scope:
    """What a surface asks through. A call that fails is a trouble of this scope, and has no answer; what
    else there is to ask goes on. Each service has its own, which knows how to make a call."""

    part: ClassVar[str]

    def __init__(self, session: Session, surface: Surface, stop: Event | None = None) -> None:
        self.session = session
        self.surface = surface
        self.stop = stop or Event()
        self._refused: dict[tuple[str, str], Refused] = {}
        self._lock = Lock()
        self._unseen: list[Trouble] = []
        self.as_of: datetime | None = None

    @property
    def account(self) -> str:
        return self.session.account

    @property
    def name(self) -> str:
        """How troubles call it."""
        return self.account

    @property
    def is_offered(self) -> bool:
        """Whether there is anything to ask here at all."""
        return True

    @property
    def failures(self) -> int:
        """How many calls failed so far: when it grows, an answer is not whole."""
        return sum(one.times for one in self._refused.values())

    def unseen(self, message: str, advice: str) -> None:
        """Note that something was not asked for."""
        message = f"{self.surface.name}: {message}"
        self._unseen.append(
            Trouble(part=self.part, scope=self.name, message=message, advice=advice)
        )

    def troubles(self) -> tuple[Trouble, ...]:
        """One for each way in which calls failed, and for what was not asked for."""
        refused = (
            one.trouble(self.part, self.name, self.surface.name) for one in self._refused.values()
        )
        return (*refused, *self._unseen)

    def go_on(self) -> None:
        """Interrupted if somebody wants an end."""
        if self.stop.is_set():
            raise Interrupted

    def may_call(self, call: str) -> None:
        """To be asked before each call: a surface says beforehand which it makes, as permissions are
        told from that."""
        assert call in self._allowed, f"{self.surface.name} does not say that it calls {call}"
        self.go_on()

    def refuse(self, found: Refused) -> None:
        """Note a call that got no answer."""
        if found.ends_session and self.session.ended is None:
            self.session.ended = found
        with self._lock:
            known = self._refused.get((found.call, found.code))
            self._refused[found.call, found.code] = found if known is None else known.again()

    def rests_on(self, as_of: datetime | None) -> None:
        """Note that something was told to an earlier scan: `as_of` is when the oldest of it was."""
        if as_of is not None:
            with self._lock:
                self.as_of = as_of if self.as_of is None else min(self.as_of, as_of)

    @cached_property
    def _allowed(self) -> frozenset[str]:
        return frozenset(self.surface.calls)
