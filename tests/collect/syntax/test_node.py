"""Values with their places."""

from __future__ import annotations

from keymuster.collect.base import Blob
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import File, Node
from keymuster.model import Storage


def test_a_value_knows_its_file() -> None:
    blob = Blob(
        path="a.zip!/b.yaml", member="b.yaml", data=b"x: 1\n", storage=Storage.TREE, object="0a"
    )
    [node] = yaml.parse("x: 1", File.of(blob))
    place = node.location()
    assert (place.path, place.member, place.object) == ("a.zip", "b.yaml", "0a")
    assert (place.line, place.column, place.end_line, place.end_column) == (1, 1, 1, 5)


def test_what_is_not_there_is_nothing() -> None:
    [node] = yaml.parse("a: {b: [1, 2]}\nc: x\nd:", File(path="a"))
    assert node.get("a", "b", "c") is None
    assert node.get("c", "x") is None
    many, one, none = node.get("a", "b"), node.get("c"), node.get("d")
    assert many
    assert one
    assert none
    assert [len(node.items()) for node in (many, one, none)] == [2, 1, 0]


def test_a_value_is_never_shown() -> None:
    [node] = yaml.parse("password: hunter22", File(path="a.yaml"))
    assert "hunter22" not in repr(node)
    assert "hunter22" not in repr(node.get("password"))


def test_plain_data_can_stand_in_a_place() -> None:
    [node] = yaml.parse("\n  a: 1", File(path="a"))
    made = node.made({"b": [1, node]})
    assert made.plain() == {"b": [1, {"a": 1}]}
    assert {one.line for one in made.walk()} == {2}


def test_text_is_found_below_keys() -> None:
    [node] = yaml.parse("a: {b: yes it is, c: true, d: 1.5, e: [x]}", File(path="a"))
    assert node.text("a", "b") == "yes it is"
    assert [node.text("a", key) for key in "cdef"] == ["true", "1.5", "", ""]
    assert (node.text(), node.text("a"), node.text("a", "b", "c")) == ("", "", "")


def test_what_goes_on_for_lines_is_shown_where_it_begins() -> None:
    [node] = yaml.parse("a:\n  b: 1\n  c: 2\nd: 34\n", File(path="a"))
    long, short = node.get("a"), node.get("d")
    assert long
    assert short
    assert place_of(long.first_line()) == (1, 1, 1, 2)
    assert place_of(short.first_line()) == (4, 1, 4, 6)
    assert place_of(short.start()) == (4, 1, 4, 2)
    assert long.first_line().text("c") == "2"
    assert place_of(long)[2] > 1


def place_of(node: Node) -> tuple[int, int, int, int]:
    return node.line, node.column, node.end_line, node.end_column
