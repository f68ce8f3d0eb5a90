"""What each policy says of each account: found, clean, or could not see."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from keymuster.evaluate.choice import Choice
from keymuster.evaluate.coverage import coverage
from keymuster.model import Confidence, Finding, Looked, Nhi, ServiceLocation, Severity
from keymuster.rules.schema import RuleSet

POLICY = "aws-admin-statement"
CHOICE = Choice(only=(POLICY,))


def looked(account: str = "1", problem: str = "") -> Looked:
    return Looked(
        service="aws", account=account, scope=f"{account}/eu-west-1", part="iam", types=("AWS::IAM::User",),
        subjects=("grant", "identity"), problem=problem,
    )  # fmt: skip


def finding(account: str) -> Finding:
    place = ServiceLocation(service="aws", account=account, resource="arn")
    return Finding(
        id="0", rule=POLICY, policy=POLICY, nhi=(Nhi.OVERPRIVILEGED,), severity=Severity.HIGH,
        confidence=Confidence.HIGH, subject="s", message="m", places=(place,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("problem", "found", "status"),
    [("", "1", "found"), ("", "2", "clean"), ("denied", "2", "unseen"), ("denied", "1", "found")],
)
def test_by_account(rules: RuleSet, problem: str, found: str, status: str) -> None:
    [one] = coverage([looked(problem=problem)], [finding(found)], CHOICE.policies(rules))
    assert (one.policy, one.account, one.status) == (POLICY, "1", status)
    assert one.unseen == (("1/eu-west-1: denied",) if problem else ())


def test_accounts_are_told_apart(rules: RuleSet) -> None:
    both = coverage([looked("1"), looked("2", "denied")], [], CHOICE.policies(rules))
    assert [(one.account, one.status) for one in both] == [("1", "clean"), ("2", "unseen")]


def test_policies_about_other_things_say_nothing(rules: RuleSet) -> None:
    choice = Choice(only=("aws-role-trusts-user", "aws-queue-*", "gcp-*"), skip=())
    assert coverage([looked()], [], choice.policies(rules)) == ()


def test_a_policy_that_is_not_sure_enough_for_the_user_says_nothing(rules: RuleSet) -> None:
    def told(least: Confidence) -> list[str]:
        choice = Choice(only=("aws-policy-on-user",), confidence=least)
        return [one.status for one in coverage([looked()], [], choice.policies(rules))]

    assert told(Confidence.LOW) == ["clean"]
    assert told(Confidence.MEDIUM) == []


def test_the_oldest_of_what_a_policy_rests_on_is_its_date(rules: RuleSet) -> None:
    old, new = datetime(2025, 12, 21, tzinfo=UTC), datetime(2025, 12, 24, tzinfo=UTC)
    parts = [looked(), replace(looked(), as_of=new), replace(looked(), as_of=old), looked("2")]
    told = coverage(parts, [], CHOICE.policies(rules))
    assert [(one.account, one.as_of) for one in told] == [("1", old), ("2", None)]
