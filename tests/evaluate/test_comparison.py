"""Two reports, one after the other."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

import timing
from keymuster.evaluate.comparison import compared
from keymuster.evaluate.states import State
from keymuster.model import (
    Commit,
    Confidence,
    FileLocation,
    Finding,
    Report,
    Scope,
    Severity,
    Suppression,
    Trouble,
)


def finding(number: int, path: str) -> Finding:
    return Finding(
        id=str(number), rule="r", policy="r", nhi=(), severity=Severity.HIGH, confidence=Confidence.HIGH,
        subject=path, message="m", places=(FileLocation(path=path),), fingerprint=str(number),
    )  # fmt: skip


def unread(*names: str) -> tuple[Trouble, ...]:
    return tuple(Trouble(part="p", scope=name, message="cannot be read") for name in names)


@pytest.mark.parametrize(
    ("scope", "state"),
    [
        ("a/b/c.py", State.NOT_OBSERVED),
        ("a/b", State.NOT_OBSERVED),
        ("a", State.NOT_OBSERVED),
        (".", State.NOT_OBSERVED),
        ("a/b/c.py!/x", State.NOT_OBSERVED),
        ("a/bc", State.RESOLVED),
        ("b", State.RESOLVED),
    ],
)
def test_what_lies_in_what_was_not_read_is_not_resolved(scope: str, state: State) -> None:
    new = Report(findings=(), mode="worktree", troubles=unread(scope), scope=Scope(paths=("a",)))
    [change] = compared(Report(findings=(finding(1, "a/b/c.py"),)), new)
    assert change.state is state


@pytest.mark.parametrize(
    ("scope", "state"),
    [
        ("history", State.NOT_OBSERVED),
        ("pack-1.pack", State.NOT_OBSERVED),
        ("object 0b1ec7", State.NOT_OBSERVED),
        ("object a11", State.RESOLVED),
    ],
)
def test_what_a_torn_history_does_not_tell_of_is_not_resolved(scope: str, state: State) -> None:
    place = FileLocation(path="a.py", commit=Commit(id="c0"), object="0b1ec7")
    old = Report(findings=(replace(finding(1, "a.py"), places=(place,)),), mode="history")
    torn = Trouble(part="history", scope=scope, message="is damaged")
    [change] = compared(old, Report(findings=(), mode="history", troubles=(torn,)))
    assert change.state is state


def test_many_files_that_were_not_read_are_no_trouble() -> None:
    old = Report(findings=tuple(finding(number, f"a/{number}.py") for number in range(2000)))
    new = Report(findings=(), mode="worktree", troubles=unread(*(f"b/{n}" for n in range(2000))))
    assert timing.takes(lambda: compared(old, new), 0.4)


def test_a_finding_that_is_accepted_in_one_place_and_open_in_another_stays_the_same() -> None:
    live, test = finding(1, "live.env"), finding(1, "test.env")
    test = replace(test, suppression=Suppression(justification="a test tenant"))
    both, accepted = Report(findings=(live, test)), Report(findings=(test,))
    assert [one.state for one in compared(both, both)] == [State.SAME, State.SAME]
    assert [one.state for one in compared(both, Report(findings=()))] == [State.RESOLVED]
    assert [one.state for one in compared(accepted, both)] == [State.REOPENED, State.SAME]
    assert [one.state for one in compared(both, accepted)] == [State.SAME]
