"""Expressions of GitHub Actions: what they are, and what flows out of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.ci.expressions import (
    Invalid,
    condition,
    contexts,
    flows,
    parse,
    path,
    spans,
    texts,
    whole,
)


def paths(text: str) -> list[str]:
    return [".".join(one) for one in contexts(parse(text))]


def flowing(text: str) -> list[str]:
    return [".".join(path(one)) for one in flows(parse(text)) if path(one)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("github.event.issue.title", ["github.event.issue.title"]),
        ("github['event'].issue['title']", ["github.event.issue.title"]),
        ("GitHub.Event.*.Name", ["github.event.*.name"]),
        ("secrets[format('A_{0}', matrix.x)]", ["secrets.*", "matrix.x"]),
        ("a && b || !c", ["a", "b", "c"]),
        ("fromJSON(steps.x.outputs.y)[0].id", ["steps.x.outputs.y"]),
        ("(a.b || c.d).e", ["a.b", "c.d"]),
        ("'github.actor' == 'x'", []),
        ("contains('it''s', github.ref) && 0x1F > -1.5e3", ["github.ref"]),
    ],
)
def test_contexts_are_found_however_they_are_written(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a || b", ["a", "b"]),
        ("a && b", ["b"]),
        ("a && 'x' || 'y'", []),
        ("a == b", []),
        ("!a", []),
        ("contains(a, b)", []),
        ("format('{0}', a)", ["a"]),
        ("toJSON(github.event)", ["github.event"]),
    ],
)
def test_only_what_may_be_the_value_flows_out(text: str, expected: list[str]) -> None:
    assert flowing(text) == expected


@pytest.mark.parametrize(
    "text", ["", "a b", "a.", "f(", "(a", "a ||", "'open", "a[", "=", "${{ a }}"]
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


def test_a_quoted_end_does_not_end_an_expression() -> None:
    (one,) = spans("x ${{ format('}}', a) }} y")
    assert one.text == "format('}}', a)"
    assert one.expression is not None


def test_every_expression_of_a_text_has_its_place() -> None:
    text = "a ${{ b }} c ${{ d }}"
    assert [text[one.begin : one.end] for one in spans(text)] == ["${{ b }}", "${{ d }}"]


def test_a_condition_needs_no_marks() -> None:
    assert condition("github.actor == 'x'") == condition("${{ github.actor == 'x' }}")


def test_a_text_with_more_than_an_expression_is_not_wholly_one() -> None:
    assert whole("${{ a }}") is not None
    assert whole("x${{ a }}") is None
    assert whole("${{ a }}x") is None


def test_the_texts_of_a_choice_are_known() -> None:
    assert texts(parse("a == 'x' && 'one' || 'two'")) == ["one", "two"]
    assert texts(parse("a || 'two'")) is None


def test_deep_nesting_is_refused_and_long_chains_are_read() -> None:
    with pytest.raises(Invalid):
        parse("(" * 5000 + "a" + ")" * 5000)
    with pytest.raises(Invalid):
        parse("a" + ".b" * 5000)
    assert len(flowing(" || ".join(["a"] * 400))) == 400
    with pytest.raises(Invalid):
        parse(" || ".join(["a"] * 5000))


@given(st.text(alphabet="ab.'()[]*!&|=<>,0x 1-_$}{\n", max_size=60))
def test_no_text_does_worse_than_be_invalid(text: str) -> None:
    for one in spans("${{" + text + "}}"):
        if one.expression is not None:
            list(contexts(one.expression))
            list(flows(one.expression))
    condition(text)
