from __future__ import annotations

import copy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from keymuster import regex


def test_it_is_compiled_when_it_is_first_asked() -> None:
    wrong = regex.later("(")
    with pytest.raises(re.error):
        wrong.search("(")


def test_it_says_what_the_compiled_one_says() -> None:
    later, at_once = regex.later(r"(?P<name>b+)", re.IGNORECASE), re.compile(r"(?P<name>b+)", re.I)
    assert later.groupindex == at_once.groupindex
    assert later.flags == at_once.flags
    for _ in range(2):
        found = later.search("aBbc")
        assert found is not None
        assert found["name"] == "Bb"
        assert later.sub("-", "abbc") == at_once.sub("-", "abbc") == "a-c"
        assert [one.span() for one in later.finditer("b bb")] == [(0, 1), (2, 4)]


def test_one_that_was_asked_keeps_the_method_of_what_was_compiled() -> None:
    later = regex.later(rb"b+")
    assert later.fullmatch(b"bb")
    assert later.fullmatch is later.fullmatch


def test_a_copy_can_be_asked_too() -> None:
    assert copy.deepcopy(regex.later("b")).search("abc")


_SHORT = some.text("ab", max_size=4)


@given(some.text("ab", max_size=12), _SHORT, some.lists(_SHORT, max_size=4))
def test_pieces_in_their_order_are_what_an_expression_of_them_finds(
    text: str, first: str, others: list[str]
) -> None:
    found = re.fullmatch(".*".join((first, *others)), text)
    assert regex.is_made_of(text, first, *others) is (found is not None)
