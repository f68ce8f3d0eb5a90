"""The work for a directory grows as its grants do, and not as the pairs of its members and groups."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from directory_objects import (
    GLOBAL_ADMINISTRATOR,
    OTHER,
    READS_USERS,
    app_role,
    application,
    consent,
    directory_role,
    group,
    owned_by,
    records,
    service_principal,
)
from keymuster.analysis import azure_facts, azure_scopes, entra_facts
from keymuster.collect.declared import Declared
from keymuster.inventory.build import Inventory, build
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

GROUPS = 10


def _crowd(size: int) -> Iterator[Declared]:
    """Each owns the next, is in every group, and every group in the one after it; the last one has a role."""
    numbers = range(2000, 2000 + size)
    for number in numbers:
        own = number + 100_000
        yield application(own, client_id=f"00000000-0000-4000-9000-{number:012d}")
        yield service_principal(
            number, client_id=f"00000000-0000-4000-9000-{number:012d}", display_name=f"p{number}",
            **(owned_by((number - 1, "p")) if number > 2000 and number % 10 else {}),
        )  # fmt: skip
        foreign = number + 200_000
        yield service_principal(
            foreign, foreign, appOwnerOrganizationId=OTHER, display_name=f"f{number}"
        )
        yield consent(foreign, "Mail.Read", "offline_access", person=number)
        yield app_role(number, READS_USERS)
    for at in range(GROUPS):
        yield group(500 + at, *numbers, *(500 + one for one in range(at)))
    yield directory_role(500 + GROUPS - 1, GLOBAL_ADMINISTRATOR)


def _facts(inventory: Inventory, rules: RuleSet) -> dict[str, dict[str, Any]]:
    inventory.facts.clear()
    for part in (azure_facts, azure_scopes, entra_facts):
        for id, found in part.facts(inventory, Settings(), rules).items():
            inventory.facts.setdefault(id, {}).update(found)
    return inventory.facts


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


def test_twice_as_many_principals_are_twice_the_work(rules: RuleSet) -> None:
    small, large = build(records(_crowd(30))), build(records(_crowd(60)))
    found = _facts(large, rules)
    assert (
        sum("Global Administrator" in one.get("directory_roles", ()) for one in found.values())
        >= 120
    )
    assert sum("takes_over" in one for one in found.values()) >= 50
    few, many = _steps(lambda: _facts(small, rules)), _steps(lambda: _facts(large, rules))
    assert many < 2.2 * few
