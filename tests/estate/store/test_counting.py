"""What the database counts is what the store tells one by one."""

from __future__ import annotations

from collections import Counter

import pytest

from estate.store.looking import API, WEB, Looking, accepted, day, finding
from keymuster.estate.store.counting import Counts
from keymuster.model import Nhi, Severity


@pytest.fixture
def looked(looking: Looking) -> Looking:
    """Findings in every state, in two targets, of which one cannot be looked at any more."""
    old, low = finding("old"), finding("low", severity=Severity.LOW)
    two = finding("two", nhi=(Nhi.SECRET_LEAKAGE, Nhi.NHI_REUSE))
    looking.look(old, low, two, finding("gone"))
    looking.look(finding("w1"), finding("w2"), target=WEB)
    looking.look(old, low, two, finding("yes", suppression=accepted(None)))
    looking.dies(WEB)
    looking.look(
        old,
        finding("low", severity=Severity.MEDIUM),
        finding("yes", suppression=accepted(None)),
        finding("new"),
    )
    looking.look(
        old,
        finding("low", severity=Severity.MEDIUM),
        two,
        finding("yes", suppression=accepted(None)),
        finding("newer"),
        finding("new"),
    )
    return looking  # fmt: skip


def test_findings_are_counted_as_they_are_told(looked: Looking) -> None:
    counts = looked.store.counts(looked.now)
    counted = Counter(
        {(one.kind, one.severity, one.nhi, one.state): one.count for one in counts.findings}
    )
    told = Counter(
        ("repository", one.finding.severity.value, " ".join(one.finding.nhi), one.state)
        for one in looked.store.findings()
    )
    assert counted == told
    assert {one.state.value for one in counts.findings} == {
        "open", "new", "reopened", "accepted", "resolved", "not observed",
    }  # fmt: skip


def test_open_ones_are_counted_by_age(looked: Looking) -> None:
    counts = looked.store.counts(day(40))
    high = {one.severity: one for one in counts.open}["high"]
    assert high.oldest == day(1)
    assert high.older == {1: high.count, 7: high.count, 30: high.count, 90: 0, 365: 0}
    sooner = {one.severity: one for one in looked.store.counts(looked.now).open}["high"]
    assert 0 < sooner.older[1] < sooner.count


def test_targets_are_counted_by_when_they_were_looked_at(looked: Looking) -> None:
    [one] = looked.store.counts(looked.now).targets
    assert (one.count, one.never, one.failing) == (2, 0, 1)
    assert one.within[1] == 1
    assert one.within[7] == 2


def test_the_last_run_is_added_up(looked: Looking) -> None:
    run = looked.store.counts(looked.now).run
    assert run is not None
    assert (run.retried, run.unchanged) == (0, 0)
    looked.unchanged(API)
    run = looked.store.counts(looked.now).run
    assert run is not None
    assert run.unchanged == 1


def test_an_empty_store_counts_nothing(looking: Looking) -> None:
    assert looking.store.counts(looking.now) == Counts(findings=(), open=(), targets=(), run=None)


def test_the_state_is_another_one_after_every_change(looking: Looking) -> None:
    seen = [looking.store.state()]
    looking.look(finding("a"))
    seen.append(looking.store.state())
    looking.unchanged()
    seen.append(looking.store.state())
    attempt = looking.begin()
    seen.append(looking.store.state())
    looking.store.end_run(attempt.run, looking.now)
    seen.append(looking.store.state())
    looking.dies()
    seen.append(looking.store.state())
    assert len({*seen}) == len(seen)
    assert looking.store.state() == seen[-1]


def test_what_a_channel_was_not_told_is_counted(looking: Looking) -> None:
    looking.look(finding("a"), finding("b"), finding("c"))
    assert looking.store.pending("somebody") == 3
    second = [number for number, _ in looking.store.events()][1]
    looking.store.notified("somebody", second)
    assert looking.store.pending("somebody") == 1
