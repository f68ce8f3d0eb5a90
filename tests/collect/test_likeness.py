"""What texts have in common: never more than they have, and most of it where little was changed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.likeness import Likeness, common, differing
from keymuster.detect.loops import PLAIN, fastest

LINES = [
    f"line {number} with some words that make it longer than an anchor is: {number}\n"
    for number in range(400)
]


@given(st.data())
def test_what_is_common_is_the_same_in_both(data: st.DataObject) -> None:
    chance = random.Random(data.draw(st.integers()))
    other = list(LINES[: data.draw(st.integers(0, 400))])
    text = list(other)
    for _ in range(data.draw(st.integers(0, 9))):
        at = chance.randrange(len(text) + 1)
        text[at : at + chance.randrange(9)] = chance.choices(LINES, k=chance.randrange(9))
    least = data.draw(st.integers(1, 500))
    _check("".join(text).encode(), "".join(other).encode(), least)


@given(st.text("ab\n"), st.text("ab\n"), st.integers(1, 9))
def test_so_it_is_in_any_texts(text: str, other: str, least: int) -> None:
    _check(20 * text.encode(), 30 * other.encode(), least)


def _check(text: bytes, other: bytes, least: int) -> None:
    found = common(text, other, least, PLAIN.same)
    if (compiled := fastest().common) is not None:
        assert compiled(text, other, least) == found
    _is_common(text, other, least, found)
    _is_common(text, other, least, differing(text, other, least))


def _is_common(text: bytes, other: bytes, least: int, found: list[tuple[int, int, int]]) -> None:
    end = end_there = 0
    for number, (here, there, length) in enumerate(found):
        assert length >= least
        assert text[here : here + length] == other[there : there + length]
        assert len(text[here : here + length]) == len(other[there : there + length]) == length
        assert here >= end or not number
        assert there >= end_there
        end, end_there = here + length, there + length


@given(st.binary(max_size=3), st.binary(max_size=3), st.integers(0, 2000), st.integers(0, 5))
def test_how_far_two_texts_are_the_same(one: bytes, two: bytes, size: int, here: int) -> None:
    text, other = b"x" * size + one, b"x" * size + two
    here = min(here, size)
    expected = 0
    while text[here + expected : here + expected + 1] and (
        text[here + expected : here + expected + 1] == other[here + expected : here + expected + 1]
    ):
        expected += 1
    assert PLAIN.same(text, here, other, here) == expected
    assert fastest().same(text, here, other, here) == expected


@pytest.mark.parametrize("changes", [0, 1, 5])
def test_most_is_found_where_little_was_changed(changes: int) -> None:
    lines = list(LINES)
    for number in range(changes):
        lines[50 * number : 50 * number + 2] = ["another line\n"] * 5
    text, other = "".join(lines).encode(), "".join(LINES).encode()
    found = sum(length for *_, length in common(text, other, 160, PLAIN.same))
    assert found > len(text) * (1 - 0.02 * changes) - 1
    found = sum(length for *_, length in differing(text, other, 160))
    assert found > len(text) * (1 - 0.02 * changes) - 1


def test_of_several_texts_it_is_the_one_that_begins_alike() -> None:
    likeness = Likeness(160)
    texts = [f"{number}\n{''.join(LINES)}".encode() for number in range(3)]
    for number, text in enumerate(texts):
        likeness.add(text, {"number": number})
    notes, kept = likeness.to(texts[1] + b"more\n")
    assert notes == {"number": 1}
    assert kept == [(0, 0, len(texts[1]))]


def test_what_is_like_none_has_nothing_of_any() -> None:
    likeness = Likeness(160)
    assert likeness.to(b"x" * 5000) == ({}, ())
    likeness.add(b"y" * 5000, {"a": 1})
    assert likeness.to(b"x" * 5000) == ({}, ())
