"""TOML as a tree of values with their places."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.syntax import toml
from keymuster.collect.syntax.node import Broken, File, Node

FILE = File(path="a.toml")


def parse(text: str) -> Node:
    return toml.parse(text, FILE)


TEXT = '''\
# a comment
a = 1
b.c = "x\\u00e9\\n" # behind
"q r".'s' = 'lit\\'
n = [ 1, 2.5, # inside
  [true], ]
m = """
one "quoted"
 two \\
    three""""
l = \'\'\'
it's\'\'\'\'
e = """"""
z = 0x1F
big = 1_000
[t.u]
k = { a = 1, b = { c.d = [ { x = 1 } ] } }
[[list]]
x = 1
[[list]]
x = 2
[list.sub]
y = true
[t]
w = ""
'''


def test_values_are_those_of_the_standard_library() -> None:
    assert parse(TEXT).plain() == tomllib.loads(TEXT)
    assert parse(TEXT.replace("\n", "\r\n")).plain() == tomllib.loads(TEXT)


def test_what_belongs_to_a_key_begins_there() -> None:
    root = parse(TEXT)
    places = {
        ("a",): (2, 2), ("b",): (3, 3), ("b", "c"): (3, 3), ("n",): (5, 6), ("m",): (7, 10), ("t",): (16, 25),
        ("t", "u"): (16, 17), ("t", "u", "k", "b"): (17, 17), ("t", "w"): (25, 25), ("list",): (18, 23),
    }  # fmt: skip
    for path, (line, end_line) in places.items():
        node = root.get(*path)
        assert node is not None
        assert (node.line, node.end_line) == (line, end_line), path


def test_dates_are_text() -> None:
    assert parse("a = 1979-05-27 07:32:00Z\nb = [07:32:00]").plain() == {
        "a": "1979-05-27 07:32:00Z",
        "b": ["07:32:00"],
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a =", 1),
        ("a = 1\n[b", 2),
        ("a = 1\na = 2", 2),
        ("a = [1,\n2", 2),
        ('a = 1\nb = "x\ny"', 2),
        ("a = 1 b = 2", 1),
        ("[a]\nb = 1\n[a]", 3),
        ("a = {b = 1", 1),
        ("a = 2020-13-45", 1),
        ("=", 1),
        ("a = [" + "[" * 5000, 1),
        ("a." * 5000 + "b = 1", 1),
        ("a = {a = " * 3000, 1),
    ],
)
def test_what_is_broken_has_a_line(text: str, line: int) -> None:
    with pytest.raises(Broken) as raised:
        parse(text)
    assert raised.value.line == line


values = st.recursive(
    st.booleans() | st.integers(-(2**40), 2**40) | st.text(st.characters(codec="utf-8", exclude_characters="\x7f", min_codepoint=32)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.-\" é", min_size=1), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def written(value: object) -> str:
    match value:
        case dict():
            inside = ", ".join(f"{json.dumps(key)} = {written(one)}" for key, one in value.items())
            return "{" + inside + "}"
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


@given(table=st.dictionaries(st.text("abc", min_size=1), values, max_size=4))
def test_any_value_is_read_as_it_was_meant(table: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {written(value)}" for key, value in table.items())
    assert parse(text).plain() == table


@given(text=st.text("ab=[]{}\"'.,#\n\\ 1-", max_size=40))
def test_whatever_is_read_is_what_the_standard_library_reads(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except ValueError:
        with pytest.raises(Broken):
            parse(text)
        return
    assert parse(text).plain() == expected
