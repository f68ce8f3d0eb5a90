from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_patterns import (
    FRESH,
    arn_matches,
    common,
    common_arn,
    covers,
    example,
    matches,
    pieces,
    whole_arn,
)

PATTERNS = st.text("ab*?:", max_size=10)
VALUES = st.text("ab:", max_size=12)


def _direct(pattern: str, value: str) -> bool:
    """The meaning of a pattern, said another way."""
    steps = {"*": ".*", "?": "."}
    return bool(
        re.fullmatch("".join(steps.get(c, re.escape(c)) for c in pattern), value, re.DOTALL)
    )


@given(PATTERNS, VALUES)
def test_a_pattern_covers_what_its_meaning_says(pattern: str, value: str) -> None:
    assert covers(pieces(pattern), value) == _direct(pattern, value)
    assert (matches(pattern, value) is Answer.YES) == _direct(pattern, value)


@given(PATTERNS, PATTERNS, VALUES)
def test_two_patterns_meet_when_something_fits_both(one: str, other: str, value: str) -> None:
    meeting = common(pieces(one), pieces(other))
    if meeting is None:
        assert not (_direct(one, value) and _direct(other, value))
    else:
        assert _direct(one, meeting)
        assert _direct(other, meeting)


@given(PATTERNS)
def test_an_example_of_a_pattern_fits_it(pattern: str) -> None:
    assert _direct(pattern, example(pieces(pattern)))


@given(st.text("ab*", max_size=6), st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_what_is_not_told_is_sure_only_where_it_makes_no_difference(
    pattern: str, value: str, told: str
) -> None:
    """However the gap is filled, a sure answer stays true."""
    for asked, filled in (
        ((f"{pattern}${{var.x}}", value), (f"{pattern}{told}", value)),
        ((pattern, f"{value}${{var.x}}"), (pattern, f"{value}{told}")),
    ):
        answer = matches(*asked)
        if answer is not Answer.UNKNOWN:
            assert (answer is Answer.YES) == _direct(*filled)


def test_what_is_not_told_equals_itself() -> None:
    text = "arn:aws:iam::${AWS::AccountId}:role/ci"
    assert matches(text, text) is Answer.YES
    assert matches(text, "arn:aws:iam::111122223333:role/ci") is Answer.UNKNOWN
    assert matches(text, "arn:aws:iam::111122223333:role/other") is Answer.NO


def test_variables_are_filled_from_the_request() -> None:
    known = {"aws:username": ("bob",), "aws:gone": ()}
    pattern = "user/${aws:username}"
    assert matches(pattern, "user/bob", fill=known.get) is Answer.YES
    assert matches(pattern, "user/eve", fill=known.get) is Answer.NO
    assert matches("user/${aws:gone}", "user/bob", fill=known.get) is Answer.NO
    assert matches("user/${aws:other}", "user/bob", fill=known.get) is Answer.UNKNOWN
    assert matches("${aws:gone, 'all'}/x", "all/x", fill=known.get) is Answer.YES


def test_a_value_in_a_variable_is_no_pattern() -> None:
    assert matches("${aws:username}", "bob", fill={"aws:username": ("*",)}.get) is Answer.NO


@pytest.mark.parametrize(("pattern", "value"), [("a${*}", "a*"), ("a${?}", "a?"), ("a${$}", "a$")])
def test_special_characters_can_be_meant(pattern: str, value: str) -> None:
    assert matches(pattern, value) is Answer.YES
    assert matches(pattern, "ab") is Answer.NO


def test_arns_are_compared_part_by_part() -> None:
    assert arn_matches("arn:aws:sns:*:1:t", "arn:aws:sns:eu-west-1:1:t") is Answer.YES
    assert arn_matches("arn:aws:s*:1:t", "arn:aws:sns:eu-west-1:1:t") is Answer.NO
    assert arn_matches("arn:aws:sns:*:1:${var.t}", "arn:aws:sns:x:1:t") is Answer.UNKNOWN


def test_no_part_of_an_arn_reaches_into_the_next() -> None:
    document, instance = "arn:aws:ssm:*:*:document/Run", "arn:aws:ssm:*:1:managed-instance/*"
    assert common_arn(pieces(document), pieces(instance)) is None
    assert (
        common_arn(pieces("*"), pieces(instance))
        == f"arn:aws:ssm:{FRESH}:1:managed-instance/{FRESH}"
    )


def test_a_short_arn_is_completed() -> None:
    assert whole_arn("arn:aws:sqs") == "arn:aws:sqs:*:*:*"
    assert whole_arn("arn:aws:s3:::bucket/*") == "arn:aws:s3:::bucket/*"


def test_many_wildcards_cost_little() -> None:
    start = time.process_time()
    assert matches("*a" * 200 + "b", "a" * 20_000) is Answer.NO
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("pattern", "text", "both"),
    [
        ("a*c", "abc", "abc"),
        ("a*c", "ab", None),
        ("", "", ""),
        ("*", "", ""),
        ("a?c", "abc", "abc"),
        ("a?c", "ac", None),
        ("abc", "abc", "abc"),
        ("abc", "abd", None),
        ("a${var.x}c", "abc", None),
        ("*${var.x}", "a", None),
        ("a${aws:username}", "ab", None),
        ("${aws:username}", "b", None),
        ("*a*a*", "a", None),
        ("*a*a*", "aa", "aa"),
    ],
)
def test_a_text_is_common_to_itself_and_a_pattern_that_covers_it(
    pattern: str, text: str, both: str | None
) -> None:
    assert common(pieces(pattern), pieces(text)) == both
    assert common(pieces(text), pieces(pattern)) == both
