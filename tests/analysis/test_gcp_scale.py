"""The work for an organisation grows as its bindings do, and not as the pairs of those who may become
each other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from analysis.gcp import NOW, account, denied, email, folder, organization, policy, project
from keymuster.analysis import gcp_facts
from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.inventory.build import Inventory, build
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings


def _crowd(size: int) -> Iterator[Declared]:
    """Everybody may act as everybody and start something, by roles on the project, the folder and the
    organisation; and each makes tokens of the next, up to one who owns the project."""
    yield from (organization(), folder(), project())
    members = [f"serviceAccount:{email(f'sa{number}')}" for number in range(size)]
    yield from (account(f"sa{number}") for number in range(size))
    acts, starts = "roles/iam.serviceAccountUser", "roles/run.admin"
    yield policy("organizations/1", *((acts, one) for one in members))
    yield policy("folders/45", *((starts, one) for one in members))
    tagged = "resource.matchTag('1/env', 'prod')"
    yield policy(
        "projects/acme-prod",
        *(("roles/iam.serviceAccountTokenCreator", one, tagged) for one in members),
        ("roles/owner", members[-1]),
    )
    for number, one in enumerate(members[:-1]):
        yield policy(email(f"sa{number + 1}"), ("roles/iam.serviceAccountTokenCreator", one))
    yield denied(
        "folders/45", "iam.googleapis.com/serviceAccountKeys.*", "principalSet://goog/public:all"
    )


def _inventory(size: int, rules: RuleSet) -> Inventory:
    known = build(record for one in _crowd(size) for record in meanings.records(one, ()))
    known.now = NOW
    return known


def _steps(work: Callable[[], Any]) -> int:
    """How many functions are called, in Python and below."""
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


def test_twice_as_many_accounts_are_twice_the_work(rules: RuleSet) -> None:
    small, large = _inventory(40, rules), _inventory(80, rules)
    facts = gcp_facts.facts(large, Settings(), rules)
    assert sum("administrator_by" in one for one in facts.values()) == 79
    few = _steps(lambda: gcp_facts.facts(small, Settings(), rules))
    many = _steps(lambda: gcp_facts.facts(large, Settings(), rules))
    assert many < 2.2 * few
