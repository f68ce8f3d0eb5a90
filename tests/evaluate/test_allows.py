"""Inline comments that accept findings."""

from __future__ import annotations

from datetime import date

import pytest

from evaluate.records import NOW, allow, credential, place
from keymuster.evaluate import allows
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Finding, InlineAllow, Observation
from keymuster.rules.schema import RuleSet

TODAY = NOW.date()


def _findings(rules: RuleSet, *observed: Observation) -> list[Finding]:
    return list(evaluate(build(observed), rules, Choice(), NOW).findings)


def _is_accepted(rules: RuleSet, comment: InlineAllow, **more: object) -> bool:
    found = _findings(rules, credential(**more), comment)
    [one] = [one for one in found if one.policy == "secret-in-tree"]
    return one.suppression is not None


@pytest.mark.parametrize(("line", "accepted"), [(1, False), (2, True), (3, True), (4, False)])
def test_a_comment_speaks_of_its_line_and_the_one_below(
    line: int, accepted: bool, rules: RuleSet
) -> None:
    assert _is_accepted(rules, allow(line)) is accepted


@pytest.mark.parametrize(
    ("line", "accepted"), [(1, False), (2, True), (5, True), (9, True), (10, False)]
)
def test_a_comment_may_stand_on_any_line_of_a_long_secret(
    line: int, accepted: bool, rules: RuleSet
) -> None:
    assert _is_accepted(rules, allow(line), location=place(line=3, end_line=9)) is accepted


@pytest.mark.parametrize(
    ("named", "accepted"),
    [
        ("secret-in-tree", True),
        ("acme-token", True),
        ("secret-in-tree/acme-token", True),
        ("generic-secret", False),
        ("secret-in-tree/other-token", False),
        ("other-token", False),
        ("secret-*", False),
        ("", False),
    ],
)
def test_a_comment_names_policy_or_format_or_both(
    named: str, accepted: bool, rules: RuleSet
) -> None:
    assert _is_accepted(rules, allow(3, named)) is accepted


def test_a_comment_may_name_several_rules(rules: RuleSet) -> None:
    assert _is_accepted(rules, allow(3, "generic-secret", "secret-in-tree"))


@pytest.mark.parametrize(
    ("until", "accepted"),
    [(date(2025, 12, 31), False), (TODAY, True), (date(2026, 1, 2), True), (None, False)],
)
def test_a_comment_holds_to_the_end_of_its_last_day(
    until: date | None, accepted: bool, rules: RuleSet
) -> None:
    assert _is_accepted(rules, allow(until=until)) is accepted


def test_a_comment_that_was_refused_accepts_nothing_and_is_a_finding(rules: RuleSet) -> None:
    found = _findings(rules, credential(), allow(problem="it has no reason"))
    assert [(one.policy, one.suppression) for one in found] == [
        ("secret-in-tree", None),
        ("inline-allow-invalid", None),
    ]
    assert found[1].message == "this comment accepts nothing: it has no reason"


def test_a_comment_past_its_date_is_a_finding(rules: RuleSet) -> None:
    found = _findings(rules, credential(), allow(until=date(2025, 12, 31)))
    assert [one.policy for one in found] == ["secret-in-tree", "inline-allow-expired"]


def test_a_sound_comment_is_no_finding(rules: RuleSet) -> None:
    assert _findings(rules, allow()) == []


@pytest.mark.parametrize(
    ("comment", "place_", "accepted"),
    [
        (("a.py", None), ("a.py", None), True),
        (("a.py", None), ("b.py", None), False),
        (("", "1" * 40), ("b.py", "1" * 40), True),
        (("a.py", "1" * 40), ("a.py", "2" * 40), False),
        (("a.py", "1" * 40), ("a.py", None), False),
        (("a.py", None), ("a.py", "1" * 40), False),
    ],
)
def test_a_comment_speaks_of_its_own_version_of_its_file(
    comment: tuple[str, str | None], place_: tuple[str, str | None], accepted: bool, rules: RuleSet
) -> None:
    said = allow(path=comment[0], object=comment[1])
    where = place(place_[0], object=place_[1])
    assert _is_accepted(rules, said, location=where) is accepted


def test_a_secret_accepted_in_one_place_is_open_in_the_other(rules: RuleSet) -> None:
    other = place("b.py", 8)
    found = _findings(rules, credential(), credential(location=other), allow())
    [open_one, accepted] = found
    assert (open_one.places, open_one.suppression) == ((other,), None)
    assert accepted.places == (place(),)
    assert accepted.suppression is not None
    assert (accepted.suppression.justification, accepted.suppression.until) == (
        "made for a test",
        date(2026, 6, 1),
    )
    assert open_one.id == accepted.id


def test_two_comments_accept_their_own_places(rules: RuleSet) -> None:
    found = _findings(
        rules,
        credential(), credential(location=place(line=8)),
        allow(3, reason="one reason"), allow(8, reason="another reason"),
    )  # fmt: skip
    assert [one.suppression.justification for one in found if one.suppression] == [
        "one reason", "another reason",
    ]  # fmt: skip


def test_a_comment_of_a_version_nobody_can_change_is_not_judged() -> None:
    assert allows.is_judged(allow(path="a.py"))
    assert not allows.is_judged(allow(path="", object="1" * 40))
