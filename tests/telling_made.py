"""Made-up changes, messages, and a log in memory, for tests of who is told what."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from msgspec.structs import replace

from keymuster.estate.base import Event
from keymuster.estate.channels.base import Became, Change, Message
from keymuster.estate.notify.gathering import Gathering
from keymuster.estate.store.rows import Standing, Stored
from keymuster.evaluate.states import State
from keymuster.model import (
    Confidence,
    FileLocation,
    Finding,
    Framework,
    Nhi,
    Owner,
    RuleText,
    Severity,
    Suppression,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

HOSTILE = (
    "<!channel> @here <https://evil.test|click> & *bold* `code` [link](https://evil.test) "
    "<script>alert(1)</script> \"quoted\" 'single'\r\nBcc: someone@evil.test\n\n<b>x</b>"
)


def finding(
    id: str = "f1", severity: Severity = Severity.HIGH, owner: str = "", message: str = "A token",
    path: str = "a.py", *, left: bool = False, accepted: bool = False, nhi: Nhi = Nhi.SECRET_LEAKAGE,
) -> Finding:  # fmt: skip
    return Finding(
        id=id, rule="secret-in-tree/github-pat", policy="secret-in-tree", nhi=(nhi,),
        severity=severity, confidence=Confidence.HIGH, subject=f"s-{id}", message=message,
        places=(FileLocation(path=path, line=3),), remediation="Revoke it.",
        owner=Owner(name=owner, source="tags", status="left" if left else "named") if owner else None,
        suppression=Suppression(justification="known") if accepted else None,
    )  # fmt: skip


def event(
    one: Finding, state: State = State.NEW, *, run: int = 1, target: str = "repository:acme/api", why: str = ""
) -> Event:  # fmt: skip
    return Event(at=NOW, run=run, target=target, state=state, finding=one, why=why)


def message(
    *several: Finding, became: Became = Became.NEW, target: str = "repository:acme/api", why: str = "",
    limit: int = 25, recipient: str = "", about: str = "",
) -> Message:  # fmt: skip
    gathered = Gathering(limit)
    for number, one in enumerate(several, 1):
        gathered.add(
            Change(number=number, became=became, at=NOW, run=1, target=target, finding=one, why=why)
        )
    return replace(gathered.message("made", recipient, NOW), about=about)


class MemoryLog:
    """Events and cursors. `before` has what findings were called earlier, `joined` what some stand for, `over` which are resolved."""

    def __init__(self, *events: Event) -> None:
        self.all = list(events)
        self.cursors: dict[str, int] = {}
        self.before: dict[str, tuple[str, ...]] = {}
        self.joined: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        self.over: set[str] = set()

    def events(self, since: int = 0) -> Iterator[tuple[int, Event]]:
        yield from ((number, one) for number, one in enumerate(self.all, 1) if number > since)

    def notified(self, name: str, up_to_id: int | None = None) -> int:
        if up_to_id is not None:
            assert up_to_id >= self.cursors.get(name, 0), "a cursor went back"
            self.cursors[name] = up_to_id
        return self.cursors.get(name, 0)

    def stands_for(self) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
        return self.joined

    def texts(self) -> tuple[dict[str, RuleText], dict[str, Framework]]:
        return {}, {}

    def findings(
        self,
        states: Collection[Standing] | None = None,
        target: str | None = None,
        ids: Collection[str] | None = None,
    ) -> Iterator[Stored]:
        for id in ids or ():
            yield Stored(
                target=target or "", finding=finding(id), first_seen=NOW,
                state=Standing.RESOLVED if id in self.over else Standing.OPEN,
                last_seen=NOW, run=1, was=self.before.get(id, ()),
            )  # fmt: skip
