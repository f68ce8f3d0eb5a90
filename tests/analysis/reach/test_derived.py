"""The facts of reach: only what is sure, and only where somebody may begin."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from analysis.aws import ADMINISTRATOR, Made
from analysis.reach.making import identity, key, use
from keymuster.analysis import analysed, reach
from keymuster.analysis.reach.answer import answer
from keymuster.analysis.reach.graph import Basis
from keymuster.inventory.build import Inventory, build
from keymuster.inventory.facts import FACTS, STEPS
from keymuster.model import Confidence, IdentityKind, Observation, UseKind
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def derived(rules: RuleSet, *more: Observation, trusting: bool = True) -> Inventory:
    """A user whose key may be leaked, and a role that is an administrator."""
    made = Made()
    user, role = made.user("ci"), made.role("boss")
    made.allow(user, "sts:AssumeRole", role)
    if trusting:
        made.trust(role, user)
    made.has(role, ADMINISTRATOR)
    records = (*made.identities, *made.grants, *made.trusts, *more)
    return analysed(build(records), Settings(), rules, NOW)


USER = "arn:aws:iam::111122223333:user/ci"
ROLE = "arn:aws:iam::111122223333:role/boss"


def test_a_leaked_key_says_what_it_leads_to_and_how(rules: RuleSet) -> None:
    found = derived(rules, key("1", USER)).facts
    said = found["secret:1"]
    assert said["leads_to"] == ["admin", "secrets"]
    assert said["leads_by"] == "key signs in as ci, then ci assumes boss"
    [path] = said[STEPS]["leads_to"]
    assert [(one.start, one.to, one.records) for one in path] == [
        ("secret:1", USER, ("secret:1",)),
        (USER, ROLE, ("grant-1", "trust-2")),
    ]
    assert found[USER]["reached_from"] == ["leaked"]
    assert found[ROLE]["reached_from"] == ["leaked"]
    assert "administrator_by" in found[USER][STEPS]  # what others found is kept


def test_what_leads_nowhere_and_what_is_only_assumed_says_nothing(rules: RuleSet) -> None:
    nowhere = derived(rules, key("1", USER), trusting=False)
    assert "leads_to" not in nowhere.facts.get("secret:1", {})
    doubtful = derived(rules, key("1", USER, confidence=Confidence.LOW))
    assert "leads_to" not in doubtful.facts.get("secret:1", {})


def test_an_agent_says_how_it_leads_there_if_it_reads_what_strangers_write(rules: RuleSet) -> None:
    agent = identity("agent:a", kind=IdentityKind.AGENT)
    found = derived(rules, agent, use("agent:a", ROLE, UseKind.AGENT))
    assert "reached_from" not in found.facts.get("agent:a", {})


@pytest.mark.parametrize("leaked", [True, False])
def test_no_graph_is_made_where_nobody_begins(
    leaked: bool, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    module = "keymuster.analysis.reach.derived"
    __import__(module)
    monkeypatch.setattr(sys.modules[module], "derived", lambda *given: asked.append(given) or {})
    derived(rules, *([key("1", USER)] if leaked else [key("1")]))
    assert bool(asked) is leaked


def test_all_facts_are_declared(rules: RuleSet) -> None:
    declared = {"secret:1": FACTS["credential"], USER: FACTS["identity"], ROLE: FACTS["identity"]}
    inventory = derived(rules, key("1", USER))
    for id, told in reach.facts(inventory, Settings(), rules).items():
        assert told.keys() - {STEPS} <= declared[id].keys()


def test_the_work_grows_as_the_edges_do(rules: RuleSet) -> None:
    """Counted, and not timed."""

    def steps(size: int) -> int:
        records = [identity(str(number)) for number in range(size)]
        links = [use(str(number), str(number * 7 % size)) for number in range(size)]
        links += [use(str(number), str((number + 1) % size)) for number in range(size)]
        leaks = [key(f"k{number}", str(number * 11 % size)) for number in range(0, size, 10)]
        inventory = build((*records, *links, *leaks))
        inventory.facts = {
            str(number): {"privilege": "admin"} for number in range(3, size, size // 5)
        }
        return _count(lambda: answer(Basis(inventory, Settings(), rules)))

    steps(50)
    assert steps(4000) < 2.5 * steps(2000)


def _count(work: Callable[[], Any]) -> int:
    count = 0

    def note(frame: Any, event: str, _: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
