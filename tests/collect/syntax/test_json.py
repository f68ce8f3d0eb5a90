"""JSON as trees of values with their places."""

from __future__ import annotations

import contextlib
import json as stdlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.syntax import json
from keymuster.collect.syntax.node import Broken, File

FILE = File(path="a.json")

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN, st.sampled_from([None, 2]), st.booleans())
def test_what_was_written_is_read(value: object, indent: int | None, ascii: bool) -> None:
    text = stdlib.dumps(value, indent=indent, ensure_ascii=ascii)
    assert json.parse(text, FILE).plain() == value


def test_a_value_begins_where_its_key_does() -> None:
    node = json.parse('{\n  "é": 1, "b": {\n    "c": [2]\n  }\n}', FILE).get("b")
    assert node is not None
    assert (node.line, node.column, node.end_line, node.end_column) == (2, 11, 4, 4)


def test_comments_and_trailing_commas_are_allowed() -> None:
    text = '// one\n{"a": [1, /* two */ 2,], "b": "//no",} // three\n/* four */'
    assert json.parse(text, FILE).plain() == {"a": [1, 2], "b": "//no"}


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 1), ('{"a":', 1), ('{\n"a" 1}', 2), ("[1 2]", 1), ('"a\n"', 1), ("nope", 1), ("{} {}", 1),
     ("[" * 5_000, 1), ("{[]}", 1), (",", 1)],
)  # fmt: skip
def test_what_is_not_well_formed_is_said_with_its_line(text: str, line: int) -> None:
    with pytest.raises(Broken) as error:
        json.parse(text, FILE)
    assert error.value.line == line


@given(st.text('{}[]:,"\\/*1e-.tru \n', max_size=60))
def test_any_text_is_read_or_broken(text: str) -> None:
    with contextlib.suppress(Broken):
        json.parse(text, FILE)
