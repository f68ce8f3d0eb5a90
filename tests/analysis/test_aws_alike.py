"""Things that no statement tells apart, and that a question about them is asked once."""

from __future__ import annotations

import pytest

from analysis.aws import ADMINISTRATOR, Made, arn
from keymuster.analysis import aws_escalations
from keymuster.analysis.aws_alike import Alike, Kept, alike
from keymuster.rules.schema import RuleSet


def test_things_of_which_the_same_is_said_are_one() -> None:
    found = alike([(("ab",), "1"), (("c",), "2"), (("de", "f"), "3"), (("gh",), "4")], len)
    assert [(one.told, one.ids) for one in found] == [
        (("ab",), ("1", "4")),
        (("c",), ("2",)),
        (("de", "f"), ("3",)),
    ]


def test_groups_are_worked_out_once() -> None:
    asked: list[str] = []

    def odd(id: str) -> bool:
        asked.append(id)
        return bool(int(id) % 2)

    one = Alike(("name",), ["1", "2", "3", "1"])
    assert one.groups("odd", odd) == {True: ("1", "3"), False: ("2",)}
    assert one.groups("odd", odd) == {True: ("1", "3"), False: ("2",)}
    assert one.groups("all", lambda id: None) == {None: ("1", "2", "3")}
    assert asked == ["1", "2", "3"]


def test_what_is_kept_has_a_limit() -> None:
    found: list[str] = []

    def find() -> list[str]:
        found.append("")
        return ["one", "two"]

    kept: Kept[list[str]] = Kept(5, len)
    for key in ("a", "b", "a", "c", "a", "a"):
        kept.get(key, find)
    assert len(found) == 4  # a, b; c makes it forget both; a


def _estate(size: int, limited: int) -> Made:
    made = Made()
    for number in range(size):
        role = made.role(f"role-{number}")
        made.user(f"other-{number}")
        made.trust(role, "lambda.amazonaws.com", "service")
        made.workload(f"arn:aws:lambda:eu-west-1:111122223333:function:f-{number}", role)
        if number % 2:
            made.has(role, ADMINISTRATOR)
        else:
            made.allow(role, "s3:GetObject")
    for number in range(limited):
        user = made.user(f"limited-{number}")
        made.allow(user, "lambda:*")
        made.allow(
            user,
            ["iam:PassRole", "iam:CreateAccessKey"],
            [arn("role", "role-*"), arn("user", "other-*")],
        )
        made.deny(user, "iam:*", [arn("role", "role-3"), arn("user", "other-3")])
    return made


def _asked(
    rules: RuleSet, size: int, limited: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, list[str]]:
    """How many requests were judged, and whom the first of the limited users can become."""
    asked = 0
    ours = aws_escalations.allows

    def counted(*given: object, **named: object) -> object:
        nonlocal asked
        asked += 1
        return ours(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(aws_escalations, "allows", counted)
    reach = _estate(size, limited).reach(rules)
    several = [reach.escalations(arn("user", f"limited-{number}")) for number in range(limited)]
    monkeypatch.setattr(aws_escalations, "allows", ours)
    [way] = [one for one in several[0] if one.way == "pass-role-to-function"]
    return asked, list(way.targets)


def test_more_roles_that_are_alike_are_no_more_work(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, some = _asked(rules, 8, 2, monkeypatch)
    many, others = _asked(rules, 80, 2, monkeypatch)
    assert few == many
    assert sorted(some) == sorted(arn("role", f"role-{one}") for one in (1, 5, 7))
    assert sorted(others) == sorted(
        arn("role", f"role-{one}") for one in range(1, 80, 2) if one != 3
    )


def test_what_was_found_for_one_identity_is_kept_for_the_next(rules: RuleSet) -> None:
    reach = _estate(8, 2).reach(rules)
    kept = reach.estate.kept
    reach.escalations(arn("user", "limited-0"))
    held = kept._held
    reach.escalations(arn("user", "limited-1"))
    assert kept._held == held > 0


def test_nobody_takes_itself_over(rules: RuleSet) -> None:
    made = Made()
    names = [arn("user", f"team-{number}") for number in range(3)]
    for number in range(3):
        user = made.user(f"team-{number}")
        made.allow(user, "iam:CreateAccessKey", names)
    reach = made.reach(rules)
    for name in names:
        [way] = reach.escalations(name)
        assert set(way.targets) == {*names} - {name}
