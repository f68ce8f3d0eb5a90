"""Looks at made-up targets, one a day, written into a store."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from keymuster.estate.base import Event, Failure, Outcome, Target
from keymuster.estate.store.rows import Attempt, Standing, Stored
from keymuster.estate.store.store import Store
from keymuster.model import (
    Confidence,
    Credential,
    CredentialKind,
    FileLocation,
    Finding,
    Location,
    Nhi,
    Report,
    RuleText,
    Scope,
    Severity,
    Suppression,
    Trouble,
)

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
API = Target(id="repository:acme/api", kind="repository", name="acme/api")
WEB = Target(id="repository:acme/web", kind="repository", name="acme/web")


RULE = RuleText(
    id="secret-in-tree/acme-key", title="A key", why="w", remediation="r", severity=Severity.HIGH,
    confidence=Confidence.HIGH, nhi=(Nhi.SECRET_LEAKAGE,),
)  # fmt: skip


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def finding(id: str, path: str = "", **more: Any) -> Finding:
    """One that stands in a file of its own."""
    places: tuple[Location, ...] = (FileLocation(path=path or f"{id}.env"),)
    said: dict[str, Any] = {
        "id": id, "rule": "secret-in-tree/acme-key", "policy": "secret-in-tree", "nhi": (Nhi.SECRET_LEAKAGE,),
        "severity": Severity.HIGH, "confidence": Confidence.HIGH, "subject": f"secret:{id}",
        "message": f"a key in {id}", "places": places,
    }  # fmt: skip
    return Finding(**(said | more))


def accepted(until: date | None, why: str = "a test tenant") -> Suppression:
    return Suppression(justification=why, until=until)


def report(*findings: Finding, **more: Any) -> Report:
    """Of a whole look at a tree."""
    said: dict[str, Any] = {"mode": "worktree", "scope": Scope(paths=(".",))}
    return Report(findings=findings, **(said | more))


def credential(id: str, **more: Any) -> Credential:
    place = FileLocation(path=f"{id}.env")
    return Credential(id=id, kind=CredentialKind.API_KEY, name=id, location=place, **more)


class Looking:
    """Runs of a store, one for each look."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.days = 0

    def begin(self, target: Target = API, worker: str = "worker") -> Attempt:
        """In a run of its own, a day later."""
        self.days += 1
        run = self.store.start_run([target], self.now)
        attempt = self.store.begin(run, target.id, worker, self.now)
        assert attempt is not None
        return attempt

    @property
    def now(self) -> datetime:
        return day(self.days)

    def look(self, *findings: Finding, target: Target = API, **more: Any) -> list[Event]:
        """Find these, in a report with all else that is said."""
        return self.saw(report(*findings, **more), target)

    def saw(self, said: Report | None, target: Target = API, **more: Any) -> list[Event]:
        attempt = self.begin(target)
        outcome = Outcome(target=target.id, report=said, **more)
        events = self.store.finish(attempt, outcome, self.now)
        self.store.end_run(attempt.run, self.now)
        return events

    def unchanged(self, target: Target = API) -> list[Event]:
        return self.saw(None, target, unchanged=True)

    def dies(self, target: Target = API, message: str = "it was killed") -> None:
        """A look that comes to nothing as often as it may."""
        attempt = self.begin(target)
        trouble = Trouble(part="repository", scope=target.name, message=message)
        self.store.fail(attempt, Failure(trouble=trouble), self.now, None)
        self.store.end_run(attempt.run, self.now)

    def states(self, target: Target = API) -> dict[str, str]:
        """Of each finding of a target."""
        return {one.finding.id: one.state.value for one in self.store.findings(target=target.id)}

    def stored(self, id: str, target: Target = API) -> Stored:
        [one] = self.store.findings(target=target.id, ids=[id])
        return one

    def ids(self, states: Collection[Standing]) -> list[str]:
        return [one.finding.id for one in self.store.findings(states)]


def told(events: Collection[Event]) -> list[tuple[str, str]]:
    return [(one.state.value, one.finding.id) for one in events]
