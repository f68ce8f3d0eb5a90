"""Every operator, after AWS's documentation of condition operators."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_conditions import context, hold

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def _asked(operator: str, wanted: Any, given: Any) -> Answer:
    return hold({operator: {"aws:Key": wanted}}, context({"aws:key": given}))


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", "Queue", "Queue", YES),
        ("StringEquals", "Queue", "queue", NO),
        ("StringEquals", "Q*", "Queue", NO),
        ("StringEquals", ["a", "b"], "b", YES),
        ("StringNotEquals", "a", "b", YES),
        ("StringNotEquals", ["a", "b"], "b", NO),
        ("StringEqualsIgnoreCase", "Queue", "qUEUE", YES),
        ("StringNotEqualsIgnoreCase", "Queue", "qUEUE", NO),
        ("StringLike", "Q*e?", "Queue1", YES),
        ("StringLike", "q*", "Queue", NO),
        ("StringNotLike", "Q*", "Queue", NO),
        ("StringNotLike", "X*", "Queue", YES),
        ("NumericEquals", "10", "10.0", YES),
        ("NumericEquals", 10, "11", NO),
        ("NumericNotEquals", "10", "11", YES),
        ("NumericLessThan", "10", "9", YES),
        ("NumericLessThan", "10", "10", NO),
        ("NumericLessThanEquals", "10", "10", YES),
        ("NumericGreaterThan", "9", "10", YES),
        ("NumericGreaterThan", "10", "9", NO),
        ("NumericGreaterThanEquals", "10", "10", YES),
        ("NumericLessThan", "10", "many", NO),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", YES),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", NO),
        ("DateLessThan", "2026-01-01", "2025-12-31T23:59:59Z", YES),
        ("DateLessThan", "2026-01-01", "2026-01-01T00:00:00Z", NO),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01T00:00:00Z", YES),
        ("DateGreaterThan", "2026", "2026-06-01T00:00:00Z", YES),
        ("DateGreaterThan", "1767225600", "2026-01-01T00:00:01Z", YES),
        ("DateGreaterThanEquals", "2026-01", "2025-12-31T23:59:59Z", NO),
        ("Bool", True, "true", YES),
        ("Bool", "false", "true", NO),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", YES),
        ("BinaryEquals", "QmluYXJ5", "T3RoZXI=", NO),
        ("IpAddress", "203.0.113.0/24", "203.0.113.7", YES),
        ("IpAddress", "203.0.113.0/24", "198.51.100.7", NO),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", YES),
        ("IpAddress", "203.0.113.0/24", "2001:db8::1", NO),
        ("NotIpAddress", "203.0.113.0/24", "198.51.100.7", YES),
        ("ArnEquals", "arn:aws:sns:*:1:top*", "arn:aws:sns:eu-west-1:1:topic", YES),
        ("ArnLike", "arn:aws:sns:*:1:topic", "arn:aws:sns:eu-west-1:2:topic", NO),
        ("ArnNotEquals", "arn:aws:sns:*:1:topic", "arn:aws:sns:eu-west-1:2:topic", YES),
        ("ArnNotLike", "arn:aws:sns:*:*:*", "arn:aws:sns:eu-west-1:2:topic", NO),
        ("stringequals", "a", "a", YES),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], YES),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], NO),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], YES),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], NO),
        ("ForAllValues:StringNotEquals", ["a"], ["b", "c"], YES),
        ("ForAllValues:StringNotEquals", ["a"], ["a", "c"], NO),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "c"], YES),
        ("ForAnyValue:StringNotEquals", ["a"], ["a"], NO),
    ],
)
def test_a_value_is_compared(operator: str, wanted: Any, given: Any, expected: Answer) -> None:
    assert _asked(operator, wanted, given) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", NO),
        ("StringLike", NO),
        ("NumericLessThan", NO),
        ("DateLessThan", NO),
        ("Bool", NO),
        ("BinaryEquals", NO),
        ("IpAddress", NO),
        ("ArnLike", NO),
        ("StringNotEquals", YES),
        ("StringNotLike", YES),
        ("StringNotEqualsIgnoreCase", YES),
        ("NumericNotEquals", YES),
        ("DateNotEquals", YES),
        ("NotIpAddress", YES),
        ("ArnNotEquals", YES),
        ("ArnNotLike", YES),
        ("StringEqualsIfExists", YES),
        ("BoolIfExists", YES),
        ("ForAllValues:StringEquals", YES),
        ("ForAnyValue:StringEquals", NO),
        ("ForAnyValue:StringNotEquals", NO),
        ("ForAnyValue:StringEqualsIfExists", YES),
    ],
)
def test_a_key_is_missing(operator: str, expected: Answer) -> None:
    assert _asked(operator, "1", None) is expected
    assert hold({operator: {"aws:Key": "1"}}, context(complete=True)) is expected


@pytest.mark.parametrize(
    "operator",
    ["StringEquals", "StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringLike", "Null"],
)
def test_nothing_is_said_of_a_key_that_is_not_known(operator: str) -> None:
    assert hold({operator: {"aws:Key": "true"}}, context()) is UNKNOWN


def test_null_asks_whether_a_key_is_absent() -> None:
    assert _asked("Null", "true", None) is YES
    assert _asked("Null", True, "x") is NO
    assert _asked("Null", "false", "x") is YES
    assert _asked("Null", "false", None) is NO


def test_all_operators_and_keys_must_hold() -> None:
    asked = {"StringEquals": {"a:b": "1", "a:c": "2"}, "Bool": {"a:d": "true"}}
    known = {"a:b": "1", "a:c": "2", "a:d": "true"}
    assert hold(asked, context(known)) is YES
    for key in known:
        assert hold(asked, context({**known, key: "no"})) is NO


def test_a_wanted_value_may_hold_a_variable() -> None:
    request = context({"aws:username": "bob", "aws:key": "bob"})
    assert hold({"StringEquals": {"aws:Key": "${aws:username}"}}, request) is YES
    assert hold({"StringEquals": {"aws:Key": "${aws:other}"}}, request) is UNKNOWN


def test_a_wanted_value_that_is_not_told_may_be_any() -> None:
    for operator in ("StringEquals", "StringNotEquals", "NumericLessThan", "IpAddress", "Bool"):
        assert _asked(operator, "${var.wanted}", "1") is UNKNOWN


def test_a_caller_chooses_what_suits() -> None:
    request = context(chosen=["aws:RequestedRegion", "aws:RequestTag/"])
    for key in ("aws:RequestedRegion", "aws:RequestTag/team"):
        asked = {"StringEquals": {key: "x"}}
        assert hold(asked, request, allowing=True) is YES
        assert hold(asked, request, allowing=False) is NO


def test_an_operator_that_nobody_knows_leaves_it_open() -> None:
    assert _asked("StringResembles", "a", "a") is UNKNOWN
    assert _asked("ForMostValues:StringEquals", "a", "a") is UNKNOWN


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "allowing", "expected"),
    [
        ("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z", True, YES),
        ("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z", True, NO),
        ("DateLessThan", "aws:CurrentTime", "2999-01-01T00:00:00Z", True, UNKNOWN),
        ("DateGreaterThan", "aws:CurrentTime", "${var.start}", True, UNKNOWN),
        ("DateGreaterThan", "aws:EpochTime", "1577836800", True, YES),
        ("StringEquals", "aws:CurrentTime", "2020-01-01T00:00:00Z", True, UNKNOWN),
        ("DateGreaterThan", "aws:TokenIssueTime", "2020-01-01T00:00:00Z", True, YES),
        ("DateGreaterThan", "aws:TokenIssueTime", "2020-01-01T00:00:00Z", False, UNKNOWN),
    ],
)
def test_dates_that_have_passed_are_known_to_have(
    operator: str, key: str, wanted: str, allowing: bool, expected: Answer
) -> None:
    assert hold({operator: {key: wanted}}, context(), allowing=allowing) is expected
