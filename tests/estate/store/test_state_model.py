"""Any sequence of looks gives what a simple model says, which was written without a look at the store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from estate.store import conftest
from estate.store.looking import API, Looking, day, finding, report
from keymuster.estate.base import Failure, Outcome
from keymuster.estate.store.store import Store
from keymuster.model import Severity, Trouble

IDS = "abcd"


class Step(Struct, frozen=True):
    """One look. `kind`: `whole`, `cut` short, `hidden` places, `same`, `dead`; before it, tries that fail or
    workers that vanish; after it, the same outcome again."""

    kind: str
    found: dict[str, Severity]
    hidden: frozenset[str]
    failures: int
    vanished: int
    again: bool


steps = st.builds(
    Step,
    kind=st.sampled_from(["whole", "whole", "cut", "hidden", "same", "dead"]),
    found=st.dictionaries(st.sampled_from(IDS), st.sampled_from([Severity.LOW, Severity.HIGH])),
    hidden=st.frozensets(st.sampled_from(IDS), max_size=2),
    failures=st.integers(0, 1),
    vanished=st.integers(0, 1),
    again=st.booleans(),
)


class Model:
    """What a careful person would write on paper."""

    def __init__(self) -> None:
        self.cards: dict[str, dict[str, Any]] = {}
        self.dead = False
        self.told: list[tuple[str, str]] = []
        self.open_after: list[int] = []

    def note(self, step: Step, at: datetime) -> None:
        self.told = []
        if step.kind == "dead":
            self.dead = True
        elif step.kind == "same":
            self.dead = False
            for card in self.cards.values():
                card["fresh"] = ""
                if card["seen"]:
                    card["last"] = at
        else:
            self.dead = False
            self._look(step, at)
        self.open_after.append(sum(not card["gone"] for card in self.cards.values()))

    def _look(self, step: Step, at: datetime) -> None:
        for card in self.cards.values():
            card["fresh"] = ""
        for id, severity in step.found.items():
            card = self.cards.get(id)
            if card is None:
                card = self.cards[id] = {"first": at}
                card["fresh"] = "new"
            elif card["gone"]:
                card["fresh"] = "reopened"
            elif card["severity"] is not severity:
                card["fresh"] = "changed"
            card |= {"last": at, "gone": None, "seen": True, "severity": severity}
            if card["fresh"]:
                self.told.append((card["fresh"], id))
        for id, card in self.cards.items():
            if id in step.found or card["gone"]:
                continue
            if step.kind == "cut" or (step.kind == "hidden" and id in step.hidden):
                if card["seen"]:
                    self.told.append(("not observed", id))
            else:
                card["gone"] = at
                self.told.append(("resolved", id))
            card["seen"] = False

    def says(self) -> dict[str, tuple[str, datetime, datetime, datetime | None]]:
        return {
            id: (self._state(card), card["first"], card["last"], card["gone"])
            for id, card in self.cards.items()
        }

    def _state(self, card: dict[str, Any]) -> str:
        if card["gone"]:
            return "resolved"
        if self.dead or not card["seen"]:
            return "not observed"
        return card["fresh"] or "open"


def act(looking: Looking, step: Step) -> list[tuple[str, str]]:
    """The look in the store, with all that goes wrong before and after it."""
    store, attempt = looking.store, looking.begin()
    now = looking.now
    for number in range(step.failures + step.vanished):
        if number < step.failures:
            store.fail(
                attempt, Failure(trouble=Trouble(part="x", scope="y", message="z")), now, now
            )
        else:
            now += timedelta(minutes=5)
            assert store.stalled(now) == [attempt]
        taken = store.begin(attempt.run, API.id, f"worker {number}", now)
        assert taken is not None
        attempt = taken
    if step.kind == "dead":
        trouble = Trouble(part="x", scope="y", message="dead")
        store.fail(attempt, Failure(trouble=trouble), looking.now, None)
        store.end_run(attempt.run, looking.now)
        return []
    outcome = _outcome(step)
    events = store.finish(attempt, outcome, looking.now)
    if step.again:
        assert store.finish(attempt, outcome, looking.now + timedelta(hours=1)) == []
        assert store.begin(attempt.run, API.id, "another", looking.now) is None
    store.end_run(attempt.run, looking.now)
    return [(one.state.value, one.finding.id) for one in events]


def _outcome(step: Step) -> Outcome:
    if step.kind == "same":
        return Outcome(target=API.id, unchanged=True)
    found = [finding(id, severity=severity) for id, severity in step.found.items()]
    troubles = tuple(
        Trouble(part="text", scope=f"{id}.env", message="unreadable") for id in sorted(step.hidden)
    )
    said = report(
        *found,
        complete=step.kind != "cut",
        troubles=troubles if step.kind == "hidden" else (),
    )
    return Outcome(target=API.id, report=said)


def check(store: Store, sequence: list[Step]) -> None:
    looking, model = Looking(store), Model()
    for step in sequence:
        if step.kind == "same" and not looking.store.targets():
            continue
        if step.kind == "same" and looking.store.targets()[0].looked_at is None:
            continue
        told = act(looking, step)
        model.note(step, looking.now)
        assert sorted(told) == sorted(model.told)
        assert {
            one.finding.id: (one.state.value, one.first_seen, one.last_seen, one.resolved_at)
            for one in store.findings()
        } == model.says()
    trend = [one.open for one in store.trend(len(model.open_after), day(len(model.open_after)))]
    assert trend == model.open_after[len(model.open_after) - len(trend) :]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(steps, max_size=8))
def test_any_sequence_of_looks(store: Store, sequence: list[Step]) -> None:
    conftest.empty(store)
    check(store, sequence)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(steps, min_size=3, max_size=8))
def test_any_sequence_of_looks_in_postgresql(store: Store, sequence: list[Step]) -> None:
    conftest.empty(store)
    check(store, sequence)
