"""YAML as trees of values with their places."""

from __future__ import annotations

import contextlib
import time

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import MOST_NODES, Broken, File, Node

FILE = File(path="a.yaml")

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text("ab: -\n'\"#&*!é", max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=20,
)  # fmt: skip


def _only(text: str) -> Node:
    [node] = yaml.parse(text, FILE)
    return node


@given(PLAIN, st.booleans())
def test_what_was_written_is_read(value: object, flow: bool) -> None:
    text = pyyaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    assert _only(text).plain() == value


def test_a_value_begins_where_its_key_does_and_a_block_ends_with_its_last_value() -> None:
    role = _only("a: 1\nrole:\n  name: x\n  of: [é, b]\n\n# what follows\nz: 2\n").get("role")
    assert role is not None
    assert (role.line, role.column, role.end_line, role.end_column) == (2, 1, 4, 13)
    second = role.get("of")
    assert second is not None
    assert [(one.line, one.column) for one in second.items()] == [(4, 8), (4, 11)]


def test_a_block_of_text_begins_on_the_line_of_its_key() -> None:
    run = _only("run: |\n  one\n  two\nnext: 1\n").get("run")
    assert run is not None
    assert (run.value, run.style, run.line, run.end_line) == ("one\ntwo\n", "|", 1, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [("yes", "yes"), ("on", "on"), ("True", True), ("012", "012"), ("'1'", "1"), ("1.5", 1.5),
     ("2024-01-01", "2024-01-01"), ("", None), ("~", None), ("123456789012", 123456789012)],
)  # fmt: skip
def test_plain_words_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert _only(f"a: {text}").plain() == {"a": value}


def test_keys_are_text_as_written() -> None:
    assert list(_only("on: x\n1: y\ntrue: z").plain()) == ["on", "1", "true"]


def test_tags_are_kept() -> None:
    node = _only("a: !Ref b\nc: !Sub [x, {}]\nd: !Join\n  - ''\n  - []").plain()
    found = _only("a: !Ref b\nc: !Sub [x, {}]")
    assert node == {"a": "b", "c": ["x", {}], "d": ["", []]}
    assert [one.tag for _, one in found.entries()] == ["!Ref", "!Sub"]


def test_aliases_and_merges() -> None:
    node = _only("a: &x {p: 1, q: 2}\nb: *x\nc:\n  <<: *x\n  q: 3\n")
    assert node.plain() == {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 2}, "c": {"p": 1, "q": 3}}
    assert [one.line for _, one in node.entries()] == [1, 2, 3]


def test_several_documents() -> None:
    assert [one.plain() for one in yaml.parse("a: 1\n---\nb: 2\n---\n", FILE)] == [
        {"a": 1}, {"b": 2}, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [", 1), ("a: 1\nb: {c: ]", 2), ("a: b: c", 1), ("x: \x01", 1), ("a: &b [*b]", 1), ("a: *b", 1),
     ("[" * 5_000, 1)],
)  # fmt: skip
def test_what_is_not_well_formed_is_said_with_its_line(text: str, line: int) -> None:
    with pytest.raises(Broken) as error:
        yaml.parse(text, FILE)
    assert error.value.line == line


def test_a_bomb_of_aliases_ends_at_once() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    began = time.process_time()
    with pytest.raises(Broken, match="too many values"):
        yaml.parse("\n".join(lines), FILE)
    assert time.process_time() - began < 1
    assert MOST_NODES > 1_000_000


@given(st.text("a:-[]{}&*!|> \n'\"#\t,é\x01", max_size=60))
def test_any_text_is_read_or_broken(text: str) -> None:
    with contextlib.suppress(Broken):
        yaml.parse(text, FILE)
