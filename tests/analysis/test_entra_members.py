"""What somebody has by groups, however they are in each other."""

from __future__ import annotations

from directory_objects import (
    GLOBAL_ADMINISTRATOR,
    directory_role,
    facts,
    group,
    inventory,
    service_principal,
)
from keymuster.analysis.entra_members import held
from keymuster.model import Grant, GrantKind, ServiceLocation
from keymuster.rules.schema import RuleSet

HERE = ServiceLocation(service="entra", account="t", resource="r")


def member(who: str, of: str) -> Grant:
    return Grant(
        id=f"{who}>{of}", identity=who, kind=GrantKind.OTHER, provider="entra", location=HERE, via=of
    )  # fmt: skip


def test_groups_in_groups_are_asked_once_each() -> None:
    """Thirty groups, each in all that come after it: 2**28 ways lead from the first to the last."""
    names = [str(number) for number in range(30)]
    edges = {one: [member(one, other) for other in names[at + 1 :]] for at, one in enumerate(names)}
    role = Grant(
        id="role", identity="29", kind=GrantKind.ROLE_BINDING, provider="entra", location=HERE, via="entra:role/x"
    )  # fmt: skip
    edges["29"] = [role]
    asked: list[str] = []

    def grants(id: str) -> list[Grant]:
        asked.append(id)
        return edges[id]

    assert list(held("0", grants)) == [role]
    assert len(asked) == 2 * 29 + 1


def test_a_group_that_nobody_has_told_of_is_not_nothing() -> None:
    unseen = member("a", "unseen")
    assert list(held("a", lambda id: [unseen] if id == "a" else [])) == [unseen]


def test_all_of_a_crowd_of_groups_count(rules: RuleSet) -> None:
    crowd = [group(number, 2, *range(100, number)) for number in range(100, 120)]
    found = inventory(rules, service_principal(), *crowd, directory_role(119, GLOBAL_ADMINISTRATOR))
    assert facts(found, "app-1")["privilege"] == "admin"
    assert facts(found, "app-1")["directory_roles"] == ["Global Administrator"]
