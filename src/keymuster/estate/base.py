"""What the parts of an estate hand to each other: a target, a task, an outcome, an event."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from keymuster.evaluate.states import State
from keymuster.model import Finding, Observation, Report, Trouble
from keymuster.model import roll as _roll  # noqa: F401 - a report is decoded with it


class Bounds(Struct, frozen=True, kw_only=True):
    """What the process of one target may take: seconds by the clock, bytes of memory, bytes of what it hands back."""

    seconds: float = 3600
    memory: int = 4 * 1024**3
    output: int = 512 * 1024**2


class Target(Struct, frozen=True, kw_only=True):
    """One unit of work: a repository, an account or tenant of a service, a machine. `id` never changes while it is
    the same thing (`repository:github.com/acme/api`, `service:aws/acme`), `kind` is the part that knows how to look
    at it, `options` are its own, as JSON has them. They name credentials and never hold one: an environment variable,
    a file. What is `found_by` something was not written down, but listed by it (an organisation)."""

    id: str
    kind: str
    name: str
    options: dict[str, Any] = {}
    bounds: Bounds = Bounds()
    found_by: str = ""


class Task(Struct, frozen=True, kw_only=True):
    """A target, to be looked at now, with what its last look `left` for this one, and the folder where its part
    may keep what can be made again (clones, what is known to be clean)."""

    target: Target
    now: datetime
    left: dict[str, str] = {}
    cache: str = ""
    config: str = ""


class Cost(Struct, frozen=True, kw_only=True):
    """What a look took: seconds by the clock, seconds of CPU with all children, bytes of memory at the peak, calls
    or bytes over the network where the part counts them."""

    seconds: float = 0
    cpu: float = 0
    memory: int = 0
    calls: int = 0


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a task: the report, and the records that it rests on, for the join over all targets. Both are
    redacted. `left` is for the next look. If nothing has changed since the last one (`unchanged`), what that saw still holds,
    and neither is there. A report that is not complete resolves nothing. A finding of the join may stand for others of
    which it knows more: its id -> the targets and ids of those."""

    target: str
    report: Report | None = None
    observations: tuple[Observation, ...] = ()
    left: dict[str, str] = {}
    unchanged: bool = False
    cost: Cost = Cost()
    stands_for: dict[str, tuple[tuple[str, str], ...]] = {}


class Work(StrEnum):
    """Where a target stands in a run."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """It failed, and is tried again at a later time."""
    DONE = "done"
    DEAD = "dead"
    """It failed as often as it may."""


class Event(Struct, frozen=True, kw_only=True):
    """What became of one finding of one target in a run. `state` is none of those that stay as they are."""

    at: datetime
    run: int
    target: str
    state: State
    finding: Finding
    why: str = ""


class Failure(Struct, frozen=True, kw_only=True):
    """A try that gave no outcome, and whether another may help. If it is for what is wrong `here`, on this
    machine (a full disk), another machine may do better."""

    trouble: Trouble
    retry: bool = True
    here: bool = False


class Part(Protocol):
    """A kind of target. A module in `estate/kinds`, one class in it. One that can tell for next to nothing that nothing has
    changed may have `unchanged(task)`, which gives the outcome that says so, or None; it is asked in the process that hands
    out work."""

    name: ClassVar[str]

    def perform(self, task: Task) -> Outcome:
        """Look at it, in this process. KeymusterError if it cannot be looked at at all: Unreachable where another
        try may help."""


class Lister(Protocol):
    """What lists targets that nobody has written down: an organisation. A module in `estate/listers`, one class in it."""

    name: ClassVar[str]

    def list(self, options: dict[str, Any]) -> tuple[list[Target], list[Trouble]]:
        """Those there are now, and what could not be listed."""
