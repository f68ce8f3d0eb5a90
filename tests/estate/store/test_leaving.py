"""Targets that the estate no longer has."""

from __future__ import annotations

from datetime import timedelta

from estate.store.looking import API, WEB, Looking, finding
from keymuster.estate.store.purging import Purged
from keymuster.estate.store.store import Store
from keymuster.model import Severity

LEFT = "the target is no longer in the estate"


def leaves(looking: Looking, *, gone: set[str]) -> None:
    """A run of the others that begins without it."""
    looking.days += 1
    run = looking.store.start_run([WEB], looking.now, gone=gone)
    looking.store.end_run(run, looking.now)


def open_now(store: Store, looking: Looking) -> int:
    return store.trend(3, looking.now)[-1].open


def test_findings_of_a_target_that_has_left_are_not_observed_and_not_resolved(
    looking: Looking,
) -> None:
    looking.look(finding("a"), finding("shared"))
    looking.look(finding("shared"), finding("w"), target=WEB)
    assert open_now(looking.store, looking) == 3
    leaves(looking, gone={API.id})
    assert looking.states() == {"a": "not observed", "shared": "not observed"}
    assert looking.stored("a").why == LEFT
    assert looking.states(WEB) == {"shared": "open", "w": "open"} or looking.states(WEB) == {
        "shared": "new", "w": "new",
    }  # fmt: skip
    told = looking.store.report(looking.now)
    assert {one.id for one in told.findings} == {"shared", "w"}
    assert told.targets == 1
    [trouble] = told.troubles
    assert (trouble.scope, trouble.message) == (
        API.name, f"{LEFT}; its 2 findings are not observed, and not told here",
    )  # fmt: skip
    # all that counts says the same
    assert open_now(looking.store, looking) == 2
    assert [one.open for one in looking.store.trend(3, looking.now)] == [2, 3, 2]
    [high] = [
        one for one in looking.store.counts(looking.now).open if one.severity == Severity.HIGH
    ]
    assert high.count == 2
    assert [one.count for one in looking.store.counts(looking.now).targets] == [1]


def test_who_comes_back_has_them_again(looking: Looking) -> None:
    looking.look(finding("a"))
    leaves(looking, gone={API.id})
    leaves(looking, gone=set())
    assert looking.stored("a").why == ""
    looking.unchanged()
    assert looking.states() == {"a": "open"}
    assert open_now(looking.store, looking) == 1


def test_a_target_that_fails_has_not_left(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.dies(message="no answer")
    leaves(looking, gone=set())
    assert looking.stored("a").why == "no answer"
    leaves(looking, gone={API.id})
    assert [one.target.id for one in looking.store.targets() if one.has_left] == [API.id]


def test_of_a_run_that_does_not_say_nobody_leaves(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look(target=WEB)
    assert looking.states() == {"a": "new"}


def test_purge_drops_it_after_its_time(looking: Looking) -> None:
    class Kept:
        resolved_days = events_days = runs_days = 0
        targets_days = 30

    looking.look(finding("a"))
    leaves(looking, gone={API.id})
    looking.days += 20
    looking.look(target=WEB)
    now = looking.now + timedelta(days=15)
    assert looking.store.purge(Kept(), now) == Purged(targets=(API.id,), with_targets=1)
