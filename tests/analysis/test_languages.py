from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.analysis.expressions import Unsupported, found, whole
from keymuster.analysis.languages import (
    NOTHING,
    SEPARATOR,
    Language,
    Preimage,
    TooLarge,
    at_most,
    complement,
    every,
    is_empty,
    literal,
    shortest,
    wildcards,
)

ALPHABET = "ab:"
TEXTS = [
    "".join(text) for length in range(5) for text in itertools.product(ALPHABET, repeat=length)
]


def _as_expression(pattern: str) -> str:
    """The same as a regular expression, written down by itself."""
    signs = {"*": "(?s:.)*", "?": "(?s:.)"}
    return "".join(signs.get(one) or re.escape(one) for one in pattern)


patterns = st.text(ALPHABET + "*?", max_size=7)

expressions = st.recursive(
    st.sampled_from(
        ["a", "b", ":", ".", "[ab]", "[^a]", r"\:", "a?", "b*", "[a-b]+", "a{2}", "b{0,2}"]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        inner.map(lambda one: f"(?:{one})*"),
        inner.map(lambda one: f"({one}){{1,2}}"),
    ),
    max_leaves=5,
)


@given(patterns)
def test_wildcards_match_what_they_say(pattern: str) -> None:
    language = wildcards(pattern)

    wrong = [t for t in TEXTS if (t in language) != bool(re.fullmatch(_as_expression(pattern), t))]

    assert wrong == []


@given(expressions)
def test_an_expression_matches_what_it_matches_elsewhere(expression: str) -> None:
    language = whole(expression)

    assert [t for t in TEXTS if (t in language) != bool(re.fullmatch(expression, t))] == []


@given(expressions, st.booleans(), st.booleans())
def test_an_expression_is_found_where_it_is_found_elsewhere(
    expression: str, first: bool, last: bool
) -> None:
    anchored = f"{'^' * first}(?:{expression}){'$' * last}"
    language = found(anchored)

    assert [t for t in TEXTS if (t in language) != bool(re.search(anchored, t))] == []


@settings(deadline=None)
@given(expressions, expressions)
def test_sets_are_put_together_as_sets(one: str, other: str) -> None:
    first, second = whole(one), whole(other)
    in_first = {text for text in TEXTS if re.fullmatch(one, text)}
    in_second = {text for text in TEXTS if re.fullmatch(other, text)}

    assert _of(first & second) == in_first & in_second
    assert _of(first | second) == in_first | in_second
    assert _of(~first) == set(TEXTS) - in_first
    assert _of(every(first, complement(second))) == in_first - in_second


def _of(language: Language) -> set[str]:
    return {text for text in TEXTS if text in language}


@settings(deadline=None)
@given(expressions, expressions)
def test_the_shortest_text_is_one_and_none_is_shorter(one: str, other: str) -> None:
    language = whole(one) & ~whole(other)
    text = shortest(language)

    matching = [len(t) for t in TEXTS if re.fullmatch(one, t) and not re.fullmatch(other, t)]
    if text is None:
        assert matching == []
    else:
        assert text in language
        assert len(text) <= min(matching, default=len(text))


@settings(deadline=None)
@given(patterns, st.lists(st.text(ALPHABET, max_size=2), min_size=3, max_size=3))
def test_words_are_those_whose_text_is_in_a_language(pattern: str, fields: list[str]) -> None:
    how = Preimage("a:", (True, False, True), (":", "", "b"))
    words = how.of(wildcards(pattern))

    text = f"a:{fields[0]}:{fields[2]}b"

    assert how.text(fields) == text
    assert (SEPARATOR.join(fields) in words) == bool(re.fullmatch(_as_expression(pattern), text))


def test_letters_come_before_digits_and_these_before_signs() -> None:
    assert shortest(whole("[0-9a-z_]{3}")) == "aaa"
    assert shortest(whole("[0-9_]{3}")) == "000"


def test_any_case_is_every_way_of_writing_it() -> None:
    language = literal("Acme", any_case=True)

    assert all(text in language for text in ("acme", "ACME", "aCmE"))
    assert "acmé" not in language


def test_a_search_that_takes_too_long_says_so() -> None:
    many = whole("[ab]*a[ab]{14}")

    with pytest.raises(TooLarge), at_most(50):
        is_empty(many & ~whole("[ab]*a[ab]{14}|c"))


@pytest.mark.parametrize(
    "expression", ["(a", "a**", "[a", "(?=a)", r"\b", "a{2000}", "(" * 60 + ")" * 60]
)
def test_what_is_not_understood_is_said(expression: str) -> None:
    with pytest.raises(Unsupported):
        whole(expression)


def test_an_anchor_beside_a_choice_is_not_guessed() -> None:
    with pytest.raises(Unsupported):
        found("^a|b")


def test_nothing_is_in_the_empty_set() -> None:
    assert is_empty(NOTHING)
    assert is_empty(literal("a") & literal("b"))
